import type { Grouped } from './grouped.ts';

// Ranks of a directed graph in typed arrays: no recursion, no node added for a long edge.

/** Kahn's algorithm; when only cycles remain, the lowest unplaced node goes next, so some edges run backwards. */
function topologicalOrder(n: number, from: Int32Array, to: Int32Array, out: Grouped): Int32Array {
  const missing = new Int32Array(n);
  for (let e = 0; e < to.length; e++) if (from[e] !== to[e]) missing[to[e]!]!++;
  const placed = new Uint8Array(n);
  const order = new Int32Array(n);
  let tail = 0;
  const place = (value: number): void => {
    placed[value] = 1;
    order[tail++] = value;
  };
  for (let v = 0; v < n; v++) if (missing[v] === 0) place(v);
  let next = 0;
  for (let head = 0; head < n; head++) {
    if (head === tail) {
      while (placed[next]) next++;
      place(next);
    }
    const u = order[head]!;
    for (let i = out.start[u]!; i < out.start[u + 1]!; i++) {
      const v = to[out.list[i]!]!;
      if (--missing[v]! <= 0 && !placed[v]) place(v);
    }
  }
  return order;
}

/**
 * Edges by index with both ends, by the nodes they leave and enter, and which nodes are held in the first or last row.
 */
export interface Edges {
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly out: Grouped;
  readonly into: Grouped;
  readonly pin: Int8Array | null;
}

export interface Ranks {
  rank: Int32Array;
  /** Length of the longest path that starts here: the main path is where it is greatest. */
  depth: Int32Array;
  rows: number;
}

/**
 * Longest-path ranks. `pin` -1 puts a node in the first row (an entrance of a group), 1 in the last (an exit).
 * A node that reads nothing stands just above its first reader, so constants don't crowd the top.
 */
export function rankNodes(n: number, edges: Edges): Ranks {
  const { pin } = edges;
  const order = topologicalOrder(n, edges.from, edges.to, edges.out);
  const position = new Int32Array(n);
  for (let i = 0; i < n; i++) position[order[i]!] = i;
  const top = pin?.includes(-1) ? 1 : 0;
  const rank = ranksFromTop(edges, { order, position }, top);
  const depth = depthsFromBottom(edges, { order, position }, { rank, top });
  let last = 0;
  for (let v = 0; v < n; v++) if (pin?.[v] !== 1 && rank[v]! > last) last = rank[v]!;
  if (pin) for (let v = 0; v < n; v++) if (pin[v] === 1) rank[v] = last + 1;
  let rows = 0;
  for (let v = 0; v < n; v++) if (rank[v]! >= rows) rows = rank[v]! + 1;
  return { rank, depth, rows };
}

/**
 * Nodes in an order, and the place of each in it. An edge to an earlier place runs backwards and counts for nothing.
 */
interface Sorted {
  readonly order: Int32Array;
  readonly position: Int32Array;
}

/** The longest path from the top; entrances stay at 0, all else starts at `top`. */
function ranksFromTop({ to, out, pin }: Edges, { order, position }: Sorted, top: number): Int32Array {
  const rank = new Int32Array(order.length);
  for (let i = 0; i < order.length; i++) {
    const u = order[i]!;
    if (pin?.[u] === -1) continue;
    if (rank[u]! < top) rank[u] = top;
    for (let k = out.start[u]!; k < out.start[u + 1]!; k++) {
      const v = to[out.list[k]!]!;
      if (position[v]! > i && rank[v]! <= rank[u]!) rank[v] = rank[u]! + 1;
    }
  }
  return rank;
}

/** The longest path to the bottom. On the way, a node that reads nothing is ranked just above its first reader. */
function depthsFromBottom(
  { to, out, into, pin }: Edges,
  { order, position }: Sorted,
  { rank, top }: { readonly rank: Int32Array; readonly top: number },
): Int32Array {
  const depth = new Int32Array(order.length);
  for (let i = order.length - 1; i >= 0; i--) {
    const u = order[i]!;
    let first = Infinity;
    for (let k = out.start[u]!; k < out.start[u + 1]!; k++) {
      const v = to[out.list[k]!]!;
      if (position[v]! <= i) continue;
      if (depth[u]! <= depth[v]!) depth[u] = depth[v]! + 1;
      if (rank[v]! < first) first = rank[v]!;
    }
    const readsNothing = into.start[u] === into.start[u + 1];
    if (readsNothing && first !== Infinity && !pin?.[u]) rank[u] = Math.max(top, first - 1);
  }
  return depth;
}
