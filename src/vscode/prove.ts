import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import type { VerifyReply } from '../page/workerMethods.ts';
import { RUNTIME_MILLISECONDS, withTimeLimit } from '../jobs/timeLimit.ts';
import type { WorkerClient } from '../page/workerClient.ts';
import { markWritten, sameAsWritten, type Written } from '../files/written.ts';
import { showFailure } from './announce.ts';
import type { Workers } from './convert.ts';
import { chosenModels, localPath, messageOf } from './files.ts';

/** A session looks at few files; older proofs are forgotten. */
const MAX_KEPT = 100;

/** Proves adapted files, and remembers what came out for as long as a file stays as it was. */
export class Proofs {
  private readonly prover: WorkerClient;
  private readonly kept = new Map<string, { readonly written: Written; readonly proof: VerifyReply }>();

  constructor(prover: WorkerClient) {
    this.prover = prover;
  }

  /** The proof of a conversion, or null when the setting is off. */
  async ifWanted(original: string, adapted: string, signal: AbortSignal): Promise<VerifyReply | null> {
    if (!vscode.workspace.getConfiguration('channelwise').get('verifyAfterConversion', true)) return null;
    return this.prove(original, adapted, { signal });
  }

  /** Runs the proof. What goes wrong leaves the file as it is, unproved. */
  async prove(
    original: string,
    adapted: string,
    { signal, onProgress }: { signal: AbortSignal; onProgress?: (fraction: number) => void },
  ): Promise<VerifyReply> {
    const written = await markWritten(adapted).catch(() => null);
    const proof = await this.run(original, adapted, signal, onProgress);
    if (written) this.kept.set(adapted, { written, proof });
    for (const old of this.kept.keys()) {
      if (this.kept.size <= MAX_KEPT) break;
      this.kept.delete(old);
    }
    return proof;
  }

  /** What the last proof of a file found; null where there is none, or the file is another one now. */
  async last(adapted: string): Promise<VerifyReply | null> {
    const kept = this.kept.get(adapted);
    return kept && (await sameAsWritten(kept.written)) ? kept.proof : null;
  }

  private async run(
    original: string,
    adapted: string,
    signal: AbortSignal,
    onProgress?: (fraction: number) => void,
  ): Promise<VerifyReply> {
    try {
      const work = this.prover.run('verify', { original, adapted }, { signal, onProgress });
      return await withTimeLimit(work, {
        milliseconds: RUNTIME_MILLISECONDS,
        stop: () => this.prover.dispose(),
        signal,
      });
    } catch (error) {
      return unproved(
        signal.aborted ? 'Unproved: the proof was cancelled.' : `Unproved: ${messageOf(error)}`,
        basename(original),
      );
    }
  }
}

function unproved(statement: string, against: string): VerifyReply {
  return {
    verdict: 'unproved',
    statement,
    against,
    maxAbs: null,
    maxRel: null,
    tolerance: null,
    runs: [],
    identicalNodes: 0,
    stemNodes: 0,
    bytesCompared: 0,
    runtime: null,
    warnings: [],
    report: [],
  };
}

/** Verify Against the Original: takes the original the file names, or asks for it, and shows the proof. */
export async function verifyCommand(workers: Workers, clicked: unknown): Promise<void> {
  const [adapted] = await chosenModels(clicked, undefined);
  if (!adapted) return;
  let path: string;
  let original: string | null;
  try {
    path = localPath(adapted);
    original = await originalFor(workers, path);
  } catch (error) {
    return showFailure(adapted, error);
  }
  if (!original) return;
  const from = original;
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Proving ${basename(path)}`, cancellable: true },
    async (_, token) => {
      const controller = new AbortController();
      token.onCancellationRequested(() => controller.abort());
      const reply = await workers.proofs.prove(from, path, { signal: controller.signal });
      const show = reply.verdict === 'failed' ? vscode.window.showErrorMessage : vscode.window.showInformationMessage;
      void show(
        `${basename(path)}, against ${basename(from)}: ${reply.statement}`,
        ...(reply.report.length ? ['Report'] : []),
      ).then(async (choice) => {
        if (choice === 'Report') await workers.tabs.show(`Proof of ${basename(path)}`, reply.report);
      });
    },
  );
}

/** The recorded original while it is the same file; else a person says which. */
async function originalFor({ worker }: Workers, path: string): Promise<string | null> {
  const made = await worker.run('madeFrom', { path });
  if (made?.original.path && made.original.state === 'same') return made.original.path;
  const named = join(dirname(path), basename(path).replace(/\.gray(-\d+)?\.onnx$/i, '.onnx'));
  // No model is the original of itself: then only the folder is offered.
  const guess = made?.original.path ?? (named === path ? dirname(path) : named);
  const why = made
    ? `The original of ${basename(path)} is not where it was, or changed`
    : `${basename(path)} names no original`;
  const [picked] =
    (await vscode.window.showOpenDialog({
      title: `${why}: choose the model it was made from`,
      openLabel: 'Verify Against This',
      defaultUri: vscode.Uri.file(guess),
      filters: { 'ONNX models': ['onnx'] },
    })) ?? [];
  return picked ? localPath(picked) : null;
}
