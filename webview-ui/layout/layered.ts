import { placeColumns } from './columns.ts';
import type { LayoutInput } from './columns.ts';
import { groupedBy } from './grouped.ts';
import { rankNodes } from './ranks.ts';
import { routeEdges } from './routes.ts';
import type { Routes } from './routes.ts';
import type { Spacing } from './spacing.ts';

/** Lines less askew than this, in pixels, are upright. */
const UPRIGHT = 0.5;

export interface Layout extends Routes {
  /** Top-left corner of each box. */
  x: Float64Array;
  y: Float64Array;
  width: number;
  height: number;
}

/**
 * Layered placement, top to bottom: a pure function of sizes and edges. Deterministic, no recursion, no node added for
 * a long edge.
 */
export function layoutGraph(input: LayoutInput): Layout {
  const length = input.w.length;
  const out = groupedBy(input.from, length);
  const into = groupedBy(input.to, length);
  const { rank, depth, rows: count } = rankNodes(length, { from: input.from, to: input.to, out, into, pin: input.pin });
  const rows = groupedBy(rank, count);
  const x = placeColumns({ g: input, out, into, rows, rank, depth });
  const y = new Float64Array(length);
  const top = new Float64Array(count);
  const bottom = new Float64Array(count);
  const gaps = gapsBelow(input, rank, x, count);
  let at = 0;
  const pinOf = (box: number | undefined): number => (box === undefined ? 0 : (input.pin?.[box] ?? 0));
  for (let r = 0; r < count; r++) {
    const row = rows.list.subarray(rows.start[r]!, rows.start[r + 1]!);
    let tall = 0;
    for (const v of row) tall = Math.max(tall, input.h[v]!);
    top[r] = at;
    bottom[r] = at + tall;
    for (const v of row) y[v] = at + (tall - input.h[v]!) / 2;
    const next = rows.list[rows.start[r + 1]!];
    const ports = pinOf(row[0]) === -1 || pinOf(next) === 1;
    at += tall + gapSize(input.spacing, ports, gaps[r]!);
  }
  const drop = Float64Array.from(gaps, (uses) => dropBelow(input.spacing, uses));
  const routes = routeEdges(input, { rank, rows, x, y, top, bottom, drop });
  return normalise(input, x, y, routes);
}

/** What lines do in the gap below a row; added up. */
const LABELLED = 1;
const LEAVES = 2;
const ARRIVES = 4;
const BENDS = 8;

function gapSize(spacing: Spacing, ports: boolean, uses: number): number {
  const bent = (uses & ARRIVES) !== 0;
  // A lane leaves within any gap but that of a port.
  if (ports) return bent || (uses & (LEAVES | BENDS)) !== 0 ? spacing.portBend : spacing.port;
  if ((uses & LABELLED) !== 0) return (bent ? spacing.bend : spacing.straight) + dropBelow(spacing, uses);
  return bent ? spacing.quietBend : spacing.quiet;
}

function dropBelow(spacing: Spacing, uses: number): number {
  return (uses & LEAVES) === 0 ? 0 : spacing.drop;
}

/**
 * What the gap below each row must hold: labels of lines from the row, lanes that leave it, and lines that bend before
 * the next row. A line over several rows may take a lane.
 */
function gapsBelow(input: LayoutInput, rank: Int32Array, x: Float64Array, rows: number): Uint8Array {
  const gaps = new Uint8Array(rows);
  for (let e = 0; e < input.from.length; e++) {
    const [u, v] = [input.from[e]!, input.to[e]!];
    if (!input.labelled || input.labelled[e]) gaps[rank[u]!]! |= LABELLED;
    const askew = Math.abs(x[u]! + input.fromOffset[e]! - x[v]! - input.toOffset[e]!) > UPRIGHT;
    const isNext = rank[v] === rank[u]! + 1;
    if (!askew && isNext) continue;
    gaps[rank[u]!]! |= isNext ? BENDS : LEAVES;
    gaps[Math.max(0, rank[v]! - 1)]! |= ARRIVES;
  }
  return gaps;
}

/** Moves everything so that the picture starts at 0, 0, and turns middles into corners. */
function normalise(input: LayoutInput, x: Float64Array, y: Float64Array, routes: Routes): Layout {
  let [minX, minY, maxX, maxY] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let v = 0; v < x.length; v++) {
    x[v]! -= input.w[v]! / 2;
    minX = Math.min(minX, x[v]!);
    minY = Math.min(minY, y[v]!);
    maxX = Math.max(maxX, x[v]! + input.w[v]!);
    maxY = Math.max(maxY, y[v]! + input.h[v]!);
  }
  const { points, labels } = routes;
  for (let i = 0; i < points.length; i += 2) {
    minX = Math.min(minX, points[i]!);
    maxX = Math.max(maxX, points[i]!);
    minY = Math.min(minY, points[i + 1]!);
    maxY = Math.max(maxY, points[i + 1]!);
  }
  if (x.length === 0) [minX, minY, maxX, maxY] = [0, 0, 0, 0];
  for (let v = 0; v < x.length; v++) {
    x[v]! -= minX;
    y[v]! -= minY;
  }
  for (const list of [points, labels]) {
    for (let i = 0; i < list.length; i += 2) {
      list[i]! -= minX;
      list[i + 1]! -= minY;
    }
  }
  return { x, y, points, start: routes.start, labels, width: maxX - minX, height: maxY - minY };
}
