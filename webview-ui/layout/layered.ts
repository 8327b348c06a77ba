/** Layered placement: a pure function of sizes and edges, with no recursion and no dummy nodes. */

export interface Size {
  w: number;
  h: number;
}
export interface Point {
  x: number;
  y: number;
}
export interface LayoutEdge {
  from: number;
  to: number;
}
export interface Route {
  points: Point[];
  /** Where a shape label sits: on the vertical run just below the source. */
  label: Point;
  span: number;
}
export interface Layout {
  /** Top-left corner of each box. */
  boxes: Point[];
  routes: Route[];
  width: number;
  height: number;
}

const ROW_GAP = 64;
const COLUMN_GAP = 36;
const LANE_GAP = 16;
const EXIT = 10;
const LABEL = 27;
const BEND = 43;
const ENTRY = 54;
/** A skip drops straight down beside other boxes only when this few ranks must be checked. */
const STRAIGHT_LIMIT = 48;

interface Adjacency {
  preds: number[][];
  succs: number[][];
}

/** Kahn's algorithm; when only cycles remain, the lowest unplaced node goes next, so some edges run backwards. */
function topologicalOrder(n: number, { preds, succs }: Adjacency): number[] {
  const missing = preds.map((p) => p.length);
  const placed = new Uint8Array(n);
  const order: number[] = [];
  for (let i = 0; i < n; i++) {
    if (missing[i] === 0) {
      placed[i] = 1;
      order.push(i);
    }
  }
  let head = 0;
  let next = 0;
  while (order.length < n || head < order.length) {
    if (head === order.length) {
      while (placed[next]) next++;
      placed[next] = 1;
      order.push(next);
    }
    for (const to of succs[order[head++]!]!) {
      missing[to]!--;
      if (missing[to]! <= 0 && !placed[to]) {
        placed[to] = 1;
        order.push(to);
      }
    }
  }
  return order;
}

function rankNodes(n: number, adj: Adjacency): { rank: Int32Array; depth: Int32Array } {
  const order = topologicalOrder(n, adj);
  const position = new Int32Array(n);
  order.forEach((node, i) => (position[node] = i));
  const rank = new Int32Array(n);
  const depth = new Int32Array(n);
  for (const u of order) {
    for (const v of adj.succs[u]!) {
      if (position[v]! > position[u]!) rank[v] = Math.max(rank[v]!, rank[u]! + 1);
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    const u = order[i]!;
    let first = Infinity;
    for (const v of adj.succs[u]!) {
      if (position[v]! <= i) continue;
      depth[u] = Math.max(depth[u]!, depth[v]! + 1);
      first = Math.min(first, rank[v]!);
    }
    // Sources such as constants belong beside their reader, not at the top of the page.
    if (adj.preds[u]!.length === 0 && first !== Infinity) rank[u] = Math.max(0, first - 1);
  }
  return { rank, depth };
}

function median(values: number[]): number {
  if (values.length === 0) return 0;
  values.sort((a, b) => a - b);
  const mid = values.length >> 1;
  return values.length % 2 ? values[mid]! : (values[mid - 1]! + values[mid]!) / 2;
}

/** Centre x of every box. The node with most still below it continues its column; its neighbours make room. */
function placeColumns(rows: number[][], sizes: readonly Size[], adj: Adjacency, rank: Int32Array, depth: Int32Array): Float64Array {
  const x = new Float64Array(sizes.length);
  for (const row of rows) {
    const wish = new Map<number, number>();
    let anchor = row[0]!;
    let anchorPred = -1;
    for (const v of row) {
      const above = adj.preds[v]!.filter((p) => rank[p]! < rank[v]!);
      const main = above.reduce((best, p) => (best < 0 || rank[p]! > rank[best]! || (rank[p] === rank[best] && x[p]! < x[best]!) ? p : best), -1);
      wish.set(v, above.length === 0 ? NaN : median(above.map((p) => x[p]!)));
      const longer = depth[v]! > depth[anchor]!;
      const fed = depth[v] === depth[anchor] && main >= 0 && anchorPred < 0;
      if (v === row[0] || longer || fed) {
        anchor = v;
        anchorPred = main;
      }
    }
    wish.set(anchor, anchorPred >= 0 ? x[anchorPred]! : 0);
    const base = wish.get(anchor)!;
    for (const v of row) {
      // A source with no predecessor stands to the right, clear of the main column.
      if (Number.isNaN(wish.get(v)!)) wish.set(v, base + 1);
    }
    const ordered = [...row].sort((a, b) => wish.get(a)! - wish.get(b)! || (a === anchor ? -1 : b === anchor ? 1 : depth[b]! - depth[a]! || a - b));
    const at = ordered.indexOf(anchor);
    x[anchor] = base;
    for (let i = at + 1; i < ordered.length; i++) {
      const v = ordered[i]!;
      const p = ordered[i - 1]!;
      x[v] = Math.max(wish.get(v)!, x[p]! + (sizes[p]!.w + sizes[v]!.w) / 2 + COLUMN_GAP);
    }
    for (let i = at - 1; i >= 0; i--) {
      const v = ordered[i]!;
      const p = ordered[i + 1]!;
      x[v] = Math.min(wish.get(v)!, x[p]! - (sizes[p]!.w + sizes[v]!.w) / 2 - COLUMN_GAP);
    }
  }
  return x;
}

export function layoutGraph(sizes: readonly Size[], edges: readonly LayoutEdge[]): Layout {
  const n = sizes.length;
  if (n === 0) return { boxes: [], routes: edges.map(() => ({ points: [], label: { x: 0, y: 0 }, span: 0 })), width: 0, height: 0 };
  const adj: Adjacency = { preds: sizes.map(() => []), succs: sizes.map(() => []) };
  for (const { from, to } of edges) {
    if (from === to) continue;
    adj.succs[from]!.push(to);
    adj.preds[to]!.push(from);
  }
  const { rank, depth } = rankNodes(n, adj);
  const rows: number[][] = [];
  for (let i = 0; i < n; i++) (rows[rank[i]!] ??= []).push(i);
  for (let r = 0; r < rows.length; r++) rows[r] ??= [];
  const filled = rows.map((row) => row.length > 0);
  const x = placeColumns(rows.filter((_, r) => filled[r]), sizes, adj, rank, depth);

  const top = new Float64Array(rows.length);
  const bottom = new Float64Array(rows.length);
  const right = new Float64Array(rows.length).fill(-Infinity);
  let y = 0;
  rows.forEach((row, r) => {
    let tall = 0;
    for (const v of row) {
      tall = Math.max(tall, sizes[v]!.h);
      right[r] = Math.max(right[r]!, x[v]! + sizes[v]!.w / 2);
    }
    top[r] = y;
    bottom[r] = y + tall;
    y += tall + (row.length > 0 ? ROW_GAP : 0);
  });
  const boxes = sizes.map((s, i) => {
    const r = rank[i]!;
    return { x: x[i]! - s.w / 2, y: (top[r]! + bottom[r]! - s.h) / 2 };
  });

  const routes = routeEdges({ sizes, edges, rank, rows, x, boxes, top, bottom, right });
  return normalise(boxes, sizes, routes);
}

interface Placed {
  sizes: readonly Size[];
  edges: readonly LayoutEdge[];
  rank: Int32Array;
  rows: number[][];
  x: Float64Array;
  boxes: Point[];
  top: Float64Array;
  bottom: Float64Array;
  right: Float64Array;
}

function routeEdges(p: Placed): Route[] {
  const { sizes, edges, rank, x, boxes, top, bottom } = p;
  const routes: Route[] = new Array<Route>(edges.length);
  const bySource = new Map<number, { lo: number; hi: number; list: number[] }>();
  edges.forEach(({ from, to }, i) => {
    const a = rank[from]!;
    const b = rank[to]!;
    const start = { x: x[from]!, y: boxes[from]!.y + sizes[from]!.h };
    const end = { x: x[to]!, y: boxes[to]!.y };
    const label = { x: start.x, y: bottom[a]! + LABEL };
    if (b === a + 1 || (b > a && clearBelow(p, start.x, a, b))) {
      const bend = top[b]! - ROW_GAP + BEND;
      const points = start.x === end.x ? [start, end] : [start, { x: start.x, y: bend }, { x: end.x, y: bend }, end];
      routes[i] = { points, label, span: b - a };
      return;
    }
    const lo = Math.min(a + 1, b);
    const hi = Math.max(b - 1, a);
    const group = bySource.get(from);
    if (!group) bySource.set(from, { lo, hi, list: [i] });
    else {
      group.lo = Math.min(group.lo, lo);
      group.hi = Math.max(group.hi, hi);
      group.list.push(i);
    }
  });

  // One lane per source, short spans innermost, so nested skips nest on the page instead of crossing.
  const used = p.right.slice();
  const groups = [...bySource].sort(([u, g], [v, h]) => g.hi - g.lo - (h.hi - h.lo) || g.lo - h.lo || u - v);
  for (const [from, group] of groups) {
    let lane = x[from]! + sizes[from]!.w * 0.3;
    for (let r = group.lo; r <= group.hi; r++) lane = Math.max(lane, used[r]! + LANE_GAP);
    for (let r = group.lo; r <= group.hi; r++) used[r] = lane;
    const a = rank[from]!;
    const sx = x[from]! + sizes[from]!.w * 0.3;
    const leave = bottom[a]! + EXIT;
    for (const i of group.list) {
      const { to } = edges[i]!;
      const tx = x[to]! + sizes[to]!.w * 0.3;
      const enter = top[rank[to]!]! - ROW_GAP + ENTRY;
      routes[i] = {
        points: [
          { x: sx, y: boxes[from]!.y + sizes[from]!.h },
          { x: sx, y: leave },
          { x: lane, y: leave },
          { x: lane, y: enter },
          { x: tx, y: enter },
          { x: tx, y: boxes[to]!.y },
        ],
        label: { x: lane, y: bottom[a]! + LABEL },
        span: Math.abs(rank[to]! - a) + 1,
      };
    }
  }
  return routes;
}

function clearBelow(p: Placed, x: number, a: number, b: number): boolean {
  if (b - a > STRAIGHT_LIMIT) return false;
  for (let r = a + 1; r < b; r++) {
    for (const v of p.rows[r]!) {
      if (Math.abs(p.x[v]! - x) < p.sizes[v]!.w / 2 + LANE_GAP / 2) return false;
    }
  }
  return true;
}

function normalise(boxes: Point[], sizes: readonly Size[], routes: Route[]): Layout {
  let minX = Infinity;
  let minY = Infinity;
  let maxX = -Infinity;
  let maxY = -Infinity;
  const grow = (px: number, py: number): void => {
    minX = Math.min(minX, px);
    minY = Math.min(minY, py);
    maxX = Math.max(maxX, px);
    maxY = Math.max(maxY, py);
  };
  boxes.forEach((box, i) => {
    grow(box.x, box.y);
    grow(box.x + sizes[i]!.w, box.y + sizes[i]!.h);
  });
  for (const route of routes) for (const point of route.points) grow(point.x, point.y);
  const shift = (point: Point): Point => ({ x: point.x - minX, y: point.y - minY });
  return {
    boxes: boxes.map(shift),
    routes: routes.map((r) => ({ points: r.points.map(shift), label: shift(r.label), span: r.span })),
    width: maxX - minX,
    height: maxY - minY,
  };
}
