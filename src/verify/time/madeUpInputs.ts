import { ChannelwiseError } from '../../bytes/errors.ts';
import type { Dim, ValueInfo } from '../../formats/onnx/model.ts';
import { isFloat } from '../../tensors/dtypes.ts';
import { quoted } from '../names.ts';
import { fromNumbers, type Value } from '../values.ts';
import { product } from '../../tensors/dims.ts';

/** Sizes that a file leaves open and nobody chose: height and width of a picture, and all others. */
const PICTURE_SIDE = 224;
const OTHER_SIZE = 16;
const PICTURE_RANK = 4;
/** 2^26 floats are 256 MiB. */
const MAX_ELEMENTS = 2 ** 26;

/** Numbers that a person gave to names of sizes. */
export type Bound = Readonly<Record<string, number>>;

/**
 * Made-up numbers for each input: what a run takes does not depend on them, but on sizes. Named sizes have the numbers
 * that were chosen; else the first axis is 1. Throws `unsupported` for inputs that are no tensors or too large.
 */
export function madeUpInputs(inputs: Iterable<ValueInfo>, bound: Bound): Map<string, Value> {
  const made = new Map<string, Value>();
  for (const { name, type } of inputs) {
    if (type?.kind !== 'tensor') throw unusable(name, 'is no tensor');
    const dims = (type.dims ?? []).map((dim, axis, all) => chosenSize(dim, { axis, rank: all.length, bound }));
    if (product(dims) > MAX_ELEMENTS) throw unusable(name, `would be [${dims.join(', ')}], which is too large`);
    const step = isFloat(type.dtype) ? 1 / 256 : 0;
    const numbers = Float64Array.from({ length: product(dims) }, (_, index) => 1 - (index % 256) * step);
    made.set(name, fromNumbers(type.dtype, dims, numbers, name));
  }
  return made;
}

function chosenSize(dim: Dim, { axis, rank, bound }: { axis: number; rank: number; bound: Bound }): number {
  if (typeof dim === 'number') return dim;
  const chosen = typeof dim === 'string' ? bound[dim] : undefined;
  if (chosen !== undefined) return chosen;
  if (axis === 0) return 1;
  return rank === PICTURE_RANK && axis > 1 ? PICTURE_SIDE : OTHER_SIZE;
}

function unusable(name: string, why: string): ChannelwiseError {
  return new ChannelwiseError(
    'unsupported',
    'input-type',
    `Input \`${quoted(name)}\` ${why}, so no numbers can be made up for it.`,
    { tensor: name },
  );
}
