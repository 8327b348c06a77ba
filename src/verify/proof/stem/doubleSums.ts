import { intsOf } from '../../../formats/onnx/attributes.ts';
import { encodeField } from '../../../formats/onnx/edit/encode.ts';
import type { Node } from '../../../formats/onnx/model.ts';
import { inferShapes } from '../../../graph/shapes/shapes.ts';
import { DOUBLE, FLOAT } from '../../../tensors/dtypes.ts';
import type { Wiring } from '../../wiring.ts';
import { WideNodes } from './wideNodes.ts';
import { averageOfWindows, hasLongWindows } from './windowSums.ts';
import { GRAPH } from '../../../formats/onnx/fields.ts';
import { range } from '../../../bytes/lists.ts';

/** From this opset on, GroupNormalization says the type that it computes in. */
const WITH_STASH_TYPE = 21;
/** What MeanVarianceNormalization adds to the deviation: https://onnx.ai/onnx/operators/ */
const MVN_EPSILON = 1e-9;
const MVN_AXES = [0, 2, 3];

/** A sum over many numbers as it is run: the node's own form in double. */
type WideForm = (nodes: WideNodes) => Promise<string> | string;

const reduced: WideForm = (nodes) => {
  const [input = '', ...others] = nodes.node.inputs;
  return nodes.copy([nodes.wide(input), ...others]);
};

const groupNormalised: WideForm = (nodes) => {
  const type = new Map(nodes.opset < WITH_STASH_TYPE ? [] : [['stash_type', { name: 'stash_type', int: DOUBLE }]]);
  return nodes.copy(
    nodes.node.inputs.map((input) => nodes.wide(input)),
    type,
  );
};

const globalAverage: WideForm = (nodes) => {
  const spatial = range(2, nodes.rank);
  return nodes.mean(nodes.wide(nodes.node.inputs[0] ?? ''), spatial);
};

/** `(x − mean) / (√variance + ε)`. */
const meanVarianceNormalised: WideForm = (nodes) => {
  const axes = intsOf(nodes.node, 'axes') ?? MVN_AXES;
  const x = nodes.wide(nodes.node.inputs[0] ?? '');
  const centred = nodes.add('Sub', [x, nodes.mean(x, axes)]);
  const variance = nodes.mean(nodes.add('Mul', [centred, centred]), axes);
  return nodes.add('Div', [centred, nodes.add('Add', [nodes.add('Sqrt', [variance]), nodes.double(MVN_EPSILON)])]);
};

const WIDE_FORMS: Readonly<Record<string, WideForm>> = {
  AveragePool: averageOfWindows,
  GlobalAveragePool: globalAverage,
  GroupNormalization: groupNormalised,
  MeanVarianceNormalization: meanVarianceNormalised,
  ReduceL1: reduced,
  ReduceL2: reduced,
  ReduceLogSum: reduced,
  ReduceLogSumExp: reduced,
  ReduceMean: reduced,
  ReduceSum: reduced,
  ReduceSumSquare: reduced,
};

/** The nodes that sum in float32, with the rank of what they sum. */
export type LongSums = ReadonlyMap<Node, number>;

/**
 * The nodes among these that may sum a whole image in float32. The runtime adds up one number after the other: for a
 * picture of 224 by 224 that is off by up to a hundredth, in another way for each order of channels. In double it is
 * off by nothing that shows.
 */
export function longSums(wiring: Wiring, nodes: readonly Node[]): LongSums {
  const opset = opsetOf(wiring);
  const sums = nodes.filter((node) => node.domain === '' && isLongSum(node, opset));
  if (!sums.length) return new Map();
  const { tensors } = inferShapes(wiring.file.model);
  return new Map(
    sums.flatMap((node) => {
      const found = tensors.get(node.inputs[0] ?? '');
      return found?.dtype === FLOAT && found.dims ? [[node, found.dims.length] as const] : [];
    }),
  );
}

function isLongSum(node: Node, opset: number): boolean {
  if (node.opType === 'AveragePool') return hasLongWindows(node, opset);
  return Object.hasOwn(WIDE_FORMS, node.opType);
}

/** Such a node in double, between Casts, as fields of a graph. */
export async function inDouble(wiring: Wiring, node: Node, rank: number): Promise<readonly Uint8Array[]> {
  const nodes = new WideNodes(wiring, { node, rank, opset: opsetOf(wiring) });
  nodes.narrow((await WIDE_FORMS[node.opType]?.(nodes)) ?? '');
  return nodes.bodies.map((body) => encodeField(GRAPH.node, body));
}

function opsetOf({ file }: Wiring): number {
  return file.model.opsets.find(({ domain }) => domain === '')?.version ?? 1;
}
