import { BOOL, DTYPES, FLOAT } from './dtypes.ts';
import { smallFloatPattern, smallFloatValues } from './smallFloat.ts';
import type { Elements } from './tensorElements.ts';

/** Digits that always tell two doubles apart. */
const DOUBLE_DIGITS = 17;
/** No float32 with fewer digits than this is worth trying first; trailing zeros fall away. */
const FLOAT_DIGITS = 6;

/**
 * Every element as text: numbers with the fewest digits that their type reads back as the same number, complex ones as
 * `1-2i`, texts as UTF-8.
 */
export function elementTexts(dtype: number, elements: Elements): string[] {
  if (elements.kind === 'texts') return elements.values.map((bytes) => new TextDecoder().decode(bytes));
  if (elements.kind === 'integers') return Array.from(elements.values, String);
  const { values } = elements;
  if (dtype === BOOL) return Array.from(values, (value) => (value === 0 ? 'false' : 'true'));
  const row = DTYPES[dtype];
  if (row?.kind !== 'complex') return Array.from(values, (value) => numberText(dtype, value));
  const part = row.bits === 64 ? FLOAT : dtype;
  return Array.from({ length: values.length / 2 }, (_, i) => {
    const [re, im] = [numberText(part, values[2 * i] ?? NaN), numberText(part, values[2 * i + 1] ?? NaN)];
    return `${re}${im.startsWith('-') ? '' : '+'}${im}i`;
  });
}

/** One number of an element type, with the fewest digits that read back as the same number of that type. */
export function numberText(dtype: number, value: number): string {
  if (!Number.isFinite(value) || Number.isInteger(value)) return Object.is(value, -0) ? '-0' : String(value);
  if (dtype === FLOAT) return shortest(value, FLOAT_DIGITS, (v) => Math.fround(v) === value);
  if (!smallFloatValues(dtype)) return String(value);
  const pattern = smallFloatPattern(dtype, value);
  return shortest(value, 1, (v) => smallFloatPattern(dtype, v) === pattern);
}

function shortest(value: number, from: number, same: (v: number) => boolean): string {
  for (let digits = from; digits < DOUBLE_DIGITS; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (same(rounded)) return String(rounded);
  }
  return String(value);
}
