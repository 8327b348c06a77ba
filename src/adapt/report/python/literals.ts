/** A name as a Python string: JSON's escapes are Python's, and no name can leave the quotes. */
export function quoted(name: string): string {
  return JSON.stringify(name).replace(
    /[\u007f-\u009f\u2028\u2029\ud800-\udfff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Numbers as a Python list of floats. */
export function list(values: readonly number[]): string {
  return `[${values.map(float).join(', ')}]`;
}

/** From here on numbers are written with an exponent, which makes them floats. */
const LONGEST_WHOLE = 1e15;

/** A number as Python reads a float: a whole one with `.0`, unless that would be longer than its exponent. */
export function float(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < LONGEST_WHOLE ? `${value}.0` : String(value);
}

/** A Python tuple, with the comma that one of a single entry needs. */
export function tuple(dims: readonly (number | string)[]): string {
  return dims.length === 1 ? `(${dims[0]},)` : `(${dims.join(', ')})`;
}

/** Rows of numbers as a Python list of lists. */
export function matrix(rows: readonly (readonly number[])[]): string {
  return `[${rows.map(list).join(', ')}]`;
}

/** True for a shift that adds nothing, which is left out. */
export function isZero(values: readonly number[]): boolean {
  return values.every((value) => value === 0);
}
