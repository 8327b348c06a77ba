import { connectionsOf } from '../connections.ts';
import { intsOf } from '../../formats/onnx/attributes.ts';
import type { Graph, Node } from '../../formats/onnx/model.ts';
import type { InputLayer } from './inputLayers.ts';

/** How much of the image one output value sees, and how far apart two neighbours look, in pixels per axis. */
export interface ReceptiveField {
  readonly size: readonly number[];
  readonly step: readonly number[];
}

const WINDOWED = new Set(['Conv', 'MaxPool', 'AveragePool', 'LpPool']);
const POINTWISE = new Set([
  'Relu',
  'LeakyRelu',
  'PRelu',
  'Clip',
  'Sigmoid',
  'Tanh',
  'Elu',
  'Selu',
  'Gelu',
  'HardSwish',
  'HardSigmoid',
  'BatchNormalization',
  'Identity',
  'Dropout',
  'Cast',
]);
/** A chain longer than this has no downsampling worth naming. */
const MAX_CHAIN = 64;

/**
 * The input layer's own receptive field; null for layers that aren't plain convolutions. Formula:
 * https://distill.pub/2019/computing-receptive-fields/
 */
export function receptiveField(layer: InputLayer): ReceptiveField | null {
  const kernel = layer.dims.slice(2);
  if (!kernel.length || layer.node.opType === 'ConvTranspose' || layer.matrix) return null;
  return {
    size: kernel.map((k, a) => (k - 1) * (layer.dilations[a] ?? 1) + 1),
    step: kernel.map((_, a) => layer.strides[a] ?? 1),
  };
}

/**
 * The receptive field behind the input layer that steps more than one pixel, along a chain without branches; null where
 * the chain ends before.
 */
export function firstDownsampling(
  graph: Graph,
  layer: InputLayer,
  weightDims: (name: string) => readonly number[] | null,
): { node: Node; field: ReceptiveField } | null {
  let field = receptiveField(layer);
  let { node } = layer;
  const { readers } = connectionsOf(graph.nodes);
  for (let i = 0; field && i < MAX_CHAIN; i++) {
    if (field.step.some((s) => s > 1)) return { node, field };
    const tensor = node.outputs[0] ?? '';
    const [next, ...others] = new Set(readers.get(tensor));
    if (!next || others.length > 0 || next.domain || next.inputs[0] !== tensor) return null;
    if (WINDOWED.has(next.opType)) field = widened(field, next, weightDims);
    else if (!POINTWISE.has(next.opType)) return null;
    node = next;
  }
  return null;
}

function widened(
  { size, step }: ReceptiveField,
  node: Node,
  weightDims: (name: string) => readonly number[] | null,
): ReceptiveField | null {
  const [dilations, strides] = [intsOf(node, 'dilations'), intsOf(node, 'strides')];
  const kernel = intsOf(node, 'kernel_shape') ?? weightDims(node.inputs[1] ?? '')?.slice(2);
  if (kernel?.length !== size.length) return null;
  return {
    size: size.map((s, a) => s + ((kernel[a] ?? 1) - 1) * (dilations?.[a] ?? 1) * (step[a] ?? 1)),
    step: step.map((s, a) => s * (strides?.[a] ?? 1)),
  };
}
