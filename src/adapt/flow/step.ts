import { operatorKey } from '../../graph/operatorKey.ts';
import { attributeOf, floatOf, intOf, intsOf, textOf } from '../../formats/onnx/attributes.ts';
import type { Attribute, Node } from '../../formats/onnx/model.ts';
import { isSelection, sameMap, type Affine } from '../maps/affine.ts';
import type { ConstantValue } from '../constants/constantValue.ts';
import { baseOf, isPlain, MAX_RANK, withMap, type Base, type Flow, sameLayout } from './flow.ts';
import type { AttributeValue, Operand } from './rewrite.ts';
import type { Walk } from './walk.ts';
import { fromFront } from '../../tensors/dims.ts';
import { MIXED, DIFFERENT_AXES } from './reasons.ts';

/** A rule handles a node (true), or says why the tensors it reads must be as they were. */
export type Outcome = true | string;
export type Rule = (step: Step) => Outcome | Promise<Outcome>;

export interface PassOptions {
  /** Inputs of the new node; those not named stay, and flows become their bases. */
  readonly inputs?: ReadonlyMap<number, Operand>;
  readonly attributes?: ReadonlyMap<string, AttributeValue>;
  /** What differs between the input's flow and the output's. */
  readonly flow?: Partial<Pick<Flow, 'axis' | 'rank' | 'outer' | 'inner' | 'gone' | 'dtype' | 'dims' | 'map'>>;
  /** The output over the base before this node, where the node is one number times or plus everything. */
  readonly earlier?: Flow | null;
}

/** One node with at least one flow among its inputs, as a rule sees it. */
export class Step {
  readonly walk: Walk;
  readonly node: Node;
  readonly flows: readonly (Flow | null)[];

  constructor(walk: Walk, node: Node) {
    this.walk = walk;
    this.node = node;
    this.flows = node.inputs.map((name) => walk.flowOf(name));
  }

  /** The operator as rule tables name it: other domains than the standard one stand in front. */
  get key(): string {
    return operatorKey(this.node);
  }

  /** The attribute as the file has it. */
  attribute(name: string): Attribute | undefined {
    return attributeOf(this.node, name);
  }

  /** An attribute of one integer, or the operator's default. */
  int(name: string, otherwise: number): number {
    return intOf(this.node, name, otherwise);
  }

  /** An attribute of one number, or the operator's default. */
  float(name: string, otherwise: number): number {
    return floatOf(this.node, name, otherwise);
  }

  /** An attribute that lists integers; null where it is left out. */
  ints(name: string): number[] | null {
    return intsOf(this.node, name);
  }

  /** An attribute of text, or the operator's default. */
  text(name: string, otherwise: string): string {
    return textOf(this.node, name, otherwise);
  }

  /** The numbers of input `index`; null where it is left out, is a flow, or is not known before the model runs. */
  value(index: number): Promise<ConstantValue | null> {
    return this.walk.value(this.node.inputs[index]);
  }

  /** The integers of input `index`, of any size; null when they are not known. */
  integers(index: number): Promise<readonly bigint[] | null> {
    return this.walk.integersOf(this.node.inputs[index]);
  }

  /** The flow of the first input when it is the only one. */
  only(index = 0): Flow | null {
    return this.flows.every((flow, i) => (flow !== null) === (i === index)) ? (this.flows[index] ?? null) : null;
  }

  /** An axis attribute counted from the front, of a tensor of this rank. */
  axis(name: string, otherwise: number, rank: number): number {
    return fromFront(this.int(name, otherwise), rank);
  }

  /** The output is the same base under another map; the node vanishes. */
  absorb(flow: Flow, output = 0): true {
    const name = this.node.outputs[output];
    if (name) this.walk.flows.set(name, flow);
    if (output === 0) this.walk.absorbed.push({ node: this.node.name, opType: this.node.opType });
    return true;
  }

  /** The same node over the base. Only right where the caller knows that operator and map commute. */
  pass(from: Flow, options: PassOptions = {}): true {
    const { node, walk } = this;
    const output = node.outputs[0] ?? '';
    const count = Math.max(node.inputs.length, ...[...(options.inputs?.keys() ?? [])].map((i) => i + 1));
    const inputs = Array.from(
      { length: count },
      (_, i): Operand => options.inputs?.get(i) ?? this.flows[i]?.base ?? node.inputs[i] ?? '',
    );
    walk.rewrites.set(node, { inputs, ...(options.attributes ? { attributes: new Map(options.attributes) } : {}) });
    const rank = Math.min(options.flow?.rank ?? from.rank, MAX_RANK);
    const declared = walk.known.dims(output);
    const dims = !from.gone && declared?.length === rank ? declared : new Array<null>(rank).fill(null);
    const flow: Flow = { ...from, dims, ...options.flow };
    const base = baseOf(output, from.base.channels, node);
    if (output) walk.flows.set(output, { ...withMap({ ...flow, base }, flow.map), earlier: options.earlier ?? null });
    return true;
  }

  /**
   * The node over the base, with outputs in another order of channels. They get a name of their own: under the old one
   * they would be taken for the old.
   */
  passTurned(from: Flow, inputs: ReadonlyMap<number, Operand>, map: Affine): true {
    const { node, walk } = this;
    const output = node.outputs[0] ?? '';
    const base = { ...baseOf(output, map.m.length, node), name: walk.fresh(`${output}/reordered`) };
    const all = node.inputs.map((name, i): Operand => inputs.get(i) ?? name);
    walk.rewrites.set(node, { inputs: all, outputs: [base] });
    const declared = walk.known.dims(output);
    const dims = declared?.length === from.rank ? declared : from.dims.map(() => null);
    walk.flows.set(output, withMap({ ...from, base, dims }, map));
    return true;
  }

  /** A new base that this node makes: its channels are those of its inputs' bases together. */
  passAs(base: Base, flow: Flow, inputs: readonly Operand[], attributes?: ReadonlyMap<string, AttributeValue>): true {
    this.walk.rewrites.set(this.node, {
      inputs: [...inputs],
      ...(attributes ? { attributes: new Map(attributes) } : {}),
    });
    this.walk.flows.set(this.node.outputs[0] ?? '', { ...flow, base });
    return true;
  }

  /** The node takes new weights and gives what it gave before. */
  sink(inputs: ReadonlyMap<number, Operand>, attributes?: ReadonlyMap<string, AttributeValue>): true {
    const { node, walk } = this;
    const count = Math.max(node.inputs.length, ...[...inputs.keys()].map((i) => i + 1));
    const all = Array.from(
      { length: count },
      (_, i): Operand => inputs.get(i) ?? this.flows[i]?.base ?? node.inputs[i] ?? '',
    );
    walk.rewrites.set(node, { inputs: all, ...(attributes ? { attributes: new Map(attributes) } : {}) });
    for (const output of node.outputs) if (output) walk.seam.add(output);
    return true;
  }

  /** For operators that treat every element or channel alike: all flows must copy channels in the same way. */
  alike(): { flow: Flow; map: Affine } | string {
    const flows = this.flows.filter((flow): flow is Flow => flow !== null);
    const first = flows[0];
    if (!first || !flows.every((flow) => isSelection(flow.map))) return MIXED;
    if (!flows.every((flow) => sameLayout(flow, first))) return DIFFERENT_AXES;
    if (flows.every((flow) => sameMap(flow.map, first.map))) return { flow: first, map: first.map };
    // Over bases of one channel, a tensor of one channel broadcasts against one of many as its base does.
    const widest = flows.reduce((flow, f) => (f.map.m.length > flow.map.m.length ? f : flow));
    const broadcasts = flows.every(
      (flow) =>
        flow.base.channels === 1 &&
        isPlain(flow) &&
        (flow.map.m.length === 1 || flow.map.m.length === widest.map.m.length),
    );
    return broadcasts ? { flow: widest, map: widest.map } : 'two tensors with different channels meet here';
  }
}
