import * as vscode from 'vscode';
import { isCancel } from '../../bytes/cancel.ts';
import { basename } from '../../files/paths.ts';
import type { AdaptReply, VerifyReply } from '../../page/workerMethods.ts';
import { messageOf } from '../../text/messageOf.ts';
import { countOf } from '../../text/numbers.ts';
import { firstName, undoneText, type Undone } from '../conversions.ts';
import type { Extension } from '../extensionParts.ts';
import { activeModel, EDITOR_TYPE, uriOf } from '../modelFiles.ts';
import type { WrittenReply } from '../proofs.ts';
import { tell, type Severity } from '../window/messages.ts';
import { isTextOpen } from '../window/textTabs.ts';

/** A written model and, unless the setting is off, its proof. */
export interface Converted extends WrittenReply {
  readonly proof: VerifyReply | null;
}

/** A model of several that was not converted, and why. */
export interface NotConverted {
  readonly path: string;
  readonly why: string;
}

const REPORT = 'Report';

/**
 * Says what was written and verified, and offers to open it, to read the report or to take it back. A failed proof
 * offers to delete the file. The new file is shown in the Explorer.
 */
export async function announce(extension: Extension, done: Converted): Promise<void> {
  await tellConverted(extension, done).catch((error: unknown) => showFailure(uriOf(done.outPath), error));
}

async function tellConverted(extension: Extension, done: Converted): Promise<void> {
  const notUndoable = await extension.conversions.remember(done);
  const uri = uriOf(done.outPath);
  await reveal(uri);
  if (vscode.workspace.getConfiguration('channelwise').get('openAfterConversion', false))
    extension.models.open(uri).catch((error: unknown) => showFailure(uri, error));
  const failed = isFailed(done);
  const said = [`${basename(done.outPath)}: ${done.summary}.`, copiedText(done), proofText(done.proof)];
  if (notUndoable !== null) said.push(noUndoText(notUndoable));
  const choice = await decide({
    severity: failed ? 'error' : 'info',
    text: said.filter(Boolean).join(' '),
    buttons: buttonsFor(failed, notUndoable === null),
    report: () => extension.tabs.show(`Report of ${basename(done.outPath)}`, reportLines(done)),
  });
  if (choice === 'Open') await extension.models.open(uri);
  else if (choice !== undefined) await takeBack(extension, [done]);
}

function buttonsFor(failed: boolean, isUndoable: boolean): readonly string[] {
  if (!isUndoable) return ['Open'];
  return failed ? ['Delete', 'Open'] : ['Open', 'Undo'];
}

function noUndoText(why: string): string {
  return `It was written, but can't be undone from here: ${why}`;
}

/** One message for several models: what was written, what not, and the reasons behind a button. */
export async function announceAll(
  extension: Extension,
  done: readonly Converted[],
  not: readonly NotConverted[],
): Promise<void> {
  const last = done.at(-1);
  if (!last && not.length === 0) return;
  const undoable: Converted[] = [];
  for (const written of done) if ((await extension.conversions.remember(written)) === null) undoable.push(written);
  if (last) await reveal(uriOf(last.outPath));
  const failed = done.filter(isFailed);
  const taken = failed.length > 0 ? undoable.filter(isFailed) : undoable;
  const choice = await decide({
    severity: failed.length > 0 || !last ? 'error' : 'info',
    text: summaryOfAll(done, not),
    buttons: taken.length > 0 ? [failed.length > 0 ? `Delete ${countOf(taken.length, 'model')}` : 'Undo'] : [],
    report: () => extension.tabs.show('Conversion to grayscale', details(done, not)),
  });
  if (choice !== undefined) await takeBack(extension, taken);
}

function isFailed({ proof }: Converted): boolean {
  return proof?.verdict === 'failed';
}

interface Decision {
  readonly severity: Severity;
  readonly text: string;
  readonly buttons: readonly string[];
  readonly report: () => Promise<void>;
}

/** A notification closes with any of its buttons. Reading the report decides nothing, so the message comes back. */
async function decide({ severity, text, buttons, report }: Decision): Promise<string | undefined> {
  for (;;) {
    const choice = await tell(severity, text, [...buttons, REPORT]);
    if (choice !== REPORT) return choice;
    await report();
  }
}

/** Deletes what was written, and says so. */
async function takeBack({ conversions }: Extension, done: readonly Converted[]): Promise<void> {
  const undone: Undone[] = [];
  for (const { outPath } of done) {
    try {
      undone.push(await conversions.undo(outPath));
    } catch (error) {
      showFailure(uriOf(outPath), error);
    }
  }
  if (undone.length > 0) void tell('info', undoneText(undone));
}

/** Selects a file in the Explorer, if it can. Who works in an editor stays there. */
async function reveal(uri: vscode.Uri): Promise<void> {
  if (!vscode.workspace.getWorkspaceFolder(uri)) return;
  const fromEditor = activeModel() !== null || isTextOpen();
  try {
    await vscode.commands.executeCommand('revealInExplorer', uri);
    if (fromEditor) await vscode.commands.executeCommand('workbench.action.focusActiveEditorGroup');
  } catch {
    // The message that follows names the file; an Explorer that can't show it must not hide that.
  }
}

/** At most this many names stand in a notification. */
const MOST_NAMED = 3;

function summaryOfAll(done: readonly Converted[], not: readonly NotConverted[]): string {
  const verified = done.filter((converted) => converted.proof?.verdict === 'proved').length;
  const failed = done.filter(isFailed).length;
  const parts: string[] = [];
  if (done.length > 0) parts.push(`${countOf(done.length, 'model')} converted`);
  if (verified > 0) parts.push(verified === done.length ? 'all verified' : `${verified} verified`);
  if (failed > 0) parts.push(`${failed} not the same function`);
  if (not.length > 0) parts.push(`${not.length} not converted (${namesOf(not)})`);
  return `${parts.join(', ')}.`;
}

function namesOf(not: readonly NotConverted[]): string {
  const names = not.slice(0, MOST_NAMED).map((notConverted) => basename(notConverted.path));
  return [...names, ...(not.length > MOST_NAMED ? ['…'] : [])].join(', ');
}

function details(done: readonly Converted[], not: readonly NotConverted[]): string[] {
  return [
    ...done.flatMap((converted) => [
      converted.outPath,
      `  ${converted.summary}. ${copiedText(converted)}`.trimEnd(),
      ...(converted.proof ? [`  ${converted.proof.statement}`] : []),
      '',
    ]),
    ...not.flatMap((notConverted) => [notConverted.path, `  Not converted: ${notConverted.why}`, '']),
  ];
}

function copiedText({ dataCopies }: Converted): string {
  return dataCopies.length === 0 ? '' : `Copied ${firstName(dataCopies)} beside it.`;
}

/** The proof in a notification's few words; what is not verified says why. */
function proofText(proof: VerifyReply | null): string {
  if (proof?.verdict !== 'proved' || proof.maxAbs === null) return proof?.statement ?? '';
  if (proof.maxAbs === 0) return 'Verified: no difference.';
  const relative = proof.maxRel === null ? '' : `, relative error ${proof.maxRel.toExponential(1)}`;
  return `Verified: largest difference ${proof.maxAbs.toExponential(1)}${relative}.`;
}

/** A plan for a tab of its own: what it comes to, the files beside it, then its sections. */
export function planLines({ summary, plan, dataCopies, outPath }: AdaptReply): string[] {
  const copied = dataCopies.length > 0 ? ['', copiesTitle(outPath), ...dataCopies.map((path) => `  ${path}`)] : [];
  return [
    `${summary}.`,
    ...copied,
    ...plan.flatMap(({ title, lines }) => ['', title, ...lines.map((line) => `  ${line}`)]),
  ];
}

function copiesTitle(outPath: string | null): string {
  return outPath === null ? 'Data files that would be copied beside it' : 'Data files copied beside it';
}

function reportLines(done: Converted): string[] {
  const proof = done.proof?.report ?? [];
  return proof.length > 0
    ? [...planLines(done), '', 'Verification', ...proof.map((line) => `  ${line}`)]
    : planLines(done);
}

/** Says why something could not be done with a model; a cancel needs no words. */
export function showFailure(uri: vscode.Uri, error: unknown): void {
  if (!isCancel(error)) showProblem(uri, messageOf(error));
}

/** Says what went wrong with a model, with a way to it where it is not open. */
export function showProblem(uri: vscode.Uri, text: string): void {
  const said = `${basename(uri.path)}: ${text}`;
  const isOpen = activeModel()?.toString() === uri.toString();
  const buttons = isOpen ? ['Copy Message'] : ['Open', 'Copy Message'];
  void tell('error', said, buttons).then(async (choice) => {
    if (choice === 'Open') await vscode.commands.executeCommand('vscode.openWith', uri, EDITOR_TYPE);
    if (choice === 'Copy Message') await vscode.env.clipboard.writeText(said);
  });
}
