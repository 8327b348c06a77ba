import * as vscode from 'vscode';
import { MemoryFileSystem } from './memoryFileSystem.ts';

const SCHEME = 'channelwise-memory';

/**
 * An extension that provides a file system on no disk, for tests in a browser: what lies under `files` in its own
 * folder, as `files.json` lists it, folders with a slash at their end.
 */
export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const read = (name: string): Thenable<Uint8Array> =>
    vscode.workspace.fs.readFile(vscode.Uri.joinPath(context.extensionUri, name));
  const files = new MemoryFileSystem(SCHEME);
  const names = JSON.parse(new TextDecoder().decode(await read('files.json'))) as string[];
  for (const name of names) {
    if (name.endsWith('/')) files.put(`/${name.slice(0, -1)}`, null);
    else files.putWithFolders(`/${name}`, new Uint8Array(await read(`files/${name}`)));
  }
  context.subscriptions.push(vscode.workspace.registerFileSystemProvider(SCHEME, files, { isCaseSensitive: true }));
}
