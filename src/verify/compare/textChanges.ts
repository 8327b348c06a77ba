import type { TextChange } from './comparison.ts';

/** What two lists of named texts differ in: those of the first in their order, then what only the second has. */
export function textChanges(
  a: readonly (readonly [string, string])[],
  b: readonly (readonly [string, string])[],
): TextChange[] {
  const [x, y] = [new Map(a), new Map(b)];
  return [...new Set([...x.keys(), ...y.keys()])].flatMap((what) =>
    x.get(what) === y.get(what) ? [] : [{ what, a: x.get(what) ?? null, b: y.get(what) ?? null }],
  );
}
