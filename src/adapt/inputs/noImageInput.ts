import { dtypeName } from '../../tensors/dtypes.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import type { ValueInfo } from '../../formats/onnx/model.ts';
import type { ChannelMap } from '../maps/channelMap.ts';
import { mapOfPictures, RGB } from '../maps/mapOfPictures.ts';
import { AXES, candidates, DEFAULT_RANK, holdsPixels, typeText } from './candidates.ts';
import { newChannels } from '../maps/channelMap.ts';
import { countOf } from '../../text/numbers.ts';

/** A larger number on an axis is a picture's side. */
const MAX_CHANNELS = 64;

/** Why no input fits: each input looked at, in one sentence, and what would fit. */
export function noImageInput(inputs: readonly ValueInfo[], map: ChannelMap): ChannelwiseError {
  const channels = map.matrix.length;
  const one = inputs.find(looksOneChannel);
  if (one && channels === RGB && newChannels(map) === 1) return alreadyGray(one, 'one-channel');
  const seen = inputs.map((i) => `input \`${i.name}\` is ${typeText(i)} (${whyNot(i, channels)})`).join(', ');
  const what = inputs.length ? `${seen}.` : 'the model has no inputs.';
  const advice = inputs
    .map((input) => (channels === RGB ? otherMap(input) : null) ?? openAxis(input, channels))
    .find(Boolean);
  return new ChannelwiseError(
    'refused',
    'no-image-input',
    `No input takes images of ${countOf(channels, 'channel')}: ${what}${advice ? ` ${advice}` : ''}`,
  );
}

/** The refusal of a gray map by a model that takes one channel, and may repeat it inside for weights of several. */
export function alreadyGray(input: ValueInfo, kind: 'one-channel' | 'repeats-inside'): ChannelwiseError {
  const inside =
    kind === 'repeats-inside'
      ? ' It is repeated inside the model; the map `fold-repeats` moves that into the first weights: the same ' +
        'function, smaller.'
      : '';
  return new ChannelwiseError(
    'refused',
    'already-gray',
    `The model already takes one channel: input \`${input.name}\` is ${typeText(input)}.${inside}`,
    { tensor: input.name },
  );
}

/** How to adapt an input whose channels the file leaves open, and no weight confirms; null for others. */
function openAxis(input: ValueInfo, channels: number): string | null {
  const [place] = candidates(input, channels);
  if (!place || place.certain) return null;
  return (
    `Where you know that \`${input.name}\` takes ${countOf(channels, 'channel')}, name it and their axis: \`--input ` +
    `${input.name} --axis ${place.axis}\`.`
  );
}

/** The map that an input of more than three channels would take; null where there are none. */
function otherMap(input: ValueInfo): string | null {
  const count = channelCount(input);
  if (count === null) return null;
  return mapOfPictures(count) ?? `A map file with a matrix of ${count} rows gives a map for ${count} channels.`;
}

/** More than three channels in a picture whose sides are longer than that. */
function channelCount(input: ValueInfo): number | null {
  const dims = input.type?.kind === 'tensor' ? (input.type.dims ?? []) : [];
  for (const axis of (dims.length >= DEFAULT_RANK && AXES[dims.length]) || []) {
    const count = dims[axis];
    if (typeof count !== 'number' || count <= RGB || count > MAX_CHANNELS) continue;
    const sides = dims.filter((_, i) => i !== 0 && i !== axis);
    if (sides.every((side) => typeof side !== 'number' || side > count)) return count;
  }
  return null;
}

/** Why one input is no image of that many channels. */
export function whyNot(input: ValueInfo, channels: number): string {
  if (input.type?.kind !== 'tensor') return 'only a tensor can be an image';
  const { dtype, dims } = input.type;
  if (dims && !AXES[dims.length]) return 'an image has 3 to 5 axes';
  if (!holdsPixels(dtype, dims?.length ?? DEFAULT_RANK)) return `${dtypeName(dtype)} holds no pixels`;
  if (candidates(input, channels).length) return `no weight behind it is seen to take ${countOf(channels, 'channel')}`;
  return `no axis of ${channels} where channels lie`;
}

function looksOneChannel(input: ValueInfo): boolean {
  if (input.type?.kind !== 'tensor' || !input.type.dims) return false;
  const { dims } = input.type;
  return dims.length === 4 ? dims[1] === 1 || dims[3] === 1 : dims.length === 5 && (dims[1] === 1 || dims[4] === 1);
}
