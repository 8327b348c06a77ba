import { attributeOf, intOf, intsOf, textOf } from '../../formats/onnx/attributes.ts';
import type { Graph, Node, SparseTensor, Tensor } from '../../formats/onnx/model.ts';
import { connectionsOf } from '../connections.ts';
import { storedTensors } from '../storedTensors.ts';

/** A convolution that reads the image, or what was made of it without weights, and the weight it applies. */
export interface InputLayer {
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

/**
 * Outputs that say something about the pixels and hold none of them: sizes, and the scale and zero point of dynamic
 * quantisation.
 */
const WITHOUT_PIXELS: Readonly<Record<string, readonly number[]>> = {
  Shape: [0],
  Size: [0],
  DynamicQuantizeLinear: [1, 2],
};
/** Without axes these make one number of all pixels: the smallest and largest, from which a scale follows. */
const REDUCTIONS = new Set(['ReduceMax', 'ReduceMin', 'ReduceMean', 'ReduceSum', 'ReduceL1', 'ReduceL2']);

/**
 * Convolutions reached from the inputs before any other convolution; where there is none, the first matrix products.
 * `index` is the place in the file.
 */
export function inputLayers(graph: Graph): InputLayer[] {
  const convolutions = reached(graph, WEIGHT_INPUT);
  return convolutions.length ? convolutions : reached(graph, MATRIX_INPUT);
}

function reached(graph: Graph, table: Readonly<Record<string, number>>): InputLayer[] {
  const stored = storedTensors(graph);
  const { makers, order } = connectionsOf(graph.nodes);
  const places = new Map(graph.nodes.map((node, index) => [node, index]));
  const carries = new Set(graph.inputs.map((input) => input.name).filter((name) => !stored.has(name)));
  const found: InputLayer[] = [];
  for (const node of order) {
    if (!node.inputs.some((name) => carries.has(name))) continue;
    const at = Object.hasOwn(table, node.opType) ? table[node.opType] : undefined;
    const weightName = at === undefined ? undefined : node.inputs[at];
    const behind = weightName === undefined ? null : weightBehind(stored, makers, weightName);
    if (behind && weightName !== undefined)
      found.push(describe({ node, index: places.get(node) ?? -1, weightName, behind }));
    else for (const output of outputsWithPixels(node)) carries.add(output);
  }
  return found.sort((a, b) => a.index - b.index);
}

function outputsWithPixels(node: Node): readonly string[] {
  if (node.domain !== '') return node.outputs;
  if (REDUCTIONS.has(node.opType) && reducesAll(node)) return [];
  const without = Object.hasOwn(WITHOUT_PIXELS, node.opType) ? WITHOUT_PIXELS[node.opType] : undefined;
  return without ? node.outputs.filter((_, i) => !without.includes(i)) : node.outputs;
}

function reducesAll(node: Node): boolean {
  return !node.inputs[1] && !attributeOf(node, 'axes') && !attributeOf(node, 'noop_with_empty_axes');
}

interface Behind {
  readonly tensor: Tensor;
  readonly stored: string;
  readonly via: readonly string[];
}

function weightBehind(
  stored: ReadonlyMap<string, Tensor | SparseTensor>,
  makers: ReadonlyMap<string, Node>,
  name: string,
): Behind | null {
  let at = name;
  const via: string[] = [];
  for (let i = 0; i < MAX_CHAIN; i++) {
    const tensor = stored.get(at);
    if (tensor) return 'indices' in tensor ? null : { tensor, stored: at, via };
    const node = makers.get(at);
    if (!node || !WEIGHT_CHAIN.has(node.opType) || !node.inputs[0]) return null;
    via.push(node.opType);
    at = node.inputs[0];
  }
  return null;
}

interface Found {
  readonly node: Node;
  readonly index: number;
  readonly weightName: string;
  readonly behind: Behind;
}

function describe({ node, index, weightName, behind }: Found): InputLayer {
  const { tensor } = behind;
  const spatial = Math.max(0, tensor.dims.length - 2);
  const fill = (value: number, count: number): number[] => new Array<number>(count).fill(value);
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
    strides: intsOf(node, 'strides') ?? fill(1, spatial),
    pads: intsOf(node, 'pads') ?? fill(0, 2 * spatial),
    dilations: intsOf(node, 'dilations') ?? fill(1, spatial),
    autoPad: textOf(node, 'auto_pad', 'NOTSET'),
    group: intOf(node, 'group', 1),
  };
}

const KERNEL_AXES: Readonly<Record<number, readonly string[]>> = { 3: ['kW'], 4: ['kH', 'kW'], 5: ['kD', 'kH', 'kW'] };

function layout(node: Node, rank: number): string {
  if (Object.hasOwn(MATRIX_INPUT, node.opType)) return intOf(node, 'transB', 0) === 1 ? '[out, in]' : '[in, out]';
  const channels = node.opType === 'ConvTranspose' ? ['in', 'out/group'] : ['out', 'in/group'];
  return `[${[...channels, ...(KERNEL_AXES[rank] ?? [])].join(', ')}]`;
}
