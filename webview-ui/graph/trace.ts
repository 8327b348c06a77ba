import type { FlatGraph } from './items.ts';

/** Part of a graph that a reader follows: the items on the way, and the links between them. */
export interface Trace {
  readonly items: ReadonlySet<number>;
  readonly links: readonly number[];
}

export type Direction = 'inputs' | 'outputs';

/** Links by the item at one of their ends. */
function linksBy(flat: FlatGraph, end: 'from' | 'to'): number[][] {
  const byItem: number[][] = flat.items.map(() => []);
  flat.links.forEach((link, i) => byItem[link[end]]!.push(i));
  return byItem;
}

/** Everything between some items and the graph's inputs, or its outputs. */
export function traceAll(flat: FlatGraph, starts: readonly number[], direction: Direction): Trace {
  const [near, far] = direction === 'inputs' ? (['to', 'from'] as const) : (['from', 'to'] as const);
  const leaving = linksBy(flat, near);
  const items = new Set(starts);
  const links: number[] = [];
  // A set gives what is added while it is walked, so this reaches all.
  for (const item of items) {
    for (const link of leaving[item]!) {
      links.push(link);
      items.add(flat.links[link]![far]);
    }
  }
  return { items, links };
}

/**
 * A shortest way from one item to another along the data's direction, tried both ways round; null where there is none.
 */
export function shortestPath(flat: FlatGraph, one: number, other: number): Trace | null {
  return pathDown(flat, one, other) ?? pathDown(flat, other, one);
}

function pathDown(flat: FlatGraph, start: number, goal: number): Trace | null {
  const leaving = linksBy(flat, 'from');
  const cameBy = new Map<number, number>([[start, -1]]);
  for (const item of cameBy.keys()) {
    if (item === goal) break;
    for (const link of leaving[item]!) {
      const next = flat.links[link]!.to;
      if (!cameBy.has(next)) cameBy.set(next, link);
    }
  }
  if (!cameBy.has(goal)) return null;
  const items = new Set([goal]);
  const links: number[] = [];
  for (let link = cameBy.get(goal) ?? -1; link >= 0; link = cameBy.get(flat.links[link]!.from) ?? -1) {
    links.push(link);
    items.add(flat.links[link]!.from);
  }
  return { items, links };
}
