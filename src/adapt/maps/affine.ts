/** Rows of the same length. */
export type Matrix = readonly (readonly number[])[];

/**
 * An affine map between channel vectors: `old[c] = Σ_k m[c][k] · base[k] + b[c]`.
 * `m` has one row per old channel and one column per base channel; `b` one number per old channel.
 */
export interface Affine {
  readonly m: Matrix;
  readonly b: readonly number[];
}

/**
 * A map is a dense matrix. Larger ones come from damaged or hostile files: channels joined with themselves over and
 * over, sizes without bounds.
 */
const MAX_CELLS = 2 ** 22;
/**
 * Channels of one tensor, and pixels among them where a Flatten merged both: a row is a list of its own in memory.
 * Channels that are doubled and doubled again reach any number.
 */
const MAX_ROWS = 2 ** 16;

/** A solution counts where it gives b back to within a few roundings of float64, in units of b's largest entry. */
const SOLVED_WITHIN = 1e-13;
/** A smaller pivot is what rounding leaves of a zero; maps hold numbers near one. */
const SMALLEST_PIVOT = 1e-12;

/** The length of a matrix's rows: of a map, how many channels its base has. */
export function columnCount(matrix: Matrix): number {
  return matrix[0]?.length ?? 0;
}

/** True where a channel goes nowhere but to itself, scaled or not. */
export function isDiagonal(matrix: Matrix): boolean {
  return matrix.every((row, c) => row.length === matrix.length && row.every((factor, k) => k === c || factor === 0));
}

/** True when a map of so many rows and columns may be made. */
export function isSmall(rows: number, columns: number): boolean {
  return rows * columns <= MAX_CELLS && rows <= MAX_ROWS && columns <= MAX_ROWS;
}

/** Every old channel is the base channel of the same number. */
export function identity(channels: number): Affine {
  return { m: Array.from({ length: channels }, (_, c) => unit(channels, c)), b: new Array<number>(channels).fill(0) };
}

/** A row of zeros with a one at `at`: the map's row for an old channel that copies that base channel. */
export function unit(length: number, at: number): number[] {
  const row = new Array<number>(length).fill(0);
  row[at] = 1;
  return row;
}

/** Every row copies one base channel and adds nothing: any operator that treats channels alike commutes with it. */
export function isSelection(affine: Affine): boolean {
  return (
    hasNoShift(affine) && affine.m.every((row) => row.filter((value) => value !== 0).length === 1 && row.includes(1))
  );
}

/** b is zero: the map is linear, and zero padding stays zero. */
export function hasNoShift(affine: Affine): boolean {
  return affine.b.every((value) => value === 0);
}

/** Rows sum to one, so adding the same number to every base channel adds it to every old channel. */
export function keepsConstants(affine: Affine): boolean {
  return affine.m.every((row) => row.reduce((sum, value) => sum + value, 0) === 1);
}

/** For a selection: the base channel that each old channel copies. */
export function lanes(affine: Affine): number[] {
  return affine.m.map((row) => row.indexOf(1));
}

/** The same rows and the same shift, number by number; no tolerance. */
export function sameMap(x: Affine, y: Affine): boolean {
  return (
    x.m.length === y.m.length &&
    x.b.every((value, i) => value === y.b[i]) &&
    x.m.every((row, c) => row.length === y.m[c]?.length && row.every((value, k) => value === y.m[c]?.[k]))
  );
}

/** The old channels `rows`, in this order, as Slice and Gather take them. */
export function pickRows(affine: Affine, rows: readonly number[]): Affine {
  return { m: rows.map((row) => affine.m[row] ?? []), b: rows.map((row) => affine.b[row] ?? 0) };
}

/** `old[c] · scale[c] + shift[c]`. */
export function scaleRows(affine: Affine, scale: readonly number[], shift: readonly number[]): Affine {
  return {
    m: affine.m.map((row, c) => row.map((value) => value * (scale[c] ?? 1))),
    b: affine.b.map((value, c) => value * (scale[c] ?? 1) + (shift[c] ?? 0)),
  };
}

/** Adds two maps over the same base, the second one times `sign`. A map of one row broadcasts. */
export function addMaps(x: Affine, y: Affine, sign: number): Affine {
  const rows = Math.max(x.m.length, y.m.length);
  const at = (affine: Affine, c: number): number => (affine.m.length === 1 ? 0 : c);
  return {
    m: Array.from({ length: rows }, (_, c) =>
      (x.m[at(x, c)] ?? []).map((value, k) => value + sign * (y.m[at(y, c)]?.[k] ?? 0)),
    ),
    b: Array.from({ length: rows }, (_, c) => (x.b[at(x, c)] ?? 0) + sign * (y.b[at(y, c)] ?? 0)),
  };
}

/** The old channels of all parts, one part after the other, over the base that they share: Concat. */
export function stack(parts: readonly Affine[]): Affine {
  return { m: parts.flatMap((part) => part.m), b: parts.flatMap((part) => part.b) };
}

/** Places a map's columns at `offset` among `columns` columns. */
export function widen(affine: Affine, offset: number, columns: number): Affine {
  return {
    m: affine.m.map((row) => {
      const wide = new Array<number>(columns).fill(0);
      row.forEach((value, k) => {
        wide[offset + k] = value;
      });
      return wide;
    }),
    b: affine.b,
  };
}

/**
 * The map along an axis that holds `outer · C · inner` elements: `outer` blocks of the map, each entry `inner` times on
 * the diagonal.
 */
export function spread(a: Affine, outer: number, inner: number): Affine {
  if (outer === 1 && inner === 1) return a;
  const channels = columnCount(a.m);
  const width = outer * channels * inner;
  const rows: number[][] = [];
  const b: number[] = [];
  for (let o = 0; o < outer; o++) {
    a.m.forEach((row, c) => {
      for (let i = 0; i < inner; i++) {
        const wide = new Array<number>(width).fill(0);
        row.forEach((value, k) => {
          wide[(o * channels + k) * inner + i] = value;
        });
        rows.push(wide);
        b.push(a.b[c] ?? 0);
      }
    });
  }
  return { m: rows, b };
}

/**
 * For a selection: how often each base channel is copied when that is the same for all, else null. Then mean and
 * deviation over all channels stay.
 */
export function evenUse(affine: Affine): number | null {
  const columns = columnCount(affine.m);
  const counts = new Array<number>(columns).fill(0);
  for (const lane of lanes(affine)) counts[lane] = (counts[lane] ?? 0) + 1;
  return isSelection(affine) && counts.every((count) => count === counts[0]) ? (counts[0] ?? null) : null;
}

/** Every base channel is one old channel, in some order. */
export function isPermutation(affine: Affine): boolean {
  return evenUse(affine) === 1 && affine.m.length === columnCount(affine.m);
}

/** `outer ∘ inner`: the old channels as a function of the inner map's base. */
export function compose(outer: Affine, inner: Affine): Affine {
  const columns = columnCount(inner.m);
  return {
    m: outer.m.map((row) =>
      Array.from({ length: columns }, (_, k) =>
        row.reduce((sum, value, c) => (value === 0 ? sum : sum + value * (inner.m[c]?.[k] ?? 0)), 0),
      ),
    ),
    b: outer.m.map((row, r) =>
      row.reduce((sum, value, c) => (value === 0 ? sum : sum + value * (inner.b[c] ?? 0)), outer.b[r] ?? 0),
    ),
  };
}

/**
 * A vector u with `m · u = b`, or null when there is none: Gaussian elimination with partial pivoting,
 * checked by putting the result back in. With it, `m·x + b = m·(x + u)`.
 */
export function shiftBeforeMap(affine: Affine): number[] | null {
  const rows = affine.m.map((row, r) => [...row, affine.b[r] ?? 0]);
  const columns = columnCount(affine.m);
  const pivots = eliminate(rows, columns);
  const u = new Array<number>(columns).fill(0);
  pivots.forEach((pivot, r) => {
    u[pivot] = (rows[r]?.[columns] ?? 0) / (rows[r]?.[pivot] ?? 1);
  });
  const scale = Math.max(1, ...affine.b.map(Math.abs));
  const fits = affine.m.every((row, r) => {
    const product = row.reduce((sum, value, k) => sum + value * (u[k] ?? 0), 0);
    return Math.abs(product - (affine.b[r] ?? 0)) <= SOLVED_WITHIN * scale;
  });
  return fits && u.every(Number.isFinite) ? u : null;
}

/**
 * Brings the augmented rows `[m | b]` into reduced form, in place. Gives each pivot's column, for rows that have one.
 */
function eliminate(rows: number[][], columns: number): number[] {
  const pivots: number[] = [];
  for (let k = 0; k < columns && pivots.length < rows.length; k++) {
    const top = pivots.length;
    const best = largestFrom(rows, top, k);
    const pivot = rows[best];
    const first = rows[top];
    if (!pivot || !first || Math.abs(pivot[k] ?? 0) < SMALLEST_PIVOT) continue;
    rows[best] = first;
    rows[top] = pivot;
    for (const row of rows) if (row !== pivot) subtractAt(row, pivot, k);
    pivots.push(k);
  }
  return pivots;
}

/** The row, from `top` on, whose entry in column `k` is largest. */
function largestFrom(rows: readonly (readonly number[])[], top: number, k: number): number {
  let best = top;
  for (let r = top + 1; r < rows.length; r++)
    if (Math.abs(rows[r]?.[k] ?? 0) > Math.abs(rows[best]?.[k] ?? 0)) best = r;
  return best;
}

/** Takes so much of the pivot's row away that column `k` becomes zero. */
function subtractAt(row: number[], pivot: readonly number[], k: number): void {
  const factor = (row[k] ?? 0) / (pivot[k] ?? 1);
  for (let j = k; j < row.length; j++) row[j] = (row[j] ?? 0) - factor * (pivot[j] ?? 0);
}
