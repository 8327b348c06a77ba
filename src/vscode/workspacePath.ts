import * as vscode from 'vscode';
import { ChannelwiseError } from '../bytes/errors.ts';
import { isAbsolute, join } from '../files/paths.ts';
import { inside, realPath } from '../files/realPath.ts';
import { placeOf } from './modelFiles.ts';

/**
 * The path of a file that an agent or a link names: absolute, or beginning at a folder of the workspace. Throws
 * `refused` for what lies outside the workspace, also where a link leads out, and for what is not there.
 */
export async function workspacePath(named: string): Promise<string> {
  for (const { uri } of vscode.workspace.workspaceFolders ?? []) {
    const root = placeOf(uri);
    const path = isAbsolute(named) ? named : join(root, named);
    const [folder, file] = await Promise.all([realPath(root), realPath(path)]);
    if (folder !== null && file !== null && inside(root, path) && inside(folder, file)) return path;
  }
  throw new ChannelwiseError('refused', 'outside', `There is no file ${named} in the folders of this workspace.`);
}
