import { encodeNode, type NewAttribute, type NewTensor } from '../../../formats/onnx/edit/encode.ts';
import { copyNode } from '../../../formats/onnx/edit/nodeCopy.ts';
import type { TakenNames } from '../../../adapt/flow/names.ts';
import type { Node } from '../../../formats/onnx/model.ts';
import type { WireReader } from '../../../formats/onnx/scan/wire.ts';
import { DOUBLE, FLOAT, INT64 } from '../../../tensors/dtypes.ts';

/** From this opset on, ReduceMean takes its axes as an input. */
const AXES_AS_INPUT = 18;

/** A node that is to run in double. */
export interface WideNode {
  readonly node: Node;
  /** Of what it sums. */
  readonly rank: number;
  readonly opset: number;
}

/** New nodes in place of one, each giving one tensor. */
export class WideNodes {
  readonly bodies: Uint8Array[] = [];
  readonly node: Node;
  readonly rank: number;
  readonly opset: number;
  private readonly wire: WireReader;
  private readonly names: TakenNames;
  private readonly output: string;

  constructor(wire: WireReader, { node, rank, opset }: WideNode, names: TakenNames) {
    this.wire = wire;
    this.names = names;
    this.node = node;
    this.rank = rank;
    this.opset = opset;
    this.output = node.outputs[0] ?? '';
  }

  /** The tensor in double. */
  wide(name: string): string {
    return this.add('Cast', [name], [{ name: 'to', int: DOUBLE }]);
  }

  /** The node's output in float32, made of this tensor. */
  narrow(name: string): void {
    this.write('Cast', [name], this.output, [{ name: 'to', int: FLOAT }]);
  }

  /** The mean over axes, which are kept with size 1. Their list moved from an attribute to an input. */
  mean(name: string, axes: readonly number[]): string {
    if (this.opset < AXES_AS_INPUT) return this.add('ReduceMean', [name], [{ name: 'axes', ints: axes }]);
    return this.add('ReduceMean', [name, this.integers(axes)]);
  }

  /** A constant list of int64. */
  integers(values: readonly number[]): string {
    return this.constant({ name: '', dtype: INT64, dims: [values.length], values });
  }

  /** A constant double without axes. */
  double(value: number): string {
    return this.constant({ name: '', dtype: DOUBLE, dims: [], values: Float64Array.of(value) });
  }

  /** Adds a node with one output, and gives the name of what it makes. */
  add(opType: string, inputs: readonly string[], attributes: readonly NewAttribute[] = []): string {
    const made = this.fresh();
    this.write(opType, inputs, made, attributes);
    return made;
  }

  /** The node itself, over other inputs. */
  async copy(inputs: readonly string[], attributes: ReadonlyMap<string, NewAttribute> = new Map()): Promise<string> {
    const made = this.fresh();
    const copied = { name: made, inputs, outputs: [made], attributes };
    this.bodies.push(await copyNode(this.wire, this.node, copied));
    return made;
  }

  private constant(tensor: NewTensor): string {
    return this.add('Constant', [], [{ name: 'value', tensor }]);
  }

  private write(opType: string, inputs: readonly string[], output: string, attributes: readonly NewAttribute[]): void {
    this.bodies.push(encodeNode({ name: output, opType, inputs, outputs: [output], attributes }));
  }

  /** A name that no tensor of the model has. */
  private fresh(): string {
    return this.names.fresh(`${this.output}/wide_${this.bodies.length}`);
  }
}
