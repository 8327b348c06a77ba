import { basename, dirname, join } from '../../files/paths.ts';
import type { VerifyReply } from '../../page/workerMethods.ts';
import type { Extension } from '../extensionParts.ts';
import { MODEL_FILTERS, placeOf, uriOf } from '../modelFiles.ts';
import { askToOpen } from '../window/dialogs.ts';
import { tell } from '../window/messages.ts';
import { withProgress } from '../window/progress.ts';
import { showFailure } from './announce.ts';
import { chosenModels } from './chosenModels.ts';

/** Verify Against the Original: takes the original the file names, or asks for it, and shows what came out. */
export async function verifyCommand(extension: Extension, clicked: unknown): Promise<void> {
  const [adapted] = await chosenModels(clicked, undefined);
  if (!adapted) return;
  try {
    const path = placeOf(adapted);
    const original = await originalFor(extension, path);
    if (original === null) return;
    const reply = await withProgress(`Verifying ${basename(path)}`, (signal, onProgress) =>
      extension.proofs.prove(original, path, { signal, onProgress }),
    );
    void tellProof(extension, path, original, reply);
  } catch (error) {
    showFailure(adapted, error);
  }
}

async function tellProof({ tabs }: Extension, path: string, original: string, reply: VerifyReply): Promise<void> {
  const severity = reply.verdict === 'failed' ? 'error' : 'info';
  const text = `${basename(path)}, against ${basename(original)}: ${reply.statement}`;
  const choice = await tell(severity, text, reply.report.length > 0 ? ['Report'] : []);
  if (choice === 'Report') await tabs.show(`Verification of ${basename(path)}`, reply.report);
}

/**
 * The recorded original while it is the same file, or a likely one where nothing is recorded; else a person says which.
 */
async function originalFor({ jobs }: Extension, path: string): Promise<string | null> {
  const made = await jobs.run('madeFrom', { path });
  const isKnown = made?.original.state === 'same' || made?.original.state === 'likely';
  if (made?.original.path && isKnown) return made.original.path;
  const why = made
    ? `The original of ${basename(path)} is not where it was, or changed`
    : `${basename(path)} names no original`;
  const [picked] = await askToOpen({
    title: `${why}: choose the model it was made from`,
    openLabel: 'Verify Against This',
    defaultUri: uriOf(made?.original.path ?? likelyOriginal(path)),
    filters: MODEL_FILTERS,
  });
  return picked ? placeOf(picked) : null;
}

/** `net.onnx` for `net.gray-2.onnx`; the folder for a name that says nothing, as no model is the original of itself. */
function likelyOriginal(path: string): string {
  const name = basename(path).replace(/\.gray(?:-\d+)?(\.[^.]+)$/i, '$1');
  return name === basename(path) ? dirname(path) : join(dirname(path), name);
}
