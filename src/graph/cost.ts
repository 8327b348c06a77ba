import type { Dim, Graph, Node, Tensor } from '../onnx/model.ts';
import type { Shapes } from './shapes.ts';

/** What one node costs. */
export interface NodeCost {
  /** Elements of the floating-point weights it reads, counted at the first node that reads them. */
  readonly params: number;
  /** Multiply-adds for one image; a batch that is only a symbol counts as one. null where sizes are not known. */
  readonly macs: number | null;
}

const FLOAT_TYPES = new Set([1, 10, 11, 16]);

type MacRule = (node: Node, dims: (name: string | undefined) => readonly Dim[] | null) => number | null;

/** Every output element of a convolution sums over the input channels of its group times the kernel. */
function convolution(weight: number): MacRule {
  return (node, dims) => {
    const w = dims(node.inputs[weight]);
    return w ? times(elements(dims(node.outputs[0])), elements(w.slice(1))) : null;
  };
}

/** In a transposed one, every input element spreads over the output channels of its group times the kernel. */
const transposed: MacRule = (node, dims) => {
  const w = dims(node.inputs[1]);
  return w ? times(elements(dims(node.inputs[0])), elements(w.slice(1))) : null;
};

/** Every output element sums over the inner axis. */
function product(inner: (node: Node, dims: Parameters<MacRule>[1]) => Dim): MacRule {
  return (node, dims) => {
    const size = inner(node, dims);
    return typeof size === 'number' ? times(elements(dims(node.outputs[0])), size) : null;
  };
}

const lastAxis = product((node, dims) => dims(node.inputs[0])?.at(-1) ?? null);
const gemm = product((node, dims) => dims(node.inputs[0])?.[node.attributes.some((a) => a.name === 'transA' && a.int === 1n) ? 0 : 1] ?? null);

const MACS: Readonly<Record<string, MacRule>> = {
  Conv: convolution(1), ConvInteger: convolution(1), FusedConv: convolution(1), QLinearConv: convolution(3), ConvTranspose: transposed,
  Gemm: gemm, MatMul: lastAxis, MatMulInteger: lastAxis, QLinearMatMul: lastAxis,
};

/** The cost of every node of a graph, in its order. Operators without multiplications of weights count zero multiply-adds. */
export function nodeCosts(graph: Graph, shapes: Shapes): NodeCost[] {
  const weights = new Map<string, Tensor>(graph.initializers.map((t) => [t.name, t]));
  for (const node of graph.nodes) {
    const value = node.opType === 'Constant' ? node.attributes.find((a) => a.tensor)?.tensor : undefined;
    if (value && node.outputs[0]) weights.set(node.outputs[0], value);
  }
  const counted = new Set<string>();
  const dims = (name: string | undefined): readonly Dim[] | null => (name ? shapes.tensors.get(name)?.dims ?? null : null);
  return graph.nodes.map((node) => {
    let params = 0;
    for (const name of node.inputs) {
      const t = weights.get(name);
      if (!t || counted.has(name) || !FLOAT_TYPES.has(t.dtype)) continue;
      counted.add(name);
      params += t.dims.reduce((n, d) => n * d, 1);
    }
    const rule = Object.hasOwn(MACS, node.opType) ? MACS[node.opType] : undefined;
    return { params, macs: rule ? rule(node, dims) : 0 };
  });
}

/** The number of elements; a symbolic first axis is a batch and counts as one. */
function elements(dims: readonly Dim[] | null): number | null {
  if (!dims) return null;
  let n = 1;
  for (const [i, d] of dims.entries()) {
    if (typeof d === 'number') n *= d;
    else if (i > 0 || d === null) return null;
  }
  return Number.isSafeInteger(n) ? n : null;
}

function times(a: number | null, b: number | null): number | null {
  const n = a === null || b === null ? null : a * b;
  return n !== null && Number.isSafeInteger(n) ? n : null;
}
