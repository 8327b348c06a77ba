import { intsOf } from '../../../formats/onnx/attributes.ts';
import { GRAPH_NODE } from '../../../formats/onnx/edit/edit.ts';
import { encodeField, encodeNode, type NewAttribute } from '../../../formats/onnx/edit/encode.ts';
import { copyNode } from '../../../formats/onnx/edit/nodeCopy.ts';
import type { Node } from '../../../formats/onnx/model.ts';
import { inferShapes } from '../../../graph/shapes/shapes.ts';
import { DOUBLE, FLOAT } from '../../../tensors/dtypes.ts';
import type { Wiring } from '../../wiring.ts';

/** From this opset on, ReduceMean takes its axes as an input. */
const AXES_AS_INPUT = 18;
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
  const spatial = Array.from({ length: nodes.rank - 2 }, (_, i) => i + 2);
  return nodes.mean(nodes.wide(nodes.node.inputs[0] ?? ''), spatial);
};

/** `(x − mean) / (√variance + ε)`. */
const meanVarianceNormalised: WideForm = (nodes) => {
  const axes = intsOf(nodes.node, 'axes') ?? MVN_AXES;
  const x = nodes.wide(nodes.node.inputs[0] ?? '');
  const centred = nodes.add('Sub', [x, nodes.mean(x, axes)]);
  const variance = nodes.mean(nodes.add('Mul', [centred, centred]), axes);
  const tensor = { name: '', dtype: DOUBLE, dims: [], values: Float64Array.of(MVN_EPSILON) };
  const epsilon = nodes.add('Constant', [], [{ name: 'value', tensor }]);
  return nodes.add('Div', [centred, nodes.add('Add', [nodes.add('Sqrt', [variance]), epsilon])]);
};

const WIDE_FORMS: Readonly<Record<string, WideForm>> = {
  GlobalAveragePool: globalAverage,
  GroupNormalization: groupNormalised,
  MeanVarianceNormalization: meanVarianceNormalised,
  ReduceL1: reduced,
  ReduceL2: reduced,
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
  const sums = nodes.filter((node) => node.domain === '' && Object.hasOwn(WIDE_FORMS, node.opType));
  if (!sums.length) return new Map();
  const { tensors } = inferShapes(wiring.file.model);
  return new Map(
    sums.flatMap((node) => {
      const found = tensors.get(node.inputs[0] ?? '');
      return found?.dtype === FLOAT && found.dims ? [[node, found.dims.length] as const] : [];
    }),
  );
}

/** Such a node in double, between Casts, as fields of a graph. */
export async function inDouble(wiring: Wiring, node: Node, rank: number): Promise<readonly Uint8Array[]> {
  const nodes = new WideNodes(wiring, node, rank);
  nodes.narrow((await WIDE_FORMS[node.opType]?.(nodes)) ?? '');
  return nodes.bodies.map((body) => encodeField(GRAPH_NODE, body));
}

/** New nodes in place of one, each giving one tensor. */
class WideNodes {
  readonly bodies: Uint8Array[] = [];
  readonly node: Node;
  readonly rank: number;
  private readonly wiring: Wiring;
  private readonly output: string;

  constructor(wiring: Wiring, node: Node, rank: number) {
    this.wiring = wiring;
    this.node = node;
    this.rank = rank;
    this.output = node.outputs[0] ?? '';
  }

  get opset(): number {
    return this.wiring.file.model.opsets.find(({ domain }) => domain === '')?.version ?? 1;
  }

  /** The tensor in double. */
  wide(name: string): string {
    return this.add('Cast', [name], [{ name: 'to', int: DOUBLE }]);
  }

  /** The node's output in float32, made of this tensor. */
  narrow(name: string): void {
    this.write('Cast', [name], this.output, [{ name: 'to', int: FLOAT }]);
  }

  mean(name: string, axes: readonly number[]): string {
    if (this.opset < AXES_AS_INPUT) return this.add('ReduceMean', [name], [{ name: 'axes', ints: axes }]);
    return this.add('ReduceMean', [name, this.add('Constant', [], [{ name: 'value_ints', ints: axes }])]);
  }

  add(opType: string, inputs: readonly string[], attributes: readonly NewAttribute[] = []): string {
    const made = this.fresh();
    this.write(opType, inputs, made, attributes);
    return made;
  }

  /** The node itself, over other inputs. */
  async copy(inputs: readonly string[], attributes: ReadonlyMap<string, NewAttribute> = new Map()): Promise<string> {
    const made = this.fresh();
    const copied = { name: made, inputs, outputs: [made], attributes };
    this.bodies.push(await copyNode(this.wiring.file.ctx.wire, this.node, copied));
    return made;
  }

  private write(opType: string, inputs: readonly string[], output: string, attributes: readonly NewAttribute[]): void {
    this.bodies.push(encodeNode({ name: output, opType, inputs, outputs: [output], attributes }));
  }

  /** A name that no tensor of the model has. */
  private fresh(): string {
    const { makers, stored, sparse, inputs } = this.wiring;
    let name = `${this.output}/wide_${this.bodies.length}`;
    while (makers.has(name) || stored.has(name) || sparse.has(name) || inputs.has(name)) name += '_';
    return name;
  }
}
