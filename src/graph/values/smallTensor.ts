import type { Dim } from '../../formats/onnx/model.ts';
import type { RuleInput } from '../shapes/shapeRule.ts';
import { product, stridesOf } from '../../tensors/dims.ts';

/**
 * One number of a small tensor: known, computed from named sizes, or unknown. Unlike a dim it may be negative or a
 * fraction.
 */
export type Entry = number | string | null;

/** A small tensor whose entries are known as far as they can be, in row-major order. Booleans are 0 and 1. */
export interface SmallTensor {
  readonly dims: readonly number[];
  readonly values: readonly Entry[];
}

/** Longer tensors don't steer shapes: the longest that do hold a few sizes for each axis. */
export const MAX_ENTRIES = 256;

/** What an evaluation may ask about a node. */
export interface Reading {
  /** Attributes, dims and element types of the inputs. */
  readonly rule: RuleInput;
  /** The entries of an input, null where they are not known. */
  small(index: number): SmallTensor | null;
  /** The numbers of a tensor attribute. */
  attribute(name: string): SmallTensor | null;
  /** The inferred dims of an output where all are numbers. */
  out(index: number): readonly number[] | null;
  /** The inferred element type of an output. */
  outDtype(index: number): number | null;
}

/** What a node's outputs hold, as far as known. */
export type Evaluate = (reading: Reading) => readonly (SmallTensor | null)[];

/** Such a tensor; null where it is too long, or its entries are not as many as its dims say. */
export function small(dims: readonly number[], values: readonly Entry[]): SmallTensor | null {
  return values.length <= MAX_ENTRIES && product(dims) === values.length ? { dims, values } : null;
}

/** A vector of these entries; null where it is too long. */
export function vector(values: readonly Entry[]): SmallTensor | null {
  return small([values.length], values);
}

/** True for dims that are numbers and name no more entries than are kept. */
export function isSmall(dims: readonly Dim[] | null | undefined): dims is readonly number[] {
  return (
    Boolean(dims?.every((dim) => typeof dim === 'number' && dim >= 0)) &&
    product(dims as readonly number[]) <= MAX_ENTRIES
  );
}

/** The places of an entry: row-major index to one index per axis. */
export function placesOf(index: number, dims: readonly number[]): number[] {
  return stridesOf(dims).map((stride, k) => (dims[k] ? Math.floor(index / stride) % (dims[k] ?? 1) : 0));
}

/** A tensor of these dims whose entry at each place comes from `at`; null where it would be too large. */
export function build(
  dims: readonly number[],
  at: (places: readonly number[]) => Entry | undefined,
): SmallTensor | null {
  if (!isSmall(dims)) return null;
  return { dims, values: Array.from({ length: product(dims) }, (_, i) => at(placesOf(i, dims)) ?? null) };
}

/** The entry at places, counted from the back where there are more places than axes, as broadcasting does. */
export function broadcastAt(t: SmallTensor, places: readonly number[]): Entry {
  const strides = stridesOf(t.dims);
  const skip = places.length - t.dims.length;
  return (
    t.values[
      t.dims.reduce((total, dim, k) => total + (dim === 1 ? 0 : (places[k + skip] ?? 0)) * (strides[k] ?? 1), 0)
    ] ?? null
  );
}

/** The entry at exact places. */
export function entryAt(t: SmallTensor, places: readonly number[]): Entry {
  return t.values[stridesOf(t.dims).reduce((total, stride, k) => total + stride * (places[k] ?? 0), 0)] ?? null;
}

/** Numbers only, or null. */
export function numbersOf(t: SmallTensor | null): number[] | null {
  return t && t.values.every((value) => typeof value === 'number') ? ([...t.values] as number[]) : null;
}
