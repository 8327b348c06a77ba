import { TakenNames } from '../../../adapt/flow/names.ts';
import { joined } from '../../../bytes/joined.ts';
import { range } from '../../../bytes/lists.ts';
import { intsOf } from '../../../formats/onnx/attributes.ts';
import { replaceFields, type Edit } from '../../../formats/onnx/edit/edit.ts';
import { encodeField } from '../../../formats/onnx/edit/encode.ts';
import { FUNCTION, GRAPH } from '../../../formats/onnx/fields.ts';
import type { Node, OpsetImport } from '../../../formats/onnx/model.ts';
import { allGraphs, allNodeLists, graphsInside } from '../../../graph/nested.ts';
import type { InnerScope, ScopeShapes } from '../../../graph/shapes/graphScope.ts';
import { inferShapes } from '../../../graph/shapes/shapes.ts';
import { DOUBLE, FLOAT } from '../../../tensors/dtypes.ts';
import type { Wiring } from '../../wiring.ts';
import { WideNodes, type WideNode } from './wideNodes.ts';
import { averageOfWindows, hasLongWindows } from './windowSums.ts';

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

/** Nodes whose double form is made of their attributes, which must be their own. */
const READ_ATTRIBUTES = new Set(['AveragePool', 'MeanVarianceNormalization']);

/** A node that sums in float32, and the field that it is of the graph or function around it. */
interface LongSum extends WideNode {
  readonly field: number;
}

/**
 * Edits that put double in the place of float32 where nodes may sum a whole image: in a list of nodes of the main
 * graph, in the graphs inside them, and in the functions that they call. The runtime adds up one number after the
 * other: for a picture of 224 by 224 that is off by up to a hundredth, in another way for each order of channels. In
 * double it is off by nothing that shows.
 */
export async function doubleSums(wiring: Wiring, nodes: readonly Node[]): Promise<readonly Edit[]> {
  const sums = longSums(wiring, nodes);
  if (!sums.length) return [];
  const { model, ctx } = wiring.file;
  const names = new TakenNames(new Set(allNodeLists(model).flatMap((list) => list.flatMap(namesOf))));
  for (const graph of allGraphs(model))
    for (const { name } of [...graph.inputs, ...graph.initializers]) names.add(name);
  const edits: Edit[] = [];
  for (const sum of sums) {
    const made = new WideNodes(ctx.wire, sum, names);
    made.narrow((await WIDE_FORMS[sum.node.opType]?.(made)) ?? '');
    edits.push(replaceFields(sum.node.ref, joined(made.bodies.map((body) => encodeField(sum.field, body)))));
  }
  return edits;
}

function namesOf({ inputs, outputs }: Node): readonly string[] {
  return [...inputs, ...outputs];
}

/** Nodes of the main graph, of a graph inside one, or of a function, and what is known there. */
interface Place {
  readonly nodes: readonly Node[];
  readonly shapes: ScopeShapes;
  readonly opset: number;
  readonly field: number;
}

/** A function is one text for all its calls, so what it sums has to be of one rank, and float32, in each of them. */
function longSums(wiring: Wiring, nodes: readonly Node[]): LongSum[] {
  const { model } = wiring.file;
  const inside = graphsInside(nodes).map((graph) => graph.nodes);
  const lists = [nodes, ...inside, ...allNodeLists({ ...model, graph: { ...model.graph, nodes: [] } })];
  if (!lists.some((list) => list.some((node) => isLongSum(node, Infinity)))) return [];
  const sums = new Map<Node, LongSum | null>();
  const seen = new Set<ScopeShapes>();
  const places: Place[] = [{ nodes, shapes: inferShapes(model), opset: opsetOf(model.opsets), field: GRAPH.node }];
  for (let place = places.pop(); place; place = places.pop()) {
    if (seen.has(place.shapes)) continue;
    seen.add(place.shapes);
    for (const node of place.nodes) {
      if (isLongSum(node, place.opset)) sums.set(node, agreed(sums.get(node), longSum(node, place)));
      places.push(...(place.shapes.inner.get(node) ?? []).map((scope) => placeIn(scope, place)));
    }
  }
  return [...sums.values()].flatMap((sum) => sum ?? []);
}

function placeIn({ body, shapes }: InnerScope, { opset }: Place): Place {
  const { nodes } = body;
  return 'opsets' in body
    ? { nodes, shapes, opset: opsetOf(body.opsets), field: FUNCTION.node }
    : { nodes, shapes, opset, field: GRAPH.node };
}

function longSum(node: Node, { shapes, opset, field }: Place): LongSum | null {
  const summed = shapes.inferred(node.inputs[0] ?? '');
  if (summed?.kind !== 'tensor' || summed.dtype !== FLOAT || !summed.dims) return null;
  return { node, rank: summed.dims.length, opset, field };
}

function agreed(before: LongSum | null | undefined, now: LongSum | null): LongSum | null {
  return before === undefined || before?.rank === now?.rank ? now : null;
}

function isLongSum(node: Node, opset: number): boolean {
  if (node.domain !== '' || !Object.hasOwn(WIDE_FORMS, node.opType)) return false;
  if (READ_ATTRIBUTES.has(node.opType) && node.attributes.some((attribute) => attribute.refAttrName)) return false;
  return node.opType !== 'AveragePool' || hasLongWindows(node, opset);
}

function opsetOf(opsets: readonly OpsetImport[]): number {
  return opsets.find(({ domain }) => domain === '')?.version ?? 1;
}
