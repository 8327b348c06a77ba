import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { AdaptReply, VerifyReply } from '../page/workerMethods.ts';
import { markWritten, removeWritten } from '../files/written.ts';
import { ChannelwiseError } from '../bytes/errors.ts';
import type { Workers } from './convert.ts';
import { EDITOR_TYPE, activeModel, messageOf } from './files.ts';

/** A written model and, unless the setting is off, its proof. */
export interface Converted extends AdaptReply {
  readonly outPath: string;
  readonly proof: VerifyReply | null;
}

/** A model of several that was not converted, and why. */
export interface NotConverted {
  readonly path: string;
  readonly why: string;
}

/** Says what was written and proved, and offers to open it, to read the plan or to take it back. A failed proof offers to delete the file. */
export async function announce(workers: Workers, done: Converted): Promise<void> {
  const written = await markWritten(done.outPath);
  const uri = vscode.Uri.file(done.outPath);
  if (vscode.workspace.getConfiguration('channelwise').get('openAfterConversion', false)) void openModel(uri);
  const text = `${basename(done.outPath)}: ${done.summary}. ${proofText(done.proof)}`.trim();
  const failed = done.proof?.verdict === 'failed';
  const choice = failed
    ? await vscode.window.showErrorMessage(text, 'Delete', 'Open', 'Plan')
    : await vscode.window.showInformationMessage(text, 'Open', 'Plan', 'Undo');
  if (choice === 'Open') await openModel(uri);
  if (choice === 'Plan')
    await workers.tabs.show(`Plan of ${basename(done.outPath)}`, [
      ...planLines(done),
      ...(done.proof?.report.length ? ['', 'Proof', ...done.proof.report.map((l) => `  ${l}`)] : []),
    ]);
  if (choice === 'Undo' || choice === 'Delete')
    await removeWritten(written).catch((error: unknown) => showFailure(uri, error));
}

/** One message for several models: what was written, what not, and the reasons behind a button. */
export async function announceAll(
  workers: Workers,
  done: readonly Converted[],
  not: readonly NotConverted[],
): Promise<void> {
  if (!done.length && !not.length) return;
  const written = await Promise.all(done.map((d) => markWritten(d.outPath)));
  const failed = written.filter((_, i) => done[i]?.proof?.verdict === 'failed');
  const proved = done.filter((d) => d.proof?.verdict === 'proved').length;
  const parts = [
    done.length ? `${models(done.length)} converted` : '',
    proved ? (proved === done.length ? 'all proved' : `${proved} proved`) : '',
    failed.length ? `${failed.length} not the same function` : '',
    not.length
      ? `${not.length} not converted (${not
          .slice(0, 3)
          .map((n) => basename(n.path))
          .join(', ')}${not.length > 3 ? ', …' : ''})`
      : '',
  ].filter(Boolean);
  const text = `${parts.join(', ')}.`;
  const choice = failed.length
    ? await vscode.window.showErrorMessage(text, 'Details', `Delete ${models(failed.length)}`)
    : done.length
      ? await vscode.window.showInformationMessage(text, 'Details', 'Undo')
      : await vscode.window.showErrorMessage(text, 'Details');
  if (choice === 'Details') await workers.tabs.show('Conversion to grayscale', details(done, not));
  else if (choice) {
    for (const file of failed.length ? failed : written)
      await removeWritten(file).catch((error: unknown) => showFailure(vscode.Uri.file(file.path), error));
  }
}

function details(done: readonly Converted[], not: readonly NotConverted[]): string[] {
  return [
    ...done.flatMap((d) => [d.outPath, `  ${d.summary}.`, ...(d.proof ? [`  ${d.proof.statement}`] : []), '']),
    ...not.flatMap((n) => [n.path, `  Not converted: ${n.why}`, '']),
  ];
}

function models(n: number): string {
  return n === 1 ? '1 model' : `${n} models`;
}

/** The proof in a notification's few words; what is not proved says why. */
function proofText(proof: VerifyReply | null): string {
  if (proof?.verdict !== 'proved' || proof.maxAbs === null) return proof?.statement ?? '';
  if (proof.maxAbs === 0) return 'Proved: no difference.';
  return `Proved: max |Δ| ${proof.maxAbs.toExponential(1)}${proof.maxRel === null ? '' : `, ${proof.maxRel.toExponential(1)} of the largest value`}.`;
}

export function planLines({ summary, plan }: AdaptReply): string[] {
  return [`${summary}.`, ...plan.flatMap(({ title, lines }) => ['', title, ...lines.map((line) => `  ${line}`)])];
}

/** Says why something could not be done with a model; a cancel needs no words. */
export function showFailure(uri: vscode.Uri, error: unknown): void {
  if (error instanceof ChannelwiseError && error.kind === 'cancelled') return;
  showProblem(uri, messageOf(error));
}

/** VS Code shows a notification without buttons as one line, cut short, so that a reason would not be read. */
export function showProblem(uri: vscode.Uri, text: string): void {
  const open = activeModel()?.toString() === uri.toString() ? [] : (['Open'] as const);
  const said = `${basename(uri.path)}: ${text}`;
  void vscode.window.showErrorMessage(said, ...open, 'Copy Message').then(async (choice) => {
    if (choice === 'Open') await openModel(uri);
    if (choice === 'Copy Message') await vscode.env.clipboard.writeText(said);
  });
}

export async function openModel(uri: vscode.Uri): Promise<void> {
  await vscode.commands.executeCommand('vscode.openWith', uri, EDITOR_TYPE);
}
