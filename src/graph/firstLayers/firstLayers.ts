import type { Graph, Node, Tensor } from '../../formats/onnx/model.ts';

/** A convolution that reads the image, or what was made of it without weights, and the weight it applies. */
export interface FirstLayer {
  readonly index: number;
  readonly node: Node;
  readonly weightName: string;
  /** The stored tensor behind the weight, and the operators between, from the layer back. */
  readonly tensor: Tensor;
  readonly stored: string;
  readonly via: readonly string[];
  /** True for a matrix product. */
  readonly matrix: boolean;
  /** The input that carries the pixels. */
  readonly data: string;
  readonly dims: readonly number[];
  readonly dtype: number;
  /** What the weight's axes mean, e.g. [out, in, kH, kW]. */
  readonly layout: string;
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
  readonly autoPad: string;
  readonly group: number;
}

/** Which input holds the weight, per convolution-like operator. */
const WEIGHT_INPUT: Readonly<Record<string, number>> = {
  Conv: 1,
  ConvTranspose: 1,
  FusedConv: 1,
  NhwcConv: 1,
  ConvInteger: 1,
  QLinearConv: 3,
};
const MATRIX_INPUT: Readonly<Record<string, number>> = { Gemm: 1, MatMul: 1, MatMulInteger: 1, QLinearMatMul: 3 };
/** Weights hide behind these when they are quantised or laid out anew. */
const WEIGHT_CHAIN = new Set(['Identity', 'Cast', 'Transpose', 'Reshape', 'Squeeze', 'Unsqueeze', 'DequantizeLinear']);
const MAX_CHAIN = 32;

/** Convolutions reached from the inputs before any other convolution; where there is none, the first matrix products. */
export function firstLayers(graph: Graph): FirstLayer[] {
  const weights = weightTensors(graph);
  const convolutions = reached(graph, weights, WEIGHT_INPUT);
  return convolutions.length ? convolutions : reached(graph, weights, MATRIX_INPUT);
}

function reached(graph: Graph, weights: Weights, table: Readonly<Record<string, number>>): FirstLayer[] {
  const carries = new Set(graph.inputs.map((i) => i.name).filter((name) => !weights.stored.has(name)));
  const found: FirstLayer[] = [];
  graph.nodes.forEach((node, index) => {
    if (!node.inputs.some((name) => carries.has(name))) return;
    const at = Object.hasOwn(table, node.opType) ? table[node.opType] : undefined;
    const weightName = at === undefined ? undefined : node.inputs[at];
    const behind = weightName === undefined ? null : weightBehind(weights, weightName);
    if (behind && weightName !== undefined) found.push(describe(node, index, weightName, behind));
    else for (const output of node.outputs) carries.add(output);
  });
  return found;
}

interface Weights {
  readonly stored: ReadonlyMap<string, Tensor>;
  readonly makers: ReadonlyMap<string, Node>;
}

function weightTensors(graph: Graph): Weights {
  const stored = new Map(graph.initializers.map((t) => [t.name, t]));
  const makers = new Map<string, Node>();
  for (const node of graph.nodes) {
    const output = node.outputs[0];
    const value = node.opType === 'Constant' ? node.attributes.find((a) => a.name === 'value')?.tensor : undefined;
    if (output && value) stored.set(output, value);
    else if (output) makers.set(output, node);
  }
  return { stored, makers };
}

interface Behind {
  readonly tensor: Tensor;
  readonly stored: string;
  readonly via: readonly string[];
}

function weightBehind(weights: Weights, name: string): Behind | null {
  let at = name;
  const via: string[] = [];
  for (let i = 0; i < MAX_CHAIN; i++) {
    const tensor = weights.stored.get(at);
    if (tensor) return { tensor, stored: at, via };
    const node = weights.makers.get(at);
    if (!node || !WEIGHT_CHAIN.has(node.opType) || !node.inputs[0]) return null;
    via.push(node.opType);
    at = node.inputs[0];
  }
  return null;
}

function describe(node: Node, index: number, weightName: string, behind: Behind): FirstLayer {
  const { tensor } = behind;
  const ints = (name: string): number[] | null =>
    node.attributes.find((a) => a.name === name)?.ints?.map(Number) ?? null;
  const spatial = Math.max(0, tensor.dims.length - 2);
  const fill = (value: number, count: number): number[] => new Array<number>(count).fill(value);
  const autoPad = node.attributes.find((a) => a.name === 'auto_pad')?.string;
  return {
    index,
    node,
    weightName,
    ...behind,
    data: node.inputs[0] ?? '',
    matrix: MATRIX_INPUT[node.opType] !== undefined,
    dims: tensor.dims,
    dtype: tensor.dtype,
    layout: layout(node, tensor.dims.length),
    strides: ints('strides') ?? fill(1, spatial),
    pads: ints('pads') ?? fill(0, 2 * spatial),
    dilations: ints('dilations') ?? fill(1, spatial),
    autoPad: autoPad ? new TextDecoder().decode(autoPad) : 'NOTSET',
    group: Number(node.attributes.find((a) => a.name === 'group')?.int ?? 1n),
  };
}

function layout(node: Node, rank: number): string {
  if (Object.hasOwn(MATRIX_INPUT, node.opType))
    return node.attributes.some((a) => a.name === 'transB' && a.int === 1n) ? '[out, in]' : '[in, out]';
  const kernel = rank === 3 ? ['kW'] : rank === 4 ? ['kH', 'kW'] : rank === 5 ? ['kD', 'kH', 'kW'] : [];
  const channels = node.opType === 'ConvTranspose' ? ['in', 'out/group'] : ['out', 'in/group'];
  return `[${[...channels, ...kernel].join(', ')}]`;
}
