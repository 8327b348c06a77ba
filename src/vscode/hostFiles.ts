import * as vscode from 'vscode';
import { ChannelwiseError } from '../bytes/errors.ts';
import type { FileStat } from '../files/diskPort.ts';
import { basename } from '../files/paths.ts';
import type { WholeFiles } from '../files/virtual/hostFiles.ts';
import { messageOf } from '../text/messageOf.ts';

/** Files of any file system that VS Code knows, by URI. */
export const HOST_FILES: WholeFiles = {
  stat: (uri) =>
    withCode('read', uri, async (file) => {
      const { type, size, mtime, ctime } = await vscode.workspace.fs.stat(file);
      return { kind: kindOf(type), size, changed: mtime, stamp: `${mtime}:${ctime}` };
    }),
  list: (uri) =>
    withCode('read', uri, async (folder) => {
      const entries = await vscode.workspace.fs.readDirectory(folder);
      return entries.map(([name, type]) => ({ name, kind: kindOf(type) }));
    }),
  read: (uri) => withCode('read', uri, async (file) => plainBytes(await vscode.workspace.fs.readFile(file))),
  write: (uri, bytes) => withCode('written', uri, (file) => vscode.workspace.fs.writeFile(file, bytes)),
  makeFolder: (uri) => withCode('made', uri, (folder) => vscode.workspace.fs.createDirectory(folder)),
  rename: (from, to) =>
    withCode('written', to, (target) =>
      vscode.workspace.fs.rename(vscode.Uri.parse(from, true), target, { overwrite: false }),
    ),
  remove: (uri) =>
    withCode('removed', uri, (file) => vscode.workspace.fs.delete(file, { recursive: true, useTrash: false })),
};

function kindOf(type: vscode.FileType): FileStat['kind'] {
  if ((type & vscode.FileType.File) !== 0) return 'file';
  return (type & vscode.FileType.Directory) !== 0 ? 'folder' : 'other';
}

/** The same memory, never as a Buffer: a part of one that is cut out is a view of the whole. */
function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** What VS Code says of a file system: in the words of Node, and in a sentence. */
const FAULTS: Readonly<Record<string, { readonly code: string; readonly why: string }>> = {
  FileNotFound: { code: 'ENOENT', why: 'it does not exist' },
  FileExists: { code: 'EEXIST', why: 'it exists already' },
  FileNotADirectory: { code: 'ENOTDIR', why: 'it is no folder' },
  FileIsADirectory: { code: 'EISDIR', why: 'it is a folder' },
  NoPermissions: { code: 'EACCES', why: 'its file system does not allow it' },
  Unavailable: { code: 'EIO', why: 'its file system is not available' },
};

/** Throws ChannelwiseError `io` with a code of Node's, in one sentence that names the file and why. */
async function withCode<T>(done: string, uri: string, work: (file: vscode.Uri) => Thenable<T>): Promise<T> {
  try {
    return await work(vscode.Uri.parse(uri, true));
  } catch (error) {
    const fault = error instanceof vscode.FileSystemError ? FAULTS[error.code] : undefined;
    const why = fault?.why ?? messageOf(error).split('\n')[0];
    throw new ChannelwiseError('io', fault?.code ?? 'EIO', `${basename(uri)} could not be ${done}: ${why}.`);
  }
}
