import type { Attribute, Graph, Node, Tensor } from '../onnx/model.ts';
import { FLOAT, INT64 } from '../onnx/dtypes.ts';
import { smallFloatPattern, smallFloatValues } from '../onnx/smallFloat.ts';

export interface ConstantValue {
  readonly dtype: number;
  readonly dims: readonly number[];
  readonly values: Float64Array;
  /** The stored tensor, when the constant is one as it stands and not computed from one. */
  readonly stored: Tensor | null;
}

export type Decode = (tensor: Tensor, label: string) => Promise<{ dims: readonly number[]; values: Float64Array }>;

/** Chains of operators over a weight are short; a longer one is no weight. */
const MAX_CHAIN = 32;
/** Larger tensors are never first weights; computing with them would hold the worker's memory. */
const MAX_ELEMENTS = 1 << 28;
const FLOAT16 = 10;
const FLOAT_LIKE = new Set([1, 10, 11, 16]);
const EXACT_CAST_TO_FLOAT = new Set([1, 2, 3, 4, 5, 9, 10, 11, 16]);

/** Values known before the model runs: initializers, Constant nodes, and chains of layout operators, Cast and DequantizeLinear over them. */
export class Constants {
  private readonly stored = new Map<string, Tensor>();
  private readonly makers = new Map<string, Node>();
  private readonly known = new Map<string, ConstantValue | null>();
  private readonly decode: Decode;

  constructor(graph: Graph, decode: Decode) {
    this.decode = decode;
    for (const tensor of graph.initializers) this.stored.set(tensor.name, tensor);
    for (const node of graph.nodes) {
      const output = node.outputs[0];
      if (output && !this.stored.has(output)) this.makers.set(output, node);
    }
  }

  /** Dims without reading data; null when unknown. */
  storedDims(name: string): readonly number[] | null {
    const tensor = this.stored.get(name) ?? constantTensor(this.makers.get(name));
    return tensor?.dims ?? null;
  }

  /** The DequantizeLinear node that makes a name straight from a stored tensor, with that tensor's name. */
  dequantised(name: string): { node: Node; stored: Tensor } | null {
    const node = this.makers.get(name);
    const stored = node?.opType === 'DequantizeLinear' && node.domain === '' ? this.stored.get(node.inputs[0] ?? '') : undefined;
    return node && stored ? { node, stored } : null;
  }

  has(name: string): boolean {
    return this.stored.has(name) || this.makers.get(name)?.opType === 'Constant';
  }

  /** The value behind a name, or null when it is no constant. Throws what decoding throws. */
  async value(name: string): Promise<ConstantValue | null> {
    const cached = this.known.get(name);
    if (cached !== undefined) return cached;
    const chain: { node: Node; output: string }[] = [];
    let at = name;
    let value: ConstantValue | null = null;
    while (chain.length < MAX_CHAIN) {
      value = await this.direct(at);
      if (value) break;
      const node = this.makers.get(at);
      if (!node || node.domain !== '' || !Object.hasOwn(CHAIN, node.opType) || !node.inputs[0]) break;
      chain.push({ node, output: at });
      at = node.inputs[0];
    }
    for (const { node } of chain.reverse()) {
      if (!value) break;
      const others: (ConstantValue | null)[] = [];
      for (const input of node.inputs.slice(1)) others.push(input ? await this.direct(input) : null);
      value = CHAIN[node.opType]?.(node, value, others) ?? null;
    }
    this.known.set(name, value);
    return value;
  }

  private async direct(name: string): Promise<ConstantValue | null> {
    const tensor = this.stored.get(name);
    if (tensor) return this.read(tensor, name);
    const node = this.makers.get(name);
    if (node?.opType !== 'Constant' || node.domain !== '') return null;
    const held = constantTensor(node);
    if (held) return this.read(held, name);
    for (const a of node.attributes) {
      const list = listAttribute(a);
      if (list) return { ...list, stored: null };
    }
    return null;
  }

  private async read(tensor: Tensor, label: string): Promise<ConstantValue | null> {
    if (tensor.dtype === 8 || tensor.dims.reduce((n, d) => n * d, 1) > MAX_ELEMENTS) return null;
    const { dims, values } = await this.decode(tensor, label);
    return { dtype: tensor.dtype, dims, values, stored: tensor };
  }
}

function constantTensor(node: Node | undefined): Tensor | null {
  if (node?.opType !== 'Constant') return null;
  return node.attributes.find((a) => a.name === 'value' && a.tensor)?.tensor ?? null;
}

function listAttribute(a: Attribute): { dtype: number; dims: number[]; values: Float64Array } | null {
  if (a.name === 'value_float' && a.float !== undefined) return { dtype: FLOAT, dims: [], values: Float64Array.of(a.float) };
  if (a.name === 'value_int' && a.int !== undefined) return { dtype: INT64, dims: [], values: Float64Array.of(Number(a.int)) };
  if (a.name === 'value_floats' && a.floats) return { dtype: FLOAT, dims: [a.floats.length], values: Float64Array.from(a.floats) };
  if (a.name === 'value_ints' && a.ints) return { dtype: INT64, dims: [a.ints.length], values: Float64Array.from(a.ints, Number) };
  return null;
}

type ChainRule = (node: Node, value: ConstantValue, others: readonly (ConstantValue | null)[]) => ConstantValue | null;

const CHAIN: Readonly<Record<string, ChainRule>> = {
  Identity: (_, v) => v,
  Cast: (node, v) => {
    const to = Number(node.attributes.find((a) => a.name === 'to')?.int ?? 0n);
    if (to === v.dtype) return v;
    if (to === FLOAT) return EXACT_CAST_TO_FLOAT.has(v.dtype) ? { ...v, dtype: to, values: v.values.map(Math.fround), stored: null } : null;
    if (to === 10) return FLOAT_LIKE.has(v.dtype) ? roundedToHalf(v) : null;
    return to === 11 && FLOAT_LIKE.has(v.dtype) ? { ...v, dtype: to, stored: null } : null;
  },
  Transpose: (node, v) => {
    const perm = node.attributes.find((a) => a.name === 'perm')?.ints?.map(Number) ?? v.dims.map((_, i) => v.dims.length - 1 - i);
    return perm.length === v.dims.length && new Set(perm).size === perm.length && perm.every((p) => v.dims[p] !== undefined) ? transpose(v, perm) : null;
  },
  Reshape: (node, v, [shape]) => {
    const allowZero = node.attributes.some((a) => a.name === 'allowzero' && a.int === 1n);
    return shape && !allowZero ? reshape(v, [...shape.values]) : null;
  },
  Flatten: (node, v) => {
    const given = Number(node.attributes.find((a) => a.name === 'axis')?.int ?? 1n);
    const axis = given < 0 ? given + v.dims.length : given;
    return reshape(v, [product(v.dims.slice(0, axis)), product(v.dims.slice(axis))]);
  },
  Squeeze: (node, v, [given]) => {
    const axes = axesOf(node, given, v.dims.length);
    return reshape(v, v.dims.filter((d, i) => (axes ? !axes.includes(i) : d !== 1)));
  },
  Unsqueeze: (node, v, [given]) => {
    const count = given?.values.length ?? node.attributes.find((a) => a.name === 'axes')?.ints?.length ?? 0;
    const rank = v.dims.length + count;
    const axes = axesOf(node, given, rank);
    if (!axes || rank > 64) return null;
    const rest = [...v.dims];
    return reshape(v, Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : rest.shift() ?? 1)));
  },
  DequantizeLinear: (node, v, [scale, zero]) => {
    if (!scale || node.attributes.some((a) => a.name === 'block_size' && a.int !== 0n)) return null;
    const given = Number(node.attributes.find((a) => a.name === 'axis')?.int ?? 1n);
    const axis = given < 0 ? given + v.dims.length : given;
    const perAxis = scale.values.length > 1;
    if (perAxis && scale.values.length !== v.dims[axis]) return null;
    const inner = perAxis ? product(v.dims.slice(axis + 1)) : v.values.length;
    const values = v.values.map((q, i) => {
      const c = perAxis ? Math.floor(i / inner) % scale.values.length : 0;
      return Math.fround((q - (zero?.values[zero.values.length > 1 ? c : 0] ?? 0)) * (scale.values[c] ?? 0));
    });
    return { dtype: scale.dtype, dims: v.dims, values, stored: null };
  },
};

function roundedToHalf(v: ConstantValue): ConstantValue | null {
  const table = smallFloatValues(FLOAT16);
  const patterns = Array.from(v.values, (x) => smallFloatPattern(FLOAT16, x));
  if (!table || patterns.some((p) => p === null)) return null;
  return { ...v, dtype: FLOAT16, values: Float64Array.from(patterns, (p) => table[p ?? 0] ?? 0), stored: null };
}

function axesOf(node: Node, given: ConstantValue | null | undefined, rank: number): number[] | null {
  const axes = given ? [...given.values] : node.attributes.find((a) => a.name === 'axes')?.ints?.map(Number);
  return axes?.map((a) => (a < 0 ? a + rank : a)) ?? null;
}

function reshape(v: ConstantValue, target: readonly number[]): ConstantValue | null {
  const dims = target.map((d, i) => (d === 0 ? v.dims[i] ?? 0 : d));
  const open = dims.indexOf(-1);
  if (open >= 0) dims[open] = v.values.length / product(dims.filter((_, i) => i !== open));
  return product(dims) === v.values.length ? { ...v, dims, stored: null } : null;
}

export function transpose(v: ConstantValue, perm: readonly number[]): ConstantValue {
  const strides = v.dims.map((_, i) => product(v.dims.slice(i + 1)));
  const dims = perm.map((p) => v.dims[p] ?? 1);
  const steps = perm.map((p) => strides[p] ?? 1);
  const values = new Float64Array(v.values.length);
  const index = new Array<number>(dims.length).fill(0);
  let from = 0;
  for (let i = 0; i < values.length; i++) {
    values[i] = v.values[from] ?? 0;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] ?? 0) + 1;
      from += steps[axis] ?? 0;
      if ((index[axis] ?? 0) < (dims[axis] ?? 1)) break;
      from -= (steps[axis] ?? 0) * (dims[axis] ?? 1);
      index[axis] = 0;
    }
  }
  return { ...v, dims, values, stored: null };
}

export function product(dims: readonly number[]): number {
  return dims.reduce((n, d) => n * d, 1);
}

