import { joined } from '../../../bytes/joined.ts';
import { FLOAT, INT64 } from '../../../tensors/dtypes.ts';
import type { Dim } from '../../onnx/model.ts';
import {
  encodeEntry,
  encodeField,
  encodeNode,
  encodeTensorMessage,
  encodeText,
  encodeTensorInfo,
  encodeNumber,
  encodeOpset,
  type NewNode,
} from '../../onnx/edit/encode.ts';
import { GRAPH, VALUE_INFO, NODE, MODEL, OPSET, TENSOR, EXTERNAL } from '../../onnx/fields.ts';

/** The first version of the format in which nodes have metadata. */
const IR_VERSION = 10;
/** Pad and Resize by axes; every runtime of the last years knows it. */
const OPSET_VERSION = 18;
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

export interface NewGraphNode extends NewNode {
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

  /** Takes back what was added since the snapshot. */
  restore({ nodes, initializers, weights, constants }: Snapshot): void {
    this.nodes.length = nodes;
    this.initializers.length = initializers;
    for (const name of [...this.weights.keys()].slice(weights)) this.weights.delete(name);
    for (const name of [...this.constants].slice(constants)) this.constants.delete(name);
  }

  /** Declares an input of the graph. */
  input(name: string, dtype: number, dims: readonly Dim[] | null): void {
    this.inputs.push(encodeField(GRAPH.input, encodeTensorInfo(name, dtype, dims)));
  }

  /** Declares an output, whose type follows from its node. */
  output(name: string): void {
    this.outputs.push(encodeField(GRAPH.output, encodeText(VALUE_INFO.name, name)));
  }

  /** Adds a node, with its Keras class as metadata. Nodes stand in the order in which they are added. */
  node({ className, ...node }: NewGraphNode): void {
    const metadata = encodeField(NODE.metadata, encodeEntry('keras.class', className));
    this.nodes.push(encodeField(GRAPH.node, joined([encodeNode(node), metadata])));
  }

  /** A weight by name; asked for again, it is the same. */
  weight(name: string, view: WeightView): string {
    if (!this.weights.has(name)) this.initializers.push(encodeField(GRAPH.initializer, externalTensor(name, view)));
    this.weights.set(name, view);
    return name;
  }

  /** A constant that the configuration gives. The same name is made once. */
  floats(name: string, dims: readonly number[], values: readonly number[]): string {
    return this.constant(name, { name, dtype: FLOAT, dims, values });
  }

  /** A list of int64 that the configuration gives. The same name is made once. */
  ints(name: string, values: readonly number[]): string {
    return this.constant(name, { name, dtype: INT64, dims: [values.length], values });
  }

  private constant(name: string, tensor: Parameters<typeof encodeTensorMessage>[0]): string {
    if (!this.constants.has(name)) this.initializers.push(encodeField(GRAPH.initializer, encodeTensorMessage(tensor)));
    this.constants.add(name);
    return name;
  }

  /** The bytes of the ModelProto. */
  encode({ name, version, metadata }: AboutGraph): Uint8Array {
    const graph = joined([
      ...this.nodes,
      encodeText(GRAPH.name, name || 'model'),
      ...this.initializers,
      ...this.inputs,
      ...this.outputs,
    ]);
    return joined([
      encodeNumber(MODEL.irVersion, IR_VERSION),
      encodeText(MODEL.producerName, 'Keras'),
      encodeText(MODEL.producerVersion, version),
      encodeField(MODEL.graph, graph),
      encodeField(MODEL.opsetImport, encodeNumber(OPSET.version, OPSET_VERSION)),
      encodeOpset(KERAS_DOMAIN, 1),
      ...metadata.map(([key, value]) => encodeField(MODEL.metadata, encodeEntry(key, value))),
    ]);
  }
}

/** A TensorProto whose data lies at a location that has the weight's own name. */
function externalTensor(name: string, { dims, dtype }: WeightView): Uint8Array {
  return joined([
    ...dims.map((dim) => encodeNumber(TENSOR.dims, dim)),
    encodeNumber(TENSOR.dtype, dtype),
    encodeText(TENSOR.name, name),
    encodeField(TENSOR.externalData, encodeEntry('location', name)),
    encodeNumber(TENSOR.dataLocation, EXTERNAL),
  ]);
}
