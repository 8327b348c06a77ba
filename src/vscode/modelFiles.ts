import { basename, dirname, extname, join } from 'node:path';
import * as vscode from 'vscode';

export const EDITOR_TYPE = 'channelwise.model';

/** File name extensions of models, without the dot. */
const EXTENSIONS: readonly string[] = ['onnx'];

export const MODEL_GLOB = `**/*.{${EXTENSIONS.join(',')}}`;
/** For dialogs that ask for a model. */
export const MODEL_FILTERS = { Models: [...EXTENSIONS] };

/** By its name alone; whether a file is what its name says is found when it is read. */
export function isModelName(name: string): boolean {
  return EXTENSIONS.includes(extname(name).slice(1).toLowerCase());
}

/** A file beside a model that is named after it: `net.onnx` and `.evaluation.csv` give `net.evaluation.csv`. */
export function besideModel(path: string, ending: string): string {
  const name = isModelName(path) ? basename(path, extname(path)) : basename(path);
  return join(dirname(path), `${name}${ending}`);
}

/** The path of a file on this machine (or the remote one the extension runs on). Others can't be read in place. */
export function localPath(uri: vscode.Uri): string {
  if (uri.scheme !== 'file')
    throw new Error(
      `Channelwise reads files on disk, and ${uri.scheme}: files are not; save the model to a folder first.`,
    );
  return uri.fsPath;
}

/** The model in the active editor. */
export function activeModel(): vscode.Uri | null {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputCustom && input.viewType === EDITOR_TYPE ? input.uri : null;
}
