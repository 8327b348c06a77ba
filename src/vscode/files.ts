import * as vscode from 'vscode';

export const EDITOR_TYPE = 'channelwise.model';

/** The model the user means: what was clicked, what is selected, the open editor, or a file they pick. */
export async function chosenModels(clicked: unknown, selected: unknown): Promise<vscode.Uri[]> {
  const list = Array.isArray(selected) ? selected.filter((u): u is vscode.Uri => u instanceof vscode.Uri) : [];
  if (list.length) return list.filter((u) => u.path.toLowerCase().endsWith('.onnx'));
  if (clicked instanceof vscode.Uri) return [clicked];
  const active = activeModel();
  if (active) return [active];
  return pickModel();
}

/** The model in the active editor. */
export function activeModel(): vscode.Uri | null {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputCustom && input.uri.path.toLowerCase().endsWith('.onnx') ? input.uri : null;
}

interface ModelItem extends vscode.QuickPickItem {
  readonly uri: vscode.Uri | null;
}

async function pickModel(): Promise<vscode.Uri[]> {
  // Where the search can't run, the user browses.
  const found = await vscode.workspace.findFiles('**/*.onnx', '**/node_modules/**', 200).then(
    (uris) => uris,
    () => [],
  );
  const items: ModelItem[] = found.map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri }));
  items.push({ label: 'Browse…', uri: null });
  const picked = found.length ? await vscode.window.showQuickPick(items, { placeHolder: 'Choose a model' }) : items[0];
  if (!picked) return [];
  if (picked.uri) return [picked.uri];
  return (await vscode.window.showOpenDialog({ filters: { 'ONNX models': ['onnx'] }, canSelectMany: true })) ?? [];
}

/** The path of a file on this machine (or the remote one the extension runs on). Others can't be read in place. */
export function localPath(uri: vscode.Uri): string {
  if (uri.scheme !== 'file')
    throw new Error(
      `Channelwise reads files on disk, and ${uri.scheme}: files are not; save the model to a folder first.`,
    );
  return uri.fsPath;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
