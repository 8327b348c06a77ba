/**
 * Adds to the list under `key`. To copy the list for each new entry would take minutes where a file makes it a million
 * long.
 */
export function addTo<Key, Entry>(lists: Map<Key, Entry[]>, key: Key, ...entries: readonly Entry[]): void {
  const list = lists.get(key);
  if (!list) lists.set(key, [...entries]);
  else for (const entry of entries) list.push(entry);
}

/** The whole numbers from `from` up to `to`, which is left out; none where `to` is not larger. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}

/** The last place of an ordered list whose number is not above `limit`; -1 where there is none. A binary search. */
export function lastUpTo(limit: number, length: number, numberAt: (place: number) => number): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (numberAt(middle) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
