/** A name as a Python string: JSON's escapes are Python's, and no name can leave the quotes. */
export function quoted(name: string): string {
  return JSON.stringify(name).replace(
    /[\u007f-\u009f\u2028\u2029\ud800-\udfff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export function list(values: readonly number[]): string {
  return `[${values.map(float).join(', ')}]`;
}

export function float(v: number): string {
  return Number.isInteger(v) && Math.abs(v) < 1e15 ? `${v}.0` : String(v);
}

export function tuple(dims: readonly (number | string)[]): string {
  return dims.length === 1 ? `(${dims[0]},)` : `(${dims.join(', ')})`;
}

export function matrix(rows: readonly (readonly number[])[]): string {
  return `[${rows.map(list).join(', ')}]`;
}

export function isZero(values: readonly number[]): boolean {
  return values.every((value) => value === 0);
}
