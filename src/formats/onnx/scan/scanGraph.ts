import { ChannelwiseError } from '../../../bytes/errors.ts';
import type { Attribute, Graph, MessageRef, MetadataEntry, Node, SparseTensor, Tensor } from '../model.ts';
import {
  bytes,
  float,
  floats,
  frame,
  integer,
  integers,
  message,
  name,
  single,
  standardDomain,
  text,
  wide,
} from './scanFields.ts';
import { entryFrame, sparseFrame, tensorFrame } from './scanTensor.ts';
import { valueInfoFrame } from './scanValue.ts';
import { NODE_COST, type Frame, type Rules } from './messageWalk.ts';
import type { Open } from './scanFields.ts';

/** Protobuf's own readers stop at 100 nested messages; a subgraph level costs three. */
const MAX_GRAPH_DEPTH = 32;

/** A graph, and all in it. Throws `unsupported` (too-deep) for one that lies in too many others. */
export function graphFrame(ref: MessageRef, depth: number, done: (graph: Graph) => void): Frame {
  if (depth > MAX_GRAPH_DEPTH) {
    throw new ChannelwiseError(
      'unsupported',
      'too-deep',
      `Subgraphs are nested more than ${MAX_GRAPH_DEPTH} deep (byte ${ref.start}).`,
      { offset: ref.start },
    );
  }
  const draft: Open<Graph> = {
    ref,
    name: '',
    nodes: [],
    initializers: [],
    sparseInitializers: [],
    inputs: [],
    outputs: [],
    valueInfo: [],
  };
  done(draft);
  return frame({ ref, depth }, GRAPH, draft);
}

const GRAPH: Rules<Open<Graph>> = {
  1: message((open, ref, depth) => nodeFrame(ref, depth, open.nodes), NODE_COST),
  2: text((open, value) => {
    open.name = value;
  }),
  5: message((open, ref, depth) => tensorFrame(ref, depth, (tensor) => void open.initializers.push(tensor))),
  11: message((open, ref, depth) => valueInfoFrame(ref, depth, (value) => void open.inputs.push(value))),
  12: message((open, ref, depth) => valueInfoFrame(ref, depth, (value) => void open.outputs.push(value))),
  13: message((open, ref, depth) => valueInfoFrame(ref, depth, (value) => void open.valueInfo.push(value))),
  15: message((open, ref, depth) => sparseFrame(ref, depth, (sparse) => void open.sparseInitializers.push(sparse))),
};

/** A node, into the list that it belongs to. */
export function nodeFrame(ref: MessageRef, depth: number, into: Node[]): Frame {
  const draft: NodeDraft = {
    ref,
    name: '',
    opType: '',
    domain: '',
    overload: '',
    inputs: [],
    outputs: [],
    attributes: [],
  };
  into.push(draft);
  return frame({ ref, depth }, NODE, draft);
}

type NodeDraft = Omit<Open<Node>, 'metadata'> & { metadata?: MetadataEntry[] };

const NODE: Rules<NodeDraft> = {
  1: name((nodeDraft, value) => void nodeDraft.inputs.push(value)),
  2: name((nodeDraft, value) => void nodeDraft.outputs.push(value)),
  3: name((nodeDraft, value) => {
    nodeDraft.name = value;
  }),
  4: name((nodeDraft, value) => {
    nodeDraft.opType = value;
  }),
  5: message((nodeDraft, ref, depth) => attributeFrame(ref, depth, nodeDraft.attributes)),
  7: name((nodeDraft, value) => {
    nodeDraft.domain = standardDomain(value);
  }),
  8: name((nodeDraft, value) => {
    nodeDraft.overload = value;
  }),
  9: message((nodeDraft, ref, depth) =>
    entryFrame(ref, depth, (key, value) => void (nodeDraft.metadata ??= []).push({ ref, key, value })),
  ),
};

/** AttributeProto.AttributeType of lists, which an empty one still says: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
const FLOATS = 6;
const INTS = 7;
const STRINGS = 8;

/** Lists are made only where the file has them: most attributes are one number. */
type AttributeDraft = {
  -readonly [K in keyof Attribute]: Attribute[K] extends readonly (infer E)[] | undefined
    ? E[] | undefined
    : Attribute[K];
};

/** An attribute, into the list that it belongs to. */
export function attributeFrame(ref: MessageRef, depth: number, into: Attribute[]): Frame {
  const attribute: AttributeDraft = { ref, name: '', type: 0 };
  into.push(attribute);
  return frame({ ref, depth }, ATTRIBUTE, attribute, () => {
    if (attribute.type === FLOATS) attribute.floats ??= [];
    if (attribute.type === INTS) attribute.ints ??= [];
    if (attribute.type === STRINGS) attribute.strings ??= [];
  });
}

const ATTRIBUTE: Rules<AttributeDraft> = {
  1: name((attribute, value) => {
    attribute.name = value;
  }),
  2: float((attribute, value) => {
    attribute.float = value;
  }),
  3: wide((attribute, value) => {
    attribute.int = value;
  }),
  4: bytes((attribute, value) => {
    attribute.string = value;
  }),
  5: single(
    'A tensor attribute',
    (attribute) => attribute.tensor !== undefined,
    (attribute, ref, depth) =>
      tensorFrame(ref, depth, (tensor: Tensor) => {
        attribute.tensor = tensor;
      }),
  ),
  6: single(
    'A graph attribute',
    (attribute) => attribute.graph !== undefined,
    (attribute, ref, depth) =>
      graphFrame(ref, depth + 1, (graph) => {
        attribute.graph = graph;
      }),
  ),
  7: floats((attribute) => (attribute.floats ??= [])),
  8: integers((attribute, value) => void (attribute.ints ??= []).push(value)),
  9: bytes((attribute, value) => void (attribute.strings ??= []).push(value)),
  10: message((attribute, ref, depth) =>
    tensorFrame(ref, depth, (tensor: Tensor) => void (attribute.tensors ??= []).push(tensor)),
  ),
  11: message((attribute, ref, depth) =>
    graphFrame(ref, depth + 1, (graph) => void (attribute.graphs ??= []).push(graph)),
  ),
  20: integer((attribute, value) => {
    attribute.type = value;
  }),
  21: name((attribute, value) => {
    attribute.refAttrName = value;
  }),
  22: single(
    'A sparse attribute',
    (attribute) => attribute.sparseTensor !== undefined,
    (attribute, ref, depth) =>
      sparseFrame(ref, depth, (sparse: SparseTensor) => {
        attribute.sparseTensor = sparse;
      }),
  ),
};
