/**
 * How many elements tensors of these dims have; 1 for a scalar. Not checked: sizes in a file may exceed safe integers.
 */
export function product(dims: readonly number[]): number {
  return dims.reduce((total, dim) => total * dim, 1);
}

/** An axis or index counted from the front: a negative one counts from the back. It may lie outside. */
export function fromFront(place: number, length: number): number {
  return place < 0 ? place + length : place;
}

/** The same, moved to the nearest place between 0 and `length` where it lies outside, as Slice and Shape do. */
export function clampedFromFront(place: number, length: number): number {
  return Math.min(Math.max(fromFront(place, length), 0), length);
}

/** How many elements apart neighbours along each axis lie in row-major order. */
export function stridesOf(dims: readonly number[]): number[] {
  return dims.map((_, axis) => product(dims.slice(axis + 1)));
}

/** Where a Slice begins and ends along an axis, both counted from the back where negative, and its step, never 0. */
export interface SliceLimits {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/**
 * The first place along an axis that a Slice takes, and how many it takes. Limits are clamped to the axis:
 * https://onnx.ai/onnx/operators/onnx__Slice.html
 */
export function slicedRange(length: number, { start, end, step }: SliceLimits): { first: number; count: number } {
  const isForward = step > 0;
  const highest = isForward ? length : length - 1;
  const clamped = (place: number, lowest: number): number =>
    Math.min(Math.max(fromFront(place, length), lowest), highest);
  const first = clamped(start, 0);
  return { first, count: Math.max(0, Math.ceil((clamped(end, isForward ? 0 : -1) - first) / step)) };
}

/** The places along an axis that a Slice takes, in their order. */
export function slicedPlaces(length: number, limits: SliceLimits): number[] {
  const { first, count } = slicedRange(length, limits);
  return Array.from({ length: count }, (_, i) => first + i * limits.step);
}

/** Whether dims are the same on all axes but one. */
export function sameBesides(axis: number, a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dim, i) => i === axis || dim === b[i]);
}
