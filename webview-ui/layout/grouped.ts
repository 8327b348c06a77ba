/** Indices by key, each key's in their order: those of key k are `list[start[k]]` to `list[start[k + 1] - 1]`. */
export interface Grouped {
  start: Int32Array;
  list: Int32Array;
}

/** Groups the indices of `keys`, which are below `count`; those with a key below 0 are left out. */
export function groupedBy(keys: ArrayLike<number>, count: number): Grouped {
  const start = new Int32Array(count + 1);
  for (let i = 0; i < keys.length; i++) if (keys[i]! >= 0) start[keys[i]! + 1]!++;
  for (let k = 0; k < count; k++) start[k + 1]! += start[k]!;
  const list = new Int32Array(start[count]!);
  const next = start.slice(0, count);
  for (let i = 0; i < keys.length; i++) if (keys[i]! >= 0) list[next[keys[i]!]!++] = i;
  return { start, list };
}

/** The indices of one key. */
export function ofKey({ start, list }: Grouped, key: number): Int32Array {
  return list.subarray(start[key]!, start[key + 1]!);
}
