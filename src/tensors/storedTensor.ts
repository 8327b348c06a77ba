import { ChannelwiseError, type ErrorPlace } from '../bytes/errors.ts';
import type { DtypeRow } from './dtypes.ts';
import { knownRow } from './elements.ts';
import { product } from './dims.ts';

/** Elements [from, to) of a tensor, in row-major order. */
export interface ElementRange {
  readonly from: number;
  readonly to: number;
}

/**
 * A tensor as a file of any format stores it. Its elements come little-endian and row-major, whatever the file does.
 */
export interface StoredTensor {
  /** As messages and pages name it. */
  readonly name: string;
  /** A key of DTYPES. */
  readonly dtype: number;
  readonly dims: readonly number[];
  /** Where errors about it point to. */
  readonly place: ErrorPlace;
  /**
   * Hands the elements of a range to `visit` part by part, in order, reading only their bytes. Elements below a byte
   * share bytes (the first in the lowest bits), so `from` must be one that begins with a byte. Every part but the last
   * has whole elements and whole bytes. A part is the visitor's until it returns: the next one may lie in the same
   * memory. Throws `malformed` where the data does not match dims, `refused` for texts.
   */
  stream(range: ElementRange, visit: (bytes: Uint8Array) => void): Promise<void>;
  /** The bytes of each text of a range. Only tensors of texts have it. */
  readonly texts?: (range: ElementRange) => Promise<Uint8Array[]>;
  /** Of a sparse tensor: the elements that are stored. All others are 0. */
  readonly sparse?: StoredTensor;
  /**
   * The same for tensors that are one: they hold the same numbers at the same place. Absent where a file shares none.
   */
  readonly numbersAt?: string;
  /** Reading a range means walking to it, so many small ranges are better read as one. */
  readonly walked?: boolean;
}

/** The number of elements that dims name. Throws `malformed` if it isn't a safe integer. */
export function elementCount({ name, dims }: Pick<StoredTensor, 'name' | 'dims'>): number {
  // A zero makes a tensor empty, whatever its other dims multiply to.
  if (dims.includes(0)) return 0;
  const count = product(dims);
  if (!Number.isSafeInteger(count))
    throw new ChannelwiseError('malformed', 'dims', `Tensor ${name} has more elements than a file can hold.`, {
      tensor: name,
    });
  return count;
}

/** All elements of a tensor. */
export function wholeRange(tensor: Pick<StoredTensor, 'name' | 'dims'>): ElementRange {
  return { from: 0, to: elementCount(tensor) };
}

/** Throws RangeError for a range that is not inside the tensor. */
export function checkRange(tensor: Pick<StoredTensor, 'name' | 'dims'>, { from, to }: ElementRange): void {
  const count = elementCount(tensor);
  const inside = Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0 && from <= to && to <= count;
  if (!inside) throw new RangeError(`elements ${from} to ${to} of ${count}`);
}

/**
 * Held at once: 2^28 doubles are 2 GiB, beyond which typed arrays and editors get into trouble. Larger tensors can be
 * streamed.
 */
const MAX_HELD_NUMBERS = 2 ** 28;

/** Throws `unsupported` for more numbers than are held in memory. */
export function checkHeld(numbers: number, { name, place }: StoredTensor): void {
  if (numbers <= MAX_HELD_NUMBERS) return;
  throw new ChannelwiseError(
    'unsupported',
    'tensor-too-large',
    `${name} has ${numbers} values, more than this version holds in memory.`,
    place,
  );
}

/** The row of a tensor of numbers. Throws `refused` for texts, `unsupported` for a type we don't know. */
export function numericRow({ dtype, name, place }: Pick<StoredTensor, 'dtype' | 'name' | 'place'>): DtypeRow {
  const row = knownRow(dtype, name);
  if (row.kind === 'string') throw holdsTexts(name, place);
  return row;
}

/** What refuses numbers of a tensor of texts. */
export function holdsTexts(name: string, place: ErrorPlace): ChannelwiseError {
  return new ChannelwiseError('refused', 'weight-type', `${name} holds texts, not numbers.`, place);
}

/** `malformed`: a tensor's data is not as long as its dims say. */
export function sizeError(
  { name, place }: Pick<StoredTensor, 'name' | 'place'>,
  wanted: string,
  found: string,
): ChannelwiseError {
  return new ChannelwiseError(
    'malformed',
    'tensor-size',
    `${name} should hold ${wanted} for its shape, but has ${found}.`,
    place,
  );
}
