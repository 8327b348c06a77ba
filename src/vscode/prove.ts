import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import type { VerifyReply } from '../node/jobs.ts';
import type { WorkerClient } from '../node/workerClient.ts';
import { chosenModels, localPath, messageOf } from './files.ts';

/** A stem runs in seconds; what takes longer hangs, and the worker is ended. */
const LIMIT_MS = 120_000;

/** The proof of a conversion, or null when the setting is off. What goes wrong leaves the file as it is, unproved. */
export async function proveIfWanted(prover: WorkerClient, original: string, adapted: string, signal: AbortSignal): Promise<VerifyReply | null> {
  if (!vscode.workspace.getConfiguration('channelwise').get('verifyAfterConversion', true)) return null;
  return prove(prover, original, adapted, signal);
}

async function prove(prover: WorkerClient, original: string, adapted: string, signal: AbortSignal): Promise<VerifyReply> {
  const late = setTimeout(() => void prover.dispose(), LIMIT_MS);
  try {
    return await prover.run('verify', { original, adapted }, { signal });
  } catch (error) {
    const statement = signal.aborted ? 'Unproved: the proof was cancelled.' : `Unproved: ${messageOf(error)}`;
    return { verdict: 'unproved', statement, report: [] };
  } finally {
    clearTimeout(late);
  }
}

/** Verify Against the Original: asks for the original beside the adapted file and shows the proof. */
export async function verifyCommand(prover: WorkerClient, clicked: unknown): Promise<void> {
  const [adapted] = await chosenModels(clicked, undefined);
  if (!adapted) return;
  const path = localPath(adapted);
  const guess = join(dirname(path), basename(path).replace(/\.gray(-\d+)?\.onnx$/i, '.onnx'));
  const [original] = (await vscode.window.showOpenDialog({ title: `The original of ${basename(path)}`, defaultUri: vscode.Uri.file(guess), filters: { 'ONNX models': ['onnx'] } })) ?? [];
  if (!original) return;
  await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: `Proving ${basename(path)}`, cancellable: true }, async (_, token) => {
    const controller = new AbortController();
    token.onCancellationRequested(() => controller.abort());
    const reply = await prove(prover, localPath(original), path, controller.signal);
    const show = reply.verdict === 'failed' ? vscode.window.showErrorMessage : vscode.window.showInformationMessage;
    void show(`${basename(path)}: ${reply.statement}`, ...(reply.report.length ? ['Report'] : [])).then(async (choice) => {
      if (choice === 'Report') await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ content: reply.report.join('\n'), language: 'plaintext' }));
    });
  });
}
