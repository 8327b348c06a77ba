import { joined } from '../../../bytes/joined.ts';
import { FLOAT, INT64 } from '../../../tensors/dtypes.ts';
import type { Dim } from '../../onnx/model.ts';
import {
  encodeDim,
  encodeEntry,
  encodeField,
  encodeNode,
  encodeTensorMessage,
  encodeText,
  encodeVarint,
  tag,
  type NewAttribute,
} from '../../onnx/edit/encode.ts';

const VARINT = 0;
/** The first version of the format in which nodes have metadata. */
const IR_VERSION = 10;
/** Pad and Resize by axes; every runtime of the last years knows it. */
export const OPSET = 18;
/** Layers that no operator stands for keep their class under this domain. */
export const KERAS_DOMAIN = 'keras';

/**
 * How a stored dataset is seen as a weight of the graph: its axes in another order, then as other dims of as many
 * elements.
 */
export interface WeightView {
  readonly dataset: string;
  readonly storedDims: readonly number[];
  readonly order: readonly number[];
  readonly dims: readonly number[];
  /** A depthwise kernel: channels and multiplier are one axis of `dims`, followed by one of size 1. */
  readonly depthwise: boolean;
  readonly dtype: number;
}

export interface NewGraphNode {
  readonly name: string;
  readonly opType: string;
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: readonly NewAttribute[];
  /** The Keras class, shown beside the operator. */
  readonly className: string;
}

interface Snapshot {
  readonly nodes: number;
  readonly initializers: number;
  readonly weights: number;
  readonly constants: number;
}

interface AboutGraph {
  readonly name: string;
  /** Of Keras. */
  readonly version: string;
  /** Entries by key. */
  readonly metadata: readonly (readonly [key: string, value: string])[];
}

/** Collects a graph and writes it as the bytes of an ONNX model whose weights lie elsewhere, under their own names. */
export class GraphBuilder {
  readonly weights = new Map<string, WeightView>();
  private readonly nodes: Uint8Array[] = [];
  private readonly initializers: Uint8Array[] = [];
  private readonly inputs: Uint8Array[] = [];
  private readonly outputs: Uint8Array[] = [];
  private readonly constants = new Set<string>();

  /** What there is so far, to come back to when a layer turns out to be unpresentable. */
  snapshot(): Snapshot {
    const { nodes, initializers, weights, constants } = this;
    return { nodes: nodes.length, initializers: initializers.length, weights: weights.size, constants: constants.size };
  }

  restore({ nodes, initializers, weights, constants }: Snapshot): void {
    this.nodes.length = nodes;
    this.initializers.length = initializers;
    for (const name of [...this.weights.keys()].slice(weights)) this.weights.delete(name);
    for (const name of [...this.constants].slice(constants)) this.constants.delete(name);
  }

  input(name: string, dtype: number, dims: readonly Dim[] | null): void {
    this.inputs.push(encodeField(11, valueInfo(name, dtype, dims)));
  }

  output(name: string): void {
    this.outputs.push(encodeField(12, encodeText(1, name)));
  }

  node({ className, ...node }: NewGraphNode): void {
    const metadata = encodeField(9, encodeEntry('keras.class', className));
    this.nodes.push(encodeField(1, joined([encodeNode(node), metadata])));
  }

  /** A weight by name; asked for again, it is the same. */
  weight(name: string, view: WeightView): string {
    if (!this.weights.has(name)) this.initializers.push(encodeField(5, externalTensor(name, view)));
    this.weights.set(name, view);
    return name;
  }

  /** A constant that the configuration gives. The same name is made once. */
  floats(name: string, dims: readonly number[], values: readonly number[]): string {
    return this.constant(name, { name, dtype: FLOAT, dims, values });
  }

  ints(name: string, values: readonly number[]): string {
    return this.constant(name, { name, dtype: INT64, dims: [values.length], values });
  }

  private constant(name: string, tensor: Parameters<typeof encodeTensorMessage>[0]): string {
    if (!this.constants.has(name)) this.initializers.push(encodeField(5, encodeTensorMessage(tensor)));
    this.constants.add(name);
    return name;
  }

  /** The bytes of the ModelProto. */
  encode({ name, version, metadata }: AboutGraph): Uint8Array {
    const graph = joined([
      ...this.nodes,
      encodeText(2, name || 'model'),
      ...this.initializers,
      ...this.inputs,
      ...this.outputs,
    ]);
    return joined([
      varint(1, IR_VERSION),
      encodeText(2, 'Keras'),
      encodeText(3, version),
      encodeField(7, graph),
      encodeField(8, varint(2, OPSET)),
      encodeField(8, joined([encodeText(1, KERAS_DOMAIN), varint(2, 1)])),
      ...metadata.map(([key, value]) => encodeField(14, encodeEntry(key, value))),
    ]);
  }
}

function varint(field: number, value: number): Uint8Array {
  return joined([encodeVarint(tag(field, VARINT)), encodeVarint(value)]);
}

function valueInfo(name: string, dtype: number, dims: readonly Dim[] | null): Uint8Array {
  const shape = dims ? [encodeField(2, joined(dims.map((dim) => encodeField(1, encodeDim(dim)))))] : [];
  const type = encodeField(1, joined([varint(1, dtype), ...shape]));
  return joined([encodeText(1, name), encodeField(2, type)]);
}

/** A TensorProto whose data lies at a location that has the weight's own name. */
function externalTensor(name: string, { dims, dtype }: WeightView): Uint8Array {
  return joined([
    ...dims.map((dim) => varint(1, dim)),
    varint(2, dtype),
    encodeText(8, name),
    encodeField(13, encodeEntry('location', name)),
    varint(14, 1),
  ]);
}
