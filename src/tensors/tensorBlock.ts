import { ChannelwiseError } from '../bytes/errors.ts';
import { STRING } from './dtypes.ts';
import { numericRow, elementCount, type ElementRange, type StoredTensor } from './storedTensor.ts';
import { readElements, type Elements } from './tensorElements.ts';
import { product } from './dims.ts';
import { range } from '../bytes/lists.ts';

/** The most elements in one block: what a screen or a set of pictures shows. */
export const MAX_BLOCK = 2 ** 20;
/** Of a tensor that is walked, at most this many elements are read at once for a block. */
const MAX_SPAN = MAX_BLOCK * 4;

/**
 * A block of a tensor: along each axis the given range, in row-major order of the block. Reads only the bytes of the
 * block (each of its contiguous runs; short runs may take a window of 1 KiB). Where reading a run means walking to it
 * (varints, texts, sparse tensors), the elements between the runs are read too, once. Throws RangeError where a range
 * leaves the tensor, `refused` above MAX_BLOCK elements, otherwise as readElements does.
 */
export async function readBlock(tensor: StoredTensor, ranges: readonly ElementRange[]): Promise<Elements> {
  const { dims } = tensor;
  const count = blockSize(tensor, ranges);
  const { starts, length } = count === 0 ? { starts: [], length: 0 } : runs(dims, ranges);
  const parts: Elements[] = [];
  const [first = 0, last = 0] = [starts[0], starts.at(-1)];
  if (tensor.walked && starts.length > 1 && last + length - first <= MAX_SPAN) {
    const span = await readElements(tensor, { from: first, to: last + length });
    const lanes = span.kind === 'numbers' ? numericRow(tensor).lanes : 1;
    for (const start of starts) parts.push(part(span, (start - first) * lanes, (start - first + length) * lanes));
  } else {
    for (const start of starts) parts.push(await readElements(tensor, { from: start, to: start + length }));
  }
  return joined(parts, tensor.dtype);
}

/** The elements of a block. Throws RangeError where a range leaves the tensor, `refused` above MAX_BLOCK elements. */
function blockSize(tensor: StoredTensor, ranges: readonly ElementRange[]): number {
  const { dims, name, place } = tensor;
  elementCount(tensor);
  for (const [axis, { from, to }] of ranges.entries()) {
    const whole = Number.isSafeInteger(from) && Number.isSafeInteger(to);
    const inside = whole && from >= 0 && from <= to && to <= (dims[axis] ?? -1);
    if (!inside) throw new RangeError(`${from} to ${to} on axis ${axis} of [${dims.join(', ')}]`);
  }
  if (ranges.length !== dims.length) throw new RangeError(`${ranges.length} ranges for ${dims.length} axes`);
  const count = product(ranges.map(({ from, to }) => to - from));
  if (count <= MAX_BLOCK) return count;
  throw new ChannelwiseError(
    'refused',
    'block-too-large',
    `${count} values of ${name} were asked for at once, and ${MAX_BLOCK} are the most.`,
    place,
  );
}

/** Where the contiguous runs of a block start, and how long each is. */
function runs(dims: readonly number[], ranges: readonly ElementRange[]): { starts: number[]; length: number } {
  let axis = dims.length;
  let length = 1;
  // Trailing axes that are whole belong to one run, and so does the first cut one.
  for (let whole = true; whole && axis > 0; axis--) {
    const { from, to } = ranges[axis - 1] as ElementRange;
    length *= to - from;
    whole = from === 0 && to === dims[axis - 1];
  }
  const inner = product(dims.slice(axis));
  let starts = [0];
  ranges.slice(0, axis).forEach(({ from, to }, a) => {
    starts = starts.flatMap((start) => range(from, to).map((place) => start * (dims[a] ?? 1) + place));
  });
  const tail = product(dims.slice(axis + 1));
  const offset = axis < dims.length ? (ranges[axis] as ElementRange).from * tail : 0;
  return { starts: starts.map((start) => start * inner + offset), length };
}

function part(span: Elements, from: number, to: number): Elements {
  if (span.kind === 'texts') return { kind: 'texts', values: span.values.slice(from, to) };
  if (span.kind === 'integers') return { kind: 'integers', values: span.values.subarray(from, to) };
  return { kind: 'numbers', values: span.values.subarray(from, to) };
}

function joined(parts: readonly Elements[], dtype: number): Elements {
  if (dtype === STRING)
    return { kind: 'texts', values: parts.flatMap((part) => (part.kind === 'texts' ? part.values : [])) };
  const [only] = parts;
  if (only && parts.length === 1) return only;
  const count = parts.reduce((total, { values }) => total + values.length, 0);
  if (only?.kind === 'integers') {
    const values = only.values instanceof BigInt64Array ? new BigInt64Array(count) : new BigUint64Array(count);
    let at = 0;
    for (const part of parts) if (part.kind === 'integers') for (const value of part.values) values[at++] = value;
    return { kind: 'integers', values };
  }
  const values = new Float64Array(count);
  let at = 0;
  for (const part of parts) {
    if (part.kind === 'numbers') values.set(part.values, at);
    at += part.values.length;
  }
  return { kind: 'numbers', values };
}
