import * as vscode from 'vscode';
import { ChannelwiseError } from '../bytes/errors.ts';
import type { FileStat } from '../files/disk.ts';
import type { WholeFiles } from '../files/virtual/hostFiles.ts';

/** Files of any file system that VS Code knows, by URI. */
export const HOST_FILES: WholeFiles = {
  stat: (uri) =>
    withCode(async () => {
      const { type, size, mtime, ctime } = await vscode.workspace.fs.stat(vscode.Uri.parse(uri, true));
      return { kind: kindOf(type), size, changed: mtime, stamp: `${mtime}:${ctime}` };
    }),
  list: (uri) =>
    withCode(async () => {
      const entries = await vscode.workspace.fs.readDirectory(vscode.Uri.parse(uri, true));
      return entries.map(([name, type]) => ({ name, kind: kindOf(type) }));
    }),
  read: (uri) => withCode(async () => plainBytes(await vscode.workspace.fs.readFile(vscode.Uri.parse(uri, true)))),
  write: (uri, bytes) => withCode(async () => vscode.workspace.fs.writeFile(vscode.Uri.parse(uri, true), bytes)),
  makeFolder: (uri) => withCode(async () => vscode.workspace.fs.createDirectory(vscode.Uri.parse(uri, true))),
  rename: (from, to, replace) =>
    withCode(async () =>
      vscode.workspace.fs.rename(vscode.Uri.parse(from, true), vscode.Uri.parse(to, true), { overwrite: replace }),
    ),
  remove: (uri) =>
    withCode(async () => vscode.workspace.fs.delete(vscode.Uri.parse(uri, true), { recursive: true, useTrash: false })),
};

function kindOf(type: vscode.FileType): FileStat['kind'] {
  if ((type & vscode.FileType.File) !== 0) return 'file';
  return (type & vscode.FileType.Directory) !== 0 ? 'folder' : 'other';
}

/** The same memory, never as a Buffer: a part of one that is cut out is a view of the whole. */
function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** What VS Code says of a file system, in the words of Node. */
const CODES: Readonly<Record<string, string>> = {
  FileNotFound: 'ENOENT',
  FileExists: 'EEXIST',
  FileNotADirectory: 'ENOTDIR',
  FileIsADirectory: 'EISDIR',
  NoPermissions: 'EACCES',
  Unavailable: 'EIO',
};

async function withCode<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = error instanceof vscode.FileSystemError ? error.code : '';
    throw new ChannelwiseError('io', CODES[code] ?? 'EIO', error instanceof Error ? error.message : String(error));
  }
}
