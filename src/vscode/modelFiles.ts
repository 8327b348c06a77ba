import * as vscode from 'vscode';
import { NODE_DISK } from '../files/node/disk.ts';
import { basename, dirname, isUri, join } from '../files/paths.ts';

/**
 * The editor of files that are models by their name, and the one that "Open With" offers for names that other programs
 * use too.
 */
export const EDITOR_TYPES = ['channelwise.model', 'channelwise.otherModel'] as const;
export const [EDITOR_TYPE] = EDITOR_TYPES;

interface Manifest {
  readonly contributes: {
    readonly customEditors: readonly {
      readonly viewType: string;
      readonly selector: readonly { readonly filenamePattern: string }[];
    }[];
  };
}

/**
 * Endings of model files as package.json names them for an editor, such as `.onnx`. A test holds it against the table
 * of formats, which the extension host does not load: it would bring every reader along.
 */
function endingsOf(type: string): readonly string[] {
  const extension = vscode.extensions.getExtension<unknown>('channelwise.channelwise');
  const manifest = extension?.packageJSON as Manifest | undefined;
  const editors = (manifest?.contributes.customEditors ?? []).filter(({ viewType }) => viewType === type);
  return editors.flatMap(({ selector }) => selector.map((s) => s.filenamePattern.replace('*', '')));
}

const OWN_ENDINGS = endingsOf(EDITOR_TYPE);
const ALL_ENDINGS = EDITOR_TYPES.flatMap(endingsOf);

export const MODEL_GLOB = `**/*{${OWN_ENDINGS.join(',')}}`;
/** For dialogs that ask for a model. */
export const MODEL_FILTERS = { Models: ALL_ENDINGS.map((ending) => ending.slice(1)) };

function endingOf(name: string): string | null {
  const lower = name.toLowerCase();
  return ALL_ENDINGS.find((ending) => lower.endsWith(ending)) ?? null;
}

/** By its name alone; whether a file is what its name says is found when it is read. */
export function isModelName(name: string): boolean {
  return endingOf(name) !== null;
}

/** A file beside a model that is named after it: `net.onnx` and `.evaluation.csv` give `net.evaluation.csv`. */
export function besideModel(path: string, ending: string): string {
  const name = basename(path);
  const kept = name.length - (endingOf(name)?.length ?? 0);
  return join(dirname(path), `${name.slice(0, kept)}${ending}`);
}

/**
 * What the worker calls a file: its path where it lies on the disk of this machine (or the remote one the extension
 * runs on), its URI where it lies on none.
 */
export function placeOf(uri: vscode.Uri): string {
  return uri.scheme === 'file' && NODE_DISK ? uri.fsPath : uri.toString();
}

/** The way back. */
export function uriOf(place: string): vscode.Uri {
  return isUri(place) ? vscode.Uri.parse(place, true) : vscode.Uri.file(place);
}

/** The model in the active editor. */
export function activeModel(): vscode.Uri | null {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputCustom && isOurs(input.viewType) ? input.uri : null;
}

function isOurs(viewType: string): boolean {
  return EDITOR_TYPES.some((type) => type === viewType);
}
