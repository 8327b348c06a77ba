import type { FlatGraph, Link } from './items.ts';

/** Readers whose input's shape is worth a label though it is their output's too. */
const TELLING_KINDS: ReadonlySet<string> = new Set(['layer', 'pool', 'shape', 'output']);

/**
 * Links whose label would only say again what stands below their reader: all readers of the tensor are operators such
 * as Relu and Add that make a tensor of the same shape and type, which others read. 1 by number of link.
 */
export function quietLinks(flat: FlatGraph): Uint8Array {
  const { links, items } = flat;
  const types = tensorTypes(flat);
  const said = saidTensors(flat, types);
  const quiet = new Uint8Array(links.length);
  links.forEach((link, i) => {
    const isKnownBelow = items[link.from]!.node !== null && said[link.tensorId] === 0;
    if (isKnownBelow || saysNothing(link, types[link.tensorId])) quiet[i] = 1;
  });
  return quiet;
}

/** Tensors whose shape does not stand below every reader: 1 by number of tensor. */
function saidTensors({ links, tensors, items }: FlatGraph, types: readonly (string | undefined)[]): Uint8Array {
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
    const handsOn = made && alike[link.to] === 1 && isSameKind(link, made, types);
    if (!handsOn || TELLING_KINDS.has(items[link.to]!.kind)) said[link.tensorId] = 1;
  }
  return said;
}

function isSameKind(a: Link, b: Link, types: readonly (string | undefined)[]): boolean {
  return types[a.tensorId] === types[b.tensorId] && sameDims(a, b);
}

/** Nothing is known of its shape, and its type is the usual one or not known either. */
function saysNothing({ dims }: Link, type: string | undefined): boolean {
  return !dims && (type === undefined || type === 'float32');
}

function sameDims({ dims: a }: Link, { dims: b }: Link): boolean {
  // Equal shapes are mostly one object: the model comes with each shape once.
  if (a === b) return a !== null;
  if (!a || !b || a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** Element types by number of tensor; undefined where one isn't known. */
function tensorTypes({ links, tensors, items }: FlatGraph): (string | undefined)[] {
  const types = new Array<string | undefined>(tensors).fill(undefined);
  for (const { from, tensor, tensorId } of links)
    for (const { name, dtype } of items[from]!.node?.outputs ?? []) if (name === tensor) types[tensorId] = dtype;
  return types;
}
