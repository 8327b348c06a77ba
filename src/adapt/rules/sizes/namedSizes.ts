import { connectionsOf } from '../../../graph/connections.ts';
import { readExpression } from '../../../graph/sizes/readExpression.ts';
import type { Dim, Node } from '../../../formats/onnx/model.ts';
import type { Walk } from '../../flow/walk.ts';

/** A product of dims: a number times named sizes. */
export interface Monomial {
  readonly n: number;
  readonly symbols: readonly string[];
}

/** A size as far as it is known: a dim, or a product such as half a named size. */
export type Size = Dim | Monomial;

export const ONE: Monomial = { n: 1, symbols: [] };
/** Shape arithmetic is short; more steps than this are not followed. */
const MAX_STEPS = 64;
/** Operators that give a single number as they get it. */
const HANDS_ON = new Set(['Cast', 'Identity', 'Unsqueeze', 'Squeeze', 'Reshape']);

/**
 * The product with one more size. An unknown size counts as a name of its own, made of `index`, so that it equals
 * itself alone.
 */
export function timesSize(monomial: Monomial, size: Size, index: number): Monomial {
  if (typeof size === 'number') return { n: monomial.n * size, symbols: monomial.symbols };
  if (typeof size === 'object' && size !== null)
    return { n: monomial.n * size.n, symbols: [...monomial.symbols, ...size.symbols].sort() };
  const [term, ...more] = size === null ? [] : readExpression(size).terms;
  // Half a named size is a product; a sum is a name of its own.
  if (term && !more.length && size !== null)
    return {
      n: (monomial.n * term.n) / readExpression(size).den,
      symbols: [...monomial.symbols, ...term.atoms].sort(),
    };
  return { n: monomial.n, symbols: [...monomial.symbols, size ?? `?${index}`].sort() };
}

/** How far apart factors may be that a division of sizes gave: a few roundings of float64. */
const SAME_WITHIN = 1e-9;

/** The same names, and the same number but for rounding. */
export function sameMonomial(x: Monomial, y: Monomial): boolean {
  return Math.abs(x.n - y.n) < SAME_WITHIN * Math.abs(y.n) && x.symbols.join('\n') === y.symbols.join('\n');
}

/** The size as a dim: a number or one name; null for a product of them. */
export function dimOf(size: Size): Dim {
  if (typeof size !== 'object' || size === null) return size;
  if (size.symbols.length === 0 && Number.isSafeInteger(size.n)) return size.n;
  return size.n === 1 && size.symbols.length === 1 && !size.symbols[0]?.startsWith('?')
    ? (size.symbols[0] ?? null)
    : null;
}

/** The entries of a vector of sizes that are still open, read from the arithmetic on Shape that makes them. */
export async function namedSizes(walk: Walk, vector: string, target: readonly Dim[]): Promise<Size[]> {
  if (target.every((dim) => dim !== null)) return [...target];
  const { makers } = connectionsOf(walk.graph.nodes);
  let at = vector;
  for (let i = 0; i < MAX_STEPS && ['Cast', 'Identity'].includes(makers.get(at)?.opType ?? ''); i++)
    at = makers.get(at)?.inputs[0] ?? '';
  const concat = makers.get(at);
  if (concat?.opType !== 'Concat' || concat.inputs.length !== target.length) return [...target];
  const sizes: Size[] = [];
  for (const [i, part] of concat.inputs.entries()) sizes.push(target[i] ?? (await sizeOf(walk, makers, part)));
  return sizes;
}

/** A size, and the power in which it goes into a product. */
interface Factor {
  readonly name: string;
  readonly power: number;
}

/**
 * One size behind Cast, Unsqueeze, Squeeze and Reshape: an entry of a Shape, times or through constants. Null where it
 * is anything else.
 */
async function sizeOf(walk: Walk, makers: ReadonlyMap<string, Node>, name: string): Promise<Monomial | null> {
  let product = ONE;
  const open: Factor[] = [{ name, power: 1 }];
  let steps = 0;
  for (let next = open.pop(); next; next = open.pop()) {
    if (steps++ > MAX_STEPS) return null;
    const value = await walk.known.constants.value(next.name);
    if (value) {
      if (value.values.length !== 1) return null;
      product = { ...product, n: product.n * (value.values[0] ?? NaN) ** next.power };
      continue;
    }
    const node = makers.get(next.name);
    if (!node || node.domain !== '') return null;
    const factors = await factorsOf(walk, node, next.power);
    if (factors) {
      open.push(...factors);
      continue;
    }
    const dim = next.power === 1 ? await shapeEntry(walk, makers, node) : null;
    if (dim === null) return null;
    product = timesSize(product, dim, 0);
  }
  return Number.isFinite(product.n) ? product : null;
}

/** What a node multiplies, divides or hands on; null for other nodes. */
async function factorsOf(walk: Walk, node: Node, power: number): Promise<Factor[] | null> {
  const [a = '', b = ''] = node.inputs;
  if (HANDS_ON.has(node.opType)) return [{ name: a, power }];
  if (node.opType === 'Mul') return [a, b].map((name) => ({ name, power }));
  const divides = node.opType === 'Div' && (await walk.known.constants.value(b)) !== null;
  return divides ? [a, b].map((name, i) => ({ name, power: i === 0 ? power : -power })) : null;
}

async function shapeEntry(walk: Walk, makers: ReadonlyMap<string, Node>, node: Node): Promise<Dim> {
  if (node.opType !== 'Gather' && node.opType !== 'Slice') return null;
  const { constants } = walk.known;
  const [data = '', indices = '', ends = ''] = node.inputs;
  const shape = makers.get(data);
  if (shape?.opType !== 'Shape' || shape.attributes.length) return null;
  const dims = walk.dimsOf(shape.inputs[0] ?? '');
  const index = await constants.value(indices);
  if (!dims || index?.values.length !== 1) return null;
  const i = index.values[0] ?? 0;
  const at = i < 0 ? i + dims.length : i;
  const takesOne = node.opType === 'Gather' || (await constants.value(ends))?.values[0] === at + 1;
  return takesOne ? (dims[at] ?? null) : null;
}
