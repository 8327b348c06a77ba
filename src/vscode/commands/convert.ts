import * as vscode from 'vscode';
import { isCancel } from '../../bytes/cancel.ts';
import { hasCode } from '../../bytes/errors.ts';
import { basename, dirname, join } from '../../files/paths.ts';
import { variantName } from '../../jobs/variantName.ts';
import type { AdaptReply } from '../../page/workerMethods.ts';
import type { CallOptions } from '../../rpc/messages.ts';
import { messageOf } from '../../text/messageOf.ts';
import type { Extension } from '../extensionParts.ts';
import { MODEL_FILTERS, placeOf, uriOf } from '../modelFiles.ts';
import { writtenReply } from '../proofs.ts';
import { askToSave } from '../window/dialogs.ts';
import { tell } from '../window/messages.ts';
import { withProgress } from '../window/progress.ts';
import { pickSome } from '../window/quickSteps.ts';
import { announce, announceAll, showFailure, type Converted, type NotConverted } from './announce.ts';
import { chosenModels } from './chosenModels.ts';
import { layerItem, whyAsked } from './layerChoices.ts';

/** How an adapted model is written. */
export interface Writing {
  /** The model it is made from. */
  readonly path: string;
  /** What the new file's name says behind the model's. */
  readonly variant: string;
  /** Writes it to `out`, or beside the model when that is undefined. */
  readonly write: (out: string | undefined, options: CallOptions) => Promise<AdaptReply>;
}

function toGrayscale({ jobs }: Extension, path: string, inputs?: readonly string[]): Writing {
  return { path, variant: 'gray', write: (out, options) => jobs.run('convertToGray', { path, inputs, out }, options) };
}

/** The one-click conversion: progress while it runs, one message when it ends. */
export async function convertToGrayscale(extension: Extension, clicked: unknown, selected: unknown): Promise<void> {
  const uris = await chosenModels(clicked, selected);
  const [only] = uris;
  if (uris.length > 1) return convertSeveral(extension, uris);
  if (!only) return;
  try {
    await convertOne(extension, only);
  } catch (error) {
    showFailure(only, error);
  }
}

/** Converts one model and announces it. Throws what went wrong; the page shows that itself. */
export async function convertOne(extension: Extension, uri: vscode.Uri): Promise<void> {
  const path = placeOf(uri);
  const title = `Converting ${basename(path)} to grayscale`;
  try {
    const done = await writeAndProve(extension, title, toGrayscale(extension, path));
    if (done) void announce(extension, done);
  } catch (error) {
    if (!hasCode(error, 'choose-layer')) throw error;
    const layers = await askForLayers(extension, path);
    const done = layers && (await writeAndProve(extension, title, toGrayscale(extension, path, layers)));
    if (done) void announce(extension, done);
  }
}

/** Which layers of a file of weights see the image; null when the person left. */
async function askForLayers({ jobs }: Extension, path: string): Promise<string[] | null> {
  const inputs = await jobs.run('imageInputs', { path });
  const picked = await pickSome({
    title: `Convert ${basename(path)} to grayscale`,
    placeholder: 'Which layers see the image?',
    why: whyAsked(inputs),
    items: inputs.map(layerItem),
  });
  return typeof picked === 'symbol' || picked.length === 0 ? null : picked.map(({ label }) => label);
}

/** Converts each model in turn. What fails is told at the end with the rest; a cancel ends it. */
async function convertSeveral(extension: Extension, uris: readonly vscode.Uri[]): Promise<void> {
  const done: Converted[] = [];
  const not: NotConverted[] = [];
  await withProgress(`Converting ${uris.length} models to grayscale`, async (signal, report) => {
    for (const [i, uri] of uris.entries()) {
      if (signal.aborted) return;
      const onProgress = (fraction: number): void => report((i + fraction) / uris.length);
      try {
        const writing = toGrayscale(extension, placeOf(uri));
        done.push(await writeThenProve(extension, writing, undefined, { signal, onProgress }));
      } catch (error) {
        if (!isCancel(error)) not.push({ path: placeOf(uri), why: messageOf(error) });
      }
    }
  });
  void announceAll(extension, done, not);
}

/** What another folder or name can mend. */
const ELSEWHERE = ['not-writable', 'disk-full', 'folder-missing', 'file-too-large', 'exists'];

/**
 * Writes and proves with progress. Where the folder takes no file, offers to save elsewhere; null when that is
 * declined. Throws all else.
 */
export async function writeAndProve(extension: Extension, title: string, writing: Writing): Promise<Converted | null> {
  let out: string | undefined;
  for (;;) {
    try {
      return await withProgress(title, (signal, onProgress) =>
        writeThenProve(extension, writing, out, { signal, onProgress }),
      );
    } catch (error) {
      if (!hasCode(error, ...ELSEWHERE)) throw error;
      out = await askElsewhere(writing, error.message, out);
      if (out === undefined) return null;
    }
  }
}

/** Another place for the new file; the dialog starts where the model is, or where the last try was. */
async function askElsewhere(
  { path, variant }: Writing,
  why: string,
  tried: string | undefined,
): Promise<string | undefined> {
  const choice = await tell('error', `${basename(path)}: ${why}`, ['Save Elsewhere…']);
  if (!choice) return undefined;
  const target = await askToSave({
    title: 'Save the adapted model as a new file',
    saveLabel: 'Save',
    defaultUri: uriOf(join(dirname(tried ?? path), variantName(path, variant))),
    filters: MODEL_FILTERS,
  });
  return target && placeOf(target);
}

/** Share of the progress bar that is left for the proof. */
const PROOF_SHARE = 0.3;

async function writeThenProve(
  { proofs }: Extension,
  { path, write }: Writing,
  out: string | undefined,
  { signal, onProgress }: CallOptions,
): Promise<Converted> {
  const options = { signal, onProgress: (fraction: number): void => onProgress?.(fraction * (1 - PROOF_SHARE)) };
  const isProofWanted = vscode.workspace.getConfiguration('channelwise').get('verifyAfterConversion', true);
  const done = isProofWanted
    ? await proofs.writeAndProve(path, (context) => write(out, context), options)
    : { ...writtenReply(await write(out, options)), proof: null };
  onProgress?.(1);
  return done;
}
