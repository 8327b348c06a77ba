import { isAbsolute, join } from 'node:path';
import * as vscode from 'vscode';
import { ChannelwiseError } from '../../bytes/errors.ts';
import { inside, realPath } from '../../files/realPath.ts';

/**
 * The path of a file that an agent names: absolute, or beginning at a folder of the workspace. Throws `refused` for
 * what lies outside the workspace, also where a link leads out, and for what is not there.
 */
export async function workspacePath(named: string): Promise<string> {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
  for (const { uri } of folders) {
    const path = isAbsolute(named) ? named : join(uri.fsPath, named);
    const [folder, file] = await Promise.all([realPath(uri.fsPath), realPath(path)]);
    if (folder !== null && file !== null && inside(uri.fsPath, path) && inside(folder, file)) return path;
  }
  throw new ChannelwiseError('refused', 'outside', `There is no file ${named} in the folders of this workspace.`);
}
