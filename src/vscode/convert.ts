import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import type { AdaptReply } from '../page/workerMethods.ts';
import type { CallOptions } from '../jobs/rpc.ts';
import type { WorkerClient } from '../page/workerClient.ts';
import { variantName } from '../jobs/variantName.ts';
import { ChannelwiseError } from '../bytes/errors.ts';
import { announce, announceAll, showFailure, type Converted, type NotConverted } from './announce.ts';
import { chosenModels, localPath, messageOf } from './files.ts';
import type { Comparisons } from './compare.ts';
import type { Evaluations } from './evaluate.ts';
import type { Proofs } from './prove.ts';
import type { TextTabs } from './textTabs.ts';
import type { Views } from './views.ts';

/** What commands work with. One worker reads and writes; the other runs models, and may be ended when one hangs. */
export interface Workers {
  readonly worker: WorkerClient;
  readonly prover: WorkerClient;
  readonly proofs: Proofs;
  readonly tabs: TextTabs;
  readonly views: Views;
  readonly comparisons: Comparisons;
  readonly evaluations: Evaluations;
}

/** Writes an adapted model: to `out`, or beside the model when that is undefined. */
type Write = (out: string | undefined, options: CallOptions) => Promise<AdaptReply>;

/** The one-click conversion: progress while it runs, one message when it ends. */
export async function convertToGrayscale(workers: Workers, clicked: unknown, selected: unknown): Promise<void> {
  const uris = await chosenModels(clicked, selected);
  const [only] = uris;
  if (uris.length > 1) return convertSeveral(workers, uris);
  if (!only) return;
  try {
    await convertOne(workers, only);
  } catch (error) {
    showFailure(only, error);
  }
}

/** Converts one model and announces it. Throws what went wrong; the page shows that itself. */
export async function convertOne(workers: Workers, uri: vscode.Uri): Promise<void> {
  const path = localPath(uri);
  const done = await writeAndProve(workers, uri, `Converting ${basename(path)} to grayscale`, 'gray', (out, options) =>
    workers.worker.run('convertToGray', { path, out }, options),
  );
  if (done) void announce(workers, done);
}

/** Converts each model in turn. What fails is told at the end with the rest; a cancel ends it. */
async function convertSeveral(workers: Workers, uris: readonly vscode.Uri[]): Promise<void> {
  const done: Converted[] = [];
  const not: NotConverted[] = [];
  await withProgress(`Converting ${uris.length} models to grayscale`, async (signal, report) => {
    for (const [i, uri] of uris.entries()) {
      if (signal.aborted) return;
      try {
        const path = localPath(uri);
        const write: Write = (out, options) => workers.worker.run('convertToGray', { path, out }, options);
        done.push(await writeThenProve(workers, path, undefined, write, signal, (f) => report((i + f) / uris.length)));
      } catch (error) {
        if (!isCancel(error)) not.push({ path: uri.fsPath, why: messageOf(error) });
      }
    }
  });
  void announceAll(workers, done, not);
}

/** What another folder or name can mend. */
const ELSEWHERE = new Set(['not-writable', 'disk-full', 'folder-missing', 'file-too-large', 'exists']);

/** Writes and proves with progress. Where the folder takes no file, offers to save elsewhere; null when that is declined. Throws all else. */
export async function writeAndProve(
  workers: Workers,
  uri: vscode.Uri,
  title: string,
  variant: string,
  write: Write,
): Promise<Converted | null> {
  const path = localPath(uri);
  let out: string | undefined;
  for (;;) {
    try {
      return await withProgress(title, (signal, report) => writeThenProve(workers, path, out, write, signal, report));
    } catch (error) {
      if (!(error instanceof ChannelwiseError) || !ELSEWHERE.has(error.code)) throw error;
      const choice = await vscode.window.showErrorMessage(`${basename(path)}: ${error.message}`, 'Save Elsewhere…');
      const beside = vscode.Uri.file(join(out === undefined ? homedir() : dirname(out), variantName(path, variant)));
      const target = choice
        ? await vscode.window.showSaveDialog({
            title: 'Save the adapted model as a new file',
            saveLabel: 'Save',
            defaultUri: beside,
            filters: { 'ONNX models': ['onnx'] },
          })
        : undefined;
      if (!target) return null;
      out = localPath(target);
    }
  }
}

/** Share of the progress bar that is left for the proof. */
const PROOF_SHARE = 0.3;

async function writeThenProve(
  { proofs }: Workers,
  path: string,
  out: string | undefined,
  write: Write,
  signal: AbortSignal,
  report: (fraction: number) => void,
): Promise<Converted> {
  const reply = await write(out, { signal, onProgress: (f) => report(f * (1 - PROOF_SHARE)) });
  const { outPath } = reply;
  if (outPath === null) throw new ChannelwiseError('io', 'not-written', 'Nothing was written.');
  const proof = await proofs.ifWanted(path, outPath, signal);
  report(1);
  return { ...reply, outPath, proof };
}

export async function withProgress<T>(
  title: string,
  work: (signal: AbortSignal, report: (fraction: number) => void) => Promise<T>,
): Promise<T> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (progress, token) => {
      const controller = new AbortController();
      token.onCancellationRequested(() => controller.abort());
      let shown = 0;
      return work(controller.signal, (fraction) => {
        progress.report({ increment: 100 * (fraction - shown) });
        shown = fraction;
      });
    },
  );
}

/** Work that is mostly quick shows its progress only when it isn't. */
const LATE_MS = 500;

export async function withLateProgress<T>(
  title: string,
  work: (signal: AbortSignal, report: (fraction: number) => void) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let show: (fraction: number) => void = () => undefined;
  const running = work(controller.signal, (fraction) => show(fraction));
  const late = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), LATE_MS));
  const first = await Promise.race([
    running.then(
      () => 'done',
      () => 'failed',
    ),
    late,
  ]);
  if (first !== 'late') return running;
  return withProgress(title, (signal, report) => {
    signal.addEventListener('abort', () => controller.abort(), { once: true });
    show = report;
    return running;
  });
}

export function isCancel(error: unknown): boolean {
  return error instanceof ChannelwiseError && error.kind === 'cancelled';
}
