import type { FlatGraph, Link } from './items.ts';

/** Readers whose input's shape is worth a label though it is their output's too. */
const TELLING_KINDS: ReadonlySet<string> = new Set(['layer', 'pool', 'shape', 'output']);

/**
 * Links whose label would only say again what stands below their reader: all readers of the tensor are operators such
 * as Relu and Add that make a tensor of the same shape and type, which others read. 1 by number of link.
 */
export function quietLinks(flat: FlatGraph): Uint8Array {
  const { links, tensors, items } = flat;
  const madeBy = new Array<Link | null>(items.length).fill(null);
  const alike = new Uint8Array(items.length).fill(1);
  for (const link of links) {
    const first = madeBy[link.from];
    if (first && !sameDims(first, link)) alike[link.from] = 0;
    madeBy[link.from] ??= link;
  }
  const said = new Uint8Array(tensors);
  for (const link of links) {
    const made = madeBy[link.to];
    const handsOn = made && alike[link.to] === 1 && sameDims(link, made) && typeOf(flat, link) === typeOf(flat, made);
    if (!handsOn || TELLING_KINDS.has(items[link.to]!.kind)) said[link.tensorId] = 1;
  }
  return Uint8Array.from(links, (link) => {
    const isKnownBelow = items[link.from]!.node !== null && said[link.tensorId] === 0;
    return isKnownBelow || saysNothing(flat, link) ? 1 : 0;
  });
}

/** Nothing is known of its shape, and its type is the usual one or not known either. */
function saysNothing(flat: FlatGraph, link: Link): boolean {
  return !link.dims && [undefined, 'float32'].includes(typeOf(flat, link));
}

function sameDims({ dims: a }: Link, { dims: b }: Link): boolean {
  if (!a || !b) return false;
  return a === b || (a.length === b.length && a.every((dim, axis) => dim === b[axis]));
}

/** Of the tensor that a link carries; undefined where it isn't known. */
function typeOf({ items }: FlatGraph, { from, tensor }: Link): string | undefined {
  return items[from]!.node?.outputs.find(({ name }) => name === tensor)?.dtype;
}
