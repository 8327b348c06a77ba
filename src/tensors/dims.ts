/** How many elements tensors of these dims have; 1 for a scalar. Not checked: sizes in a file may exceed safe integers. */
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
