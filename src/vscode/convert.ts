import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { AdaptReply } from '../node/jobs.ts';
import type { WorkerClient } from '../node/workerClient.ts';
import { markWritten, removeWritten } from '../node/written.ts';
import { ChannelwiseError } from '../onnx/errors.ts';
import { chosenModels, localPath, messageOf } from './files.ts';

export const EDITOR_TYPE = 'channelwise.model';

/** The one-click conversion: progress while it runs, one sentence when it ends. */
export async function convertToGrayscale(worker: WorkerClient, clicked: unknown, selected: unknown): Promise<void> {
  for (const reply of await convertAll(worker, await chosenModels(clicked, selected))) void announce(reply);
}

/** Converts each model in turn. Failures are shown and the rest goes on; a cancel ends it. */
async function convertAll(worker: WorkerClient, uris: readonly vscode.Uri[]): Promise<AdaptReply[]> {
  const done: AdaptReply[] = [];
  await withProgress(uris.length === 1 ? `Converting ${basename(uris[0]?.path ?? '')} to grayscale` : `Converting ${uris.length} models to grayscale`, async (signal, report) => {
    for (const [i, uri] of uris.entries()) {
      if (signal.aborted) return;
      try {
        done.push(await worker.run('convertToGray', { path: localPath(uri) }, { signal, onProgress: (f) => report((i + f) / uris.length) }));
      } catch (error) {
        showFailure(uri, error);
      }
    }
  });
  return done;
}

/** Converts one model for the page, which shows the failure itself. */
export async function convertForPage(worker: WorkerClient, uri: vscode.Uri): Promise<void> {
  await withProgress(`Converting ${basename(uri.path)} to grayscale`, async (signal, report) => {
    void announce(await worker.run('convertToGray', { path: localPath(uri) }, { signal, onProgress: report }));
  });
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

/** Says what was written, and offers to open, reveal or take it back. */
export async function announce(reply: AdaptReply): Promise<void> {
  if (!reply.outPath) return;
  const written = await markWritten(reply.outPath);
  const uri = vscode.Uri.file(reply.outPath);
  const choice = await vscode.window.showInformationMessage(`${basename(reply.outPath)}: ${reply.summary}.`, 'Open', 'Reveal', 'Undo');
  if (choice === 'Open') await openModel(uri);
  if (choice === 'Reveal') await vscode.commands.executeCommand('revealInExplorer', uri);
  if (choice === 'Undo') {
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
