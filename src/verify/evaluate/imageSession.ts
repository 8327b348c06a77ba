import { ChannelwiseError } from '../../bytes/errors.ts';
import { quoted } from '../names.ts';
import { MAX_WHOLE_OPERATIONS, RunEstimate } from '../runCost.ts';
import { openSession, type Session } from '../session.ts';
import type { Wiring } from '../wiring.ts';
import { inputDims, type ImageInput } from './preprocess.ts';

/** Throws `refused` where a model takes more than the image. */
export function refuseMoreInputs(model: Wiring, image: ImageInput): void {
  const extra = [...model.inputs.keys()].find((name) => name !== image.name);
  if (extra === undefined) return;
  throw new ChannelwiseError(
    'refused',
    'more-inputs',
    `The model needs more than an image: \`${quoted(extra)}\` too, so it can't be run on images alone.`,
    { tensor: extra },
  );
}

/** A session of a whole model that is fed one image at a time. Throws `refused` for what would take too much. */
export async function openOnImages(bytes: Uint8Array, image: ImageInput): Promise<Session> {
  const estimate = await RunEstimate.of(bytes);
  estimate.check({ [image.name]: inputDims(image) }, { operations: MAX_WHOLE_OPERATIONS });
  return openSession(bytes, 'fused');
}
