/** Elements of a row-major array with these dims, its axes put into another order. */
export function permuted(
  bytes: Uint8Array,
  width: number,
  { dims, order }: { dims: readonly number[]; order: readonly number[] },
): Uint8Array {
  if (order.every((axis, i) => axis === i)) return bytes;
  const strides = new Array<number>(dims.length).fill(width);
  for (let axis = dims.length - 2; axis >= 0; axis--) strides[axis] = (strides[axis + 1] ?? 1) * (dims[axis + 1] ?? 1);
  const sizes = order.map((axis) => dims[axis] ?? 1);
  const steps = order.map((axis) => strides[axis] ?? width);
  const out = new Uint8Array(bytes.length);
  const at = new Array<number>(order.length).fill(0);
  let from = 0;
  for (let to = 0; to < out.length; to += width) {
    for (let k = 0; k < width; k++) out[to + k] = bytes[from + k] ?? 0;
    for (let axis = order.length - 1; axis >= 0; axis--) {
      const next = (at[axis] ?? 0) + 1;
      from += steps[axis] ?? 0;
      at[axis] = next;
      if (next < (sizes[axis] ?? 1)) break;
      from -= next * (steps[axis] ?? 0);
      at[axis] = 0;
    }
  }
  return out;
}

/** The order that undoes another one. */
export function inverse(order: readonly number[]): number[] {
  return order.map((_, axis) => order.indexOf(axis));
}
