import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { AdaptReply, VerifyReply } from '../node/jobs.ts';
import type { WorkerClient } from '../node/workerClient.ts';
import { markWritten, removeWritten } from '../node/written.ts';
import { ChannelwiseError } from '../onnx/errors.ts';
import { chosenModels, localPath, messageOf } from './files.ts';
import { proveIfWanted } from './prove.ts';

export const EDITOR_TYPE = 'channelwise.model';

/** One worker reads and writes; the other runs models, and may be ended when one hangs. */
export interface Workers {
  readonly worker: WorkerClient;
  readonly prover: WorkerClient;
}

/** A written model and, unless the setting is off, its proof. */
export interface Converted extends AdaptReply {
  readonly proof: VerifyReply | null;
}

/** The one-click conversion: progress while it runs, one sentence when it ends. */
export async function convertToGrayscale(workers: Workers, clicked: unknown, selected: unknown): Promise<void> {
  for (const reply of await convertAll(workers, await chosenModels(clicked, selected))) void announce(reply);
}

/** Converts each model in turn. Failures are shown and the rest goes on; a cancel ends it. */
async function convertAll(workers: Workers, uris: readonly vscode.Uri[]): Promise<Converted[]> {
  const done: Converted[] = [];
  await withProgress(uris.length === 1 ? `Converting ${basename(uris[0]?.path ?? '')} to grayscale` : `Converting ${uris.length} models to grayscale`, async (signal, report) => {
    for (const [i, uri] of uris.entries()) {
      if (signal.aborted) return;
      try {
        done.push(await convertOne(workers, localPath(uri), signal, (f) => report((i + f) / uris.length)));
      } catch (error) {
        showFailure(uri, error);
      }
    }
  });
  return done;
}

/** Converts one model for the page, which shows the failure itself. */
export async function convertForPage(workers: Workers, uri: vscode.Uri): Promise<void> {
  await withProgress(`Converting ${basename(uri.path)} to grayscale`, async (signal, report) => {
    void announce(await convertOne(workers, localPath(uri), signal, report));
  });
}

/** Share of the progress bar that is left for the proof. */
const PROOF_SHARE = 0.3;

async function convertOne({ worker, prover }: Workers, path: string, signal: AbortSignal, report: (fraction: number) => void): Promise<Converted> {
  const reply = await worker.run('convertToGray', { path }, { signal, onProgress: (f) => report(f * (1 - PROOF_SHARE)) });
  const proof = reply.outPath ? await proveIfWanted(prover, path, reply.outPath, signal) : null;
  report(1);
  return { ...reply, proof };
}

export async function withProgress(title: string, work: (signal: AbortSignal, report: (fraction: number) => void) => Promise<void>): Promise<void> {
  await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, async (progress, token) => {
    const controller = new AbortController();
    token.onCancellationRequested(() => controller.abort());
    let shown = 0;
    await work(controller.signal, (fraction) => {
      progress.report({ increment: 100 * (fraction - shown) });
      shown = fraction;
    });
  });
}

export function showFailure(uri: vscode.Uri, error: unknown): void {
  if (error instanceof ChannelwiseError && error.kind === 'cancelled') return;
  void vscode.window.showErrorMessage(`${basename(uri.path)}: ${messageOf(error)}`);
}

/** Says what was written and proved, and offers to open, reveal or take it back. A failed proof offers to delete the file. */
export async function announce(reply: Converted): Promise<void> {
  if (!reply.outPath) return;
  const written = await markWritten(reply.outPath);
  const uri = vscode.Uri.file(reply.outPath);
  const text = `${basename(reply.outPath)}: ${reply.summary}.${reply.proof ? ` ${reply.proof.statement}` : ''}`;
  const failed = reply.proof?.verdict === 'failed';
  const choice = failed
    ? await vscode.window.showErrorMessage(text, 'Delete', 'Open')
    : await vscode.window.showInformationMessage(text, 'Open', 'Reveal', 'Undo');
  if (choice === 'Open') await openModel(uri);
  if (choice === 'Reveal') await vscode.commands.executeCommand('revealInExplorer', uri);
  if (choice === 'Undo' || choice === 'Delete') {
    try {
      await removeWritten(written);
    } catch (error) {
      showFailure(uri, error);
    }
  }
}

export async function openModel(uri: vscode.Uri): Promise<void> {
  await vscode.commands.executeCommand('vscode.openWith', uri, EDITOR_TYPE);
}
