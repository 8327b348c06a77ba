import * as vscode from 'vscode';
import { MODEL_FILTERS, MODEL_GLOB, activeModel, isModelName } from '../modelFiles.ts';
import { askToOpen } from '../window/dialogs.ts';
import { pickOne, type ListItem } from '../window/quickSteps.ts';

/** The models a command is for: what is selected, what was clicked, the open editor, or files that the person picks. */
export async function chosenModels(clicked: unknown, selected: unknown): Promise<readonly vscode.Uri[]> {
  const list = Array.isArray(selected) ? selected.filter((u): u is vscode.Uri => u instanceof vscode.Uri) : [];
  if (list.length > 0) return list.filter((u) => isModelName(u.path));
  if (clicked instanceof vscode.Uri) return [clicked];
  const active = activeModel();
  return active ? [active] : pickModel();
}

interface ModelItem extends ListItem {
  readonly uri: vscode.Uri | null;
}

/** A workspace of more models than this is searched no further. */
const MOST_LISTED = 200;

async function pickModel(): Promise<readonly vscode.Uri[]> {
  // Where the search can't run, the person browses.
  const found = await vscode.workspace.findFiles(MODEL_GLOB, '**/node_modules/**', MOST_LISTED).then(
    (uris) => uris,
    () => [],
  );
  const browse: ModelItem = { label: 'Browse…', uri: null };
  const items: ModelItem[] = found.map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri }));
  const picked =
    found.length > 0 ? await pickOne({ placeholder: 'Choose a model', items: [...items, browse] }) : browse;
  if (typeof picked === 'symbol') return [];
  return picked.uri ? [picked.uri] : askToOpen({ filters: MODEL_FILTERS, canSelectMany: true });
}
