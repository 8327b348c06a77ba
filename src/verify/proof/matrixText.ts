import type { Affine } from '../../adapt/maps/affine.ts';
import { columnCount } from '../../adapt/maps/affine.ts';

/** A matrix of more rows or columns is told by its size. */
const MAX_SHOWN = 8;

/** A channel map as it is written down: `[[1], [1], [1]]`, with its shift in front where there is one. */
export function matrixText({ m, b }: Affine): string {
  const columns = columnCount(m);
  const list = (numbers: readonly number[]): string => `[${numbers.map(shortNumber).join(', ')}]`;
  const isLarge = m.length > MAX_SHOWN || columns > MAX_SHOWN;
  const matrix = isLarge ? `a ${m.length}×${columns} matrix` : `[${m.map(list).join(', ')}]`;
  return b.some((value) => value !== 0) && !isLarge ? `${list(b)} + ${matrix}` : matrix;
}

/** A number in three digits, as an exponent where it is very small or large. */
export function shortNumber(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  return size < 1e-3 || size >= 1e5 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
}
