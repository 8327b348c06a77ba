import { globalName, integerOf, itemsOf, type PickleValue } from './pickle/pickleValue.ts';

/** What NumPy pickles an array as: the function, and what it is filled with, (version, sizes, type, order, bytes). */
const RECONSTRUCT = /^numpy\._?core\.multiarray\._reconstruct$/;
const SIZES_AT = 1;

/** The sizes of a pickled NumPy array; null for any other value. */
export function arraySizes(value: PickleValue): number[] | null {
  if (value.kind !== 'call' || !RECONSTRUCT.test(globalName(value.callee.value) ?? '')) return null;
  const state = itemsOf(value.state?.value);
  return (itemsOf(state?.[SIZES_AT]?.value) ?? []).map((size) => integerOf(size.value) ?? 0);
}
