import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { EvaluatedModels } from '../page/evaluatePage.ts';
import { withTimeLimit } from '../jobs/timeLimit.ts';
import type { CallOptions } from '../jobs/rpc.ts';
import { ChannelwiseError } from '../bytes/errors.ts';
import type { PageEvaluation, PageEvaluationChoice, PageEvaluationSetup } from '../protocol/evaluation.ts';
import { openModel, showFailure } from './announce.ts';
import type { Workers } from './convert.ts';
import { chosenModels, localPath } from './files.ts';

/** Folders of any size are run, with a cancel; what takes longer than a night hangs. */
const LIMIT_MS = 12 * 60 * 60 * 1000;

interface Evaluated {
  readonly models: EvaluatedModels;
  readonly folder: string;
  csv: string | null;
}

/** Which folder each model is evaluated on, and what came out last, for as long as VS Code runs. */
export class Evaluations {
  private readonly kept = new Map<string, Evaluated>();

  set(uri: vscode.Uri, models: EvaluatedModels, folder: string): void {
    this.kept.set(uri.toString(), { models, folder, csv: null });
  }

  async setup({ worker }: Workers, uri: vscode.Uri, options: CallOptions): Promise<PageEvaluationSetup | null> {
    const kept = this.kept.get(uri.toString());
    return kept ? worker.run('evaluationSetup', { models: kept.models, folder: kept.folder }, options) : null;
  }

  /** Runs in the prover, which is ended when a cancel is not heard. */
  async run(
    { prover }: Workers,
    uri: vscode.Uri,
    choice: PageEvaluationChoice,
    options: CallOptions,
  ): Promise<PageEvaluation> {
    const kept = this.kept.get(uri.toString());
    if (!kept) throw new ChannelwiseError('refused', 'no-folder', 'Choose a folder of images first.');
    const work = prover.run('evaluate', { models: kept.models, folder: kept.folder, choice }, options);
    const { evaluation, csv } = await withTimeLimit(work, {
      milliseconds: LIMIT_MS,
      stop: () => prover.dispose(),
      signal: options.signal,
    });
    kept.csv = csv;
    return evaluation;
  }

  /** Writes one line per image where the user says; the file's name, or null. */
  async save(uri: vscode.Uri): Promise<string | null> {
    const csv = this.kept.get(uri.toString())?.csv;
    if (!csv) throw new ChannelwiseError('refused', 'no-evaluation', 'There is no evaluation to save yet.');
    const target = await vscode.window.showSaveDialog({
      defaultUri: vscode.Uri.file(uri.fsPath.replace(/\.onnx$/i, '.evaluation.csv')),
      filters: { CSV: ['csv'] },
    });
    if (!target) return null;
    await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(csv));
    return basename(target.path);
  }
}

/** Evaluate on Images…: asks for the folder; the page shows the choices and the table. */
export async function evaluateCommand(workers: Workers, clicked: unknown): Promise<void> {
  const [uri] = await chosenModels(clicked, undefined);
  if (!uri) return;
  try {
    const path = localPath(uri);
    const [folder] =
      (await vscode.window.showOpenDialog({
        title: `Images to evaluate ${basename(path)} on`,
        openLabel: 'Use This Folder',
        canSelectFolders: true,
        canSelectFiles: false,
      })) ?? [];
    if (!folder) return;
    await evaluateOn(workers, uri, localPath(folder));
  } catch (error) {
    showFailure(uri, error);
  }
}

/** An adapted model whose original is beside it is evaluated against that; any other is taken for the original. */
export async function evaluateOn(workers: Workers, uri: vscode.Uri, folder: string): Promise<void> {
  const path = localPath(uri);
  const original = (await workers.worker.run('madeFrom', { path }))?.original.path ?? null;
  workers.evaluations.set(uri, original ? { original, adapted: path } : { original: path, adapted: null }, folder);
  workers.views.show(uri, 'evaluate');
  await openModel(uri);
}
