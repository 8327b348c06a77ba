import type { Affine } from './affine.ts';

/** A matrix and shift that a file records, where they are a map of 1 to `most` rows and columns; null where not. */
export function mapOfRecord(matrix: unknown, shift: unknown, most: number): Affine | null {
  const rows = Array.isArray(matrix) ? (matrix as unknown[]) : [];
  const columns = Array.isArray(rows[0]) ? rows[0].length : 0;
  if (!isWithin(rows.length, most) || !isWithin(columns, most)) return null;
  const isWhole = rows.every((row) => areNumbers(row, columns)) && areNumbers(shift, rows.length);
  return isWhole ? { m: rows as number[][], b: shift as number[] } : null;
}

function isWithin(length: number, most: number): boolean {
  return length > 0 && length <= most;
}

function areNumbers(value: unknown, length: number): boolean {
  return Array.isArray(value) && value.length === length && value.every((item) => Number.isFinite(item));
}
