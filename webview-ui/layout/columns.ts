import type { Grouped } from './grouped.ts';
import type { Spacing } from './spacing.ts';

const MAX_SHIFT = 700;

export interface LayoutInput {
  /** Box sizes by node. */
  w: Float64Array;
  h: Float64Array;
  /** Edges by index; offsets are where they attach, measured from the box's middle. */
  from: Int32Array;
  to: Int32Array;
  fromOffset: Float64Array;
  toOffset: Float64Array;
  /** 1 where an edge goes on inside the box it comes from, or goes to: it attaches at its offset and nowhere else. */
  fromFixed: Uint8Array;
  toFixed: Uint8Array;
  /** -1 for an entrance in the first row, 1 for an exit in the last, else 0. Null when there are none. */
  pin: Int8Array | null;
  /** 1 where an edge is labelled; null when all are. */
  labelled: Uint8Array | null;
  spacing: Spacing;
}

/** A graph with its nodes in rows. */
export interface Ranked {
  readonly g: LayoutInput;
  /** Edges by the node that they leave, and that they enter. */
  readonly out: Grouped;
  readonly into: Grouped;
  /** Nodes of each row, left to right. */
  readonly rows: Grouped;
  readonly rank: Int32Array;
  readonly depth: Int32Array;
}

/** Middles of boxes, where they would like to be, and where the main path would put them; filled row by row. */
interface Wishes {
  readonly x: Float64Array;
  readonly wish: Float64Array;
  readonly main: Float64Array;
}

/** Sorts the anchor before what wishes for the same place. */
function anchorFirst(a: number, b: number, anchor: number): number {
  if (a === anchor) return -1;
  return b === anchor ? 1 : 0;
}

/**
 * Middle x of every box, row by row. The node with the longest way still to go continues its parent's column exactly,
 * so the main path is straight; the others stand where their parents are and make room. Sorts each row of `rows` left
 * to right.
 */
export function placeColumns(ranked: Ranked): Float64Array {
  const { g: input, rows, rank, depth } = ranked;
  const x = new Float64Array(rank.length);
  const wish = new Float64Array(rank.length);
  const main = new Float64Array(rank.length);
  for (let r = 0; r + 1 < rows.start.length; r++) {
    const row = rows.list.subarray(rows.start[r]!, rows.start[r + 1]!);
    if (row.length === 0) continue;
    let anchor = row[0]!;
    for (const v of row) {
      wishOf(v, ranked, { x, wish, main });
      const fed = !Number.isNaN(main[v]!) && Number.isNaN(main[anchor]!);
      if (depth[v]! > depth[anchor]! || (depth[v] === depth[anchor] && fed)) anchor = v;
    }
    wish[anchor] = Number.isNaN(main[anchor]!) ? 0 : main[anchor]!;
    // What reads nothing stands to the right of the main column.
    for (const v of row) if (Number.isNaN(wish[v]!)) wish[v] = wish[anchor]! + 1;
    if (row.length > 1)
      row.sort((a, b) => wish[a]! - wish[b]! || anchorFirst(a, b, anchor) || depth[b]! - depth[a]! || a - b);
    spread(row, anchor, { wish, w: input.w, x, gap: input.spacing.column });
  }
  alignFirstRow(ranked, x);
  return x;
}

/** What stands in the first row has no parents to go by; it is put above its readers instead. */
function alignFirstRow({ g: input, out, rows, rank, depth }: Ranked, x: Float64Array): void {
  const row = rows.list.subarray(0, rows.start[1] ?? 0);
  if (row.length === 0) return;
  const wish = new Float64Array(x.length);
  let anchor = row[0]!;
  for (const v of row) {
    // Of entrances that lead equally far the last is the nearest tensor's: the main path comes in there.
    if (depth[v]! > depth[anchor]! || (depth[v] === depth[anchor] && input.pin?.[v] === -1)) anchor = v;
    let near = Infinity;
    wish[v] = x[v]!;
    for (let i = out.start[v]!; i < out.start[v + 1]!; i++) {
      const e = out.list[i]!;
      const to = input.to[e]!;
      if (rank[to]! >= near) continue;
      near = rank[to]!;
      wish[v] = x[to]! + input.toOffset[e]! - input.fromOffset[e]!;
    }
  }
  row.sort((a, b) => wish[a]! - wish[b]! || anchorFirst(a, b, anchor) || a - b);
  spread(row, anchor, { wish, w: input.w, x, gap: input.spacing.column });
}

/** Filled anew for every node. */
const PLACES: number[] = [];

/**
 * Where v would like to be: `wish` the median of its parents, `main` straight below the nearest of them. NaN when it
 * has none.
 */
function wishOf(value: number, { g: input, into, rank }: Ranked, { x, wish, main }: Wishes): void {
  PLACES.length = 0;
  let nearest = -1;
  main[value] = NaN;
  for (let i = into.start[value]!; i < into.start[value + 1]!; i++) {
    const e = into.list[i]!;
    const u = input.from[e]!;
    if (rank[u]! >= rank[value]!) continue;
    const shift = input.fromOffset[e]! - input.toOffset[e]!;
    // Only a small shift may be made good by moving the box: on a long chain they would add up, and the page would
    // lean.
    const place = x[u]! + (Math.abs(shift) <= MAX_SHIFT ? shift : 0);
    PLACES.push(place);
    if (rank[u]! > nearest || (rank[u] === nearest && place < main[value]!)) {
      nearest = rank[u]!;
      main[value] = place;
    }
  }
  const count = PLACES.length;
  if (count > 2) PLACES.sort((a, b) => a - b);
  const mid = count >> 1;
  if (count === 0) wish[value] = NaN;
  else if (count % 2 === 1) wish[value] = PLACES[mid]!;
  else wish[value] = (PLACES[mid - 1]! + PLACES[mid]!) / 2;
}

/** The anchor stands exactly where it wishes; the others as near to their wishes as there is room. */
function spread(
  row: Int32Array,
  anchor: number,
  { wish, w, x, gap }: Pick<Wishes, 'wish' | 'x'> & { w: Float64Array; gap: number },
): void {
  const middle = row.indexOf(anchor);
  x[anchor] = wish[anchor]!;
  for (let i = middle + 1; i < row.length; i++) {
    const [before, v] = [row[i - 1]!, row[i]!];
    x[v] = Math.max(wish[v]!, x[before]! + (w[before]! + w[v]!) / 2 + gap);
  }
  for (let i = middle - 1; i >= 0; i--) {
    const [after, v] = [row[i + 1]!, row[i]!];
    x[v] = Math.min(wish[v]!, x[after]! - (w[after]! + w[v]!) / 2 - gap);
  }
}
