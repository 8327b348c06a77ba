import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import type { CallOptions } from '../jobs/rpc.ts';
import type { PageComparison } from '../protocol/comparison.ts';
import { openModel, showFailure } from './announce.ts';
import type { Workers } from './convert.ts';
import { chosenModels, localPath } from './files.ts';

/** Which model each model is compared with, for as long as VS Code runs. */
export class Comparisons {
  private readonly others = new Map<string, string>();

  set(uri: vscode.Uri, other: string): void {
    this.others.set(uri.toString(), other);
  }

  /** Compares now: the files are read each time. null where nothing was chosen. */
  async run({ worker }: Workers, uri: vscode.Uri, options: CallOptions): Promise<PageComparison | null> {
    const other = this.others.get(uri.toString());
    return other === undefined ? null : worker.run('compare', { path: localPath(uri), other }, options);
  }
}

/** Compare…: two selected models, or one and another that is asked for. The page of the first shows it. */
export async function compareCommand(workers: Workers, clicked: unknown, selected: unknown): Promise<void> {
  const [first, second] = await chosenModels(clicked, selected);
  if (!first) return;
  try {
    const other = second ? localPath(second) : await otherModel(workers, localPath(first));
    if (other === null) return;
    workers.comparisons.set(first, other);
    workers.views.show(first, 'compare');
    await openModel(first);
  } catch (error) {
    showFailure(first, error);
  }
}

const MOST_BESIDE = 100;

/** The model files of one folder, read from disk: a search would leave out what the user's settings hide. */
async function modelsIn(folder: string): Promise<string[]> {
  const entries = await vscode.workspace.fs.readDirectory(vscode.Uri.file(folder)).then(
    (found) => found,
    () => [],
  );
  return entries
    .filter(([name, type]) => (type & vscode.FileType.File) !== 0 && /\.onnx$/i.test(name))
    .map(([name]) => join(folder, name))
    .sort()
    .slice(0, MOST_BESIDE);
}

interface OtherItem extends vscode.QuickPickItem {
  readonly path: string | null;
}

/** The model it was made from first, then others in its folder, then any file. */
async function otherModel({ worker }: Workers, path: string): Promise<string | null> {
  const made = await worker.run('madeFrom', { path });
  const original = made?.original.path ?? null;
  const paths = (await modelsIn(dirname(path))).filter((p) => p !== path && p !== original);
  const items: OtherItem[] = [
    ...(original
      ? [{ label: basename(original), description: 'the model this one was made from', path: original }]
      : []),
    ...paths.map((p) => ({ label: basename(p), path: p })),
    { label: 'Browse…', path: null },
  ];
  const choice =
    items.length > 1
      ? await vscode.window.showQuickPick(items, {
          title: `Compare ${basename(path)} with`,
          placeHolder: 'Choose the other model',
        })
      : items[0];
  if (!choice || choice.path !== null) return choice?.path ?? null;
  const [picked] =
    (await vscode.window.showOpenDialog({
      title: `Compare ${basename(path)} with`,
      openLabel: 'Compare',
      filters: { 'ONNX models': ['onnx'] },
    })) ?? [];
  return picked ? localPath(picked) : null;
}
