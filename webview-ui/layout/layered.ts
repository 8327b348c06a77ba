import { makeRows, placeColumns } from './columns.ts';
import type { LayoutInput } from './columns.ts';
import { edgesBy, rankNodes } from './ranks.ts';
import { routeEdges } from './routes.ts';
import type { Routes } from './routes.ts';

const ROW_GAP = 56;
/** A gap with nothing to label or bend in it can be small. */
const PORT_GAP = 30;

export interface Layout extends Routes {
  /** Top-left corner of each box. */
  x: Float64Array;
  y: Float64Array;
  width: number;
  height: number;
}

/** Layered placement, top to bottom: a pure function of sizes and edges. Deterministic, no recursion, no node added for a long edge. */
export function layoutGraph(g: LayoutInput): Layout {
  const n = g.w.length;
  const out = edgesBy(n, g.from);
  const into = edgesBy(n, g.to);
  const { rank, depth, rows: count } = rankNodes(n, g.from, g.to, out, into, g.pin);
  const rows = makeRows(rank, count);
  const x = placeColumns(g, out, into, rows, rank, depth);
  const y = new Float64Array(n);
  const top = new Float64Array(count);
  const bottom = new Float64Array(count);
  let at = 0;
  for (let r = 0; r < count; r++) {
    const row = rows.list.subarray(rows.start[r]!, rows.start[r + 1]!);
    let tall = 0;
    for (const v of row) tall = Math.max(tall, g.h[v]!);
    top[r] = at;
    bottom[r] = at + tall;
    for (const v of row) y[v] = at + (tall - g.h[v]!) / 2;
    const next = rows.list[rows.start[r + 1]!];
    const ports =
      g.pin !== null && ((row[0] !== undefined && g.pin[row[0]] === -1) || (next !== undefined && g.pin[next] === 1));
    at += tall + (ports ? PORT_GAP : ROW_GAP);
  }
  const routes = routeEdges(g, { rank, rows, x, y, top, bottom });
  return normalise(g, x, y, routes);
}

/** Moves everything so that the picture starts at 0, 0, and turns middles into corners. */
function normalise(g: LayoutInput, x: Float64Array, y: Float64Array, routes: Routes): Layout {
  let [minX, minY, maxX, maxY] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let v = 0; v < x.length; v++) {
    x[v]! -= g.w[v]! / 2;
    minX = Math.min(minX, x[v]!);
    minY = Math.min(minY, y[v]!);
    maxX = Math.max(maxX, x[v]! + g.w[v]!);
    maxY = Math.max(maxY, y[v]! + g.h[v]!);
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
