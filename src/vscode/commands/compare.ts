import * as vscode from 'vscode';
import { basename, dirname, join } from '../../files/paths.ts';
import type { Extension } from '../extensionParts.ts';
import { isModelName, MODEL_FILTERS, placeOf, uriOf } from '../modelFiles.ts';
import { askToOpen } from '../window/dialogs.ts';
import { pickOne, type ListItem } from '../window/quickSteps.ts';
import { showFailure } from './announce.ts';
import { chosenModels } from './chosenModels.ts';

/** Compare…: two selected models, or one and another that is asked for. The page of the first shows it. */
export async function compareCommand(extension: Extension, clicked: unknown, selected: unknown): Promise<void> {
  const [first, second] = await chosenModels(clicked, selected);
  if (!first) return;
  try {
    const other = second ? placeOf(second) : await otherModel(extension, placeOf(first));
    if (other === null) return;
    const document = await extension.models.open(first);
    document.comparedWith = other;
    document.show({ view: 'compare' });
  } catch (error) {
    showFailure(first, error);
  }
}

const MOST_BESIDE = 100;

/** The models of one folder, read from disk: a search would leave out what the user's settings hide. */
async function modelsIn(folder: string): Promise<string[]> {
  const entries = await vscode.workspace.fs.readDirectory(uriOf(folder)).then(
    (found) => found,
    () => [],
  );
  return entries
    .filter(([name, type]) => (type & vscode.FileType.File) !== 0 && isModelName(name))
    .map(([name]) => join(folder, name))
    .sort()
    .slice(0, MOST_BESIDE);
}

interface OtherItem extends ListItem {
  readonly path: string | null;
}

/** The model it was made from first, then others in its folder, then any file. */
async function otherModel({ jobs }: Extension, path: string): Promise<string | null> {
  const title = `Compare ${basename(path)} with`;
  const original = (await jobs.run('madeFrom', { path }))?.original.path ?? null;
  const others = (await modelsIn(dirname(path))).filter((p) => p !== path && p !== original);
  const items: OtherItem[] = others.map((other) => ({ label: basename(other), path: other }));
  if (original !== null)
    items.unshift({ label: basename(original), description: 'the model this one was made from', path: original });
  if (items.length === 0) return browse(title);
  const browsing: OtherItem = { label: 'Browse…', path: null };
  const choice = await pickOne({ title, placeholder: 'Choose the other model', items: [...items, browsing] });
  if (typeof choice === 'symbol') return null;
  return choice.path ?? browse(title);
}

async function browse(title: string): Promise<string | null> {
  const [picked] = await askToOpen({ title, openLabel: 'Compare', filters: MODEL_FILTERS });
  return picked ? placeOf(picked) : null;
}
