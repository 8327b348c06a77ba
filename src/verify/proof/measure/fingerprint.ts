import { numbersOf, type Value } from '../../values.ts';

/** So many places weigh differently in a fingerprint. */
const PLACES = 251;

/** Two sums over a value's numbers: other numbers give others, but for chance. */
export function fingerprint(value: Value): string {
  const numbers = numbersOf(value);
  let sum = 0;
  let weighted = 0;
  for (let i = 0; i < numbers.length; i++) {
    const v = numbers[i] ?? 0;
    if (!Number.isFinite(v)) continue;
    sum += v;
    weighted += v * ((i % PLACES) + 1);
  }
  return `${sum} ${weighted}`;
}
