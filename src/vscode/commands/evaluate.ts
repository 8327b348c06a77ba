import type * as vscode from 'vscode';
import { basename } from '../../files/paths.ts';
import type { Extension } from '../extensionParts.ts';
import { placeOf } from '../modelFiles.ts';
import { askToOpen } from '../window/dialogs.ts';
import { showFailure } from './announce.ts';
import { chosenModels } from './chosenModels.ts';

/** Evaluate on Images…: asks for the folder; the page shows the choices and the table. */
export async function evaluateCommand(extension: Extension, clicked: unknown): Promise<void> {
  const [uri] = await chosenModels(clicked, undefined);
  if (!uri) return;
  try {
    const [folder] = await askToOpen({
      title: `Images to evaluate ${basename(placeOf(uri))} on`,
      openLabel: 'Use This Folder',
      canSelectFolders: true,
      canSelectFiles: false,
    });
    if (folder) await evaluateOn(extension, uri, placeOf(folder));
  } catch (error) {
    showFailure(uri, error);
  }
}

/** An adapted model whose original is beside it is evaluated against that; any other is taken for the original. */
async function evaluateOn({ jobs, models }: Extension, uri: vscode.Uri, folder: string): Promise<void> {
  const path = placeOf(uri);
  const original = (await jobs.run('madeFrom', { path }))?.original.path ?? null;
  const document = await models.open(uri);
  document.evaluatedOn = {
    models: original === null ? { original: path, adapted: null } : { original, adapted: path },
    folder,
    csv: null,
  };
  document.show({ view: 'evaluate' });
}
