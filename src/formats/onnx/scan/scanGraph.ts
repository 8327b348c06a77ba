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
import { ATTRIBUTE, GRAPH, NODE, ATTRIBUTE_TYPE } from '../fields.ts';

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
  return frame({ ref, depth }, GRAPH_RULES, draft);
}

const GRAPH_RULES: Rules<Open<Graph>> = {
  [GRAPH.node]: message((open, ref, depth) => nodeFrame(ref, depth, open.nodes), NODE_COST),
  [GRAPH.name]: text((open, value) => {
    open.name = value;
  }),
  [GRAPH.initializer]: message((open, ref, depth) =>
    tensorFrame(ref, depth, (tensor) => void open.initializers.push(tensor)),
  ),
  [GRAPH.input]: message((open, ref, depth) => valueInfoFrame(ref, depth, (value) => void open.inputs.push(value))),
  [GRAPH.output]: message((open, ref, depth) => valueInfoFrame(ref, depth, (value) => void open.outputs.push(value))),
  [GRAPH.valueInfo]: message((open, ref, depth) =>
    valueInfoFrame(ref, depth, (value) => void open.valueInfo.push(value)),
  ),
  [GRAPH.sparseInitializer]: message((open, ref, depth) =>
    sparseFrame(ref, depth, (sparse) => void open.sparseInitializers.push(sparse)),
  ),
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
  return frame({ ref, depth }, NODE_RULES, draft);
}

type NodeDraft = Omit<Open<Node>, 'metadata'> & { metadata?: MetadataEntry[] };

const NODE_RULES: Rules<NodeDraft> = {
  [NODE.input]: name((nodeDraft, value) => void nodeDraft.inputs.push(value)),
  [NODE.output]: name((nodeDraft, value) => void nodeDraft.outputs.push(value)),
  [NODE.name]: name((nodeDraft, value) => {
    nodeDraft.name = value;
  }),
  [NODE.opType]: name((nodeDraft, value) => {
    nodeDraft.opType = value;
  }),
  [NODE.attribute]: message((nodeDraft, ref, depth) => attributeFrame(ref, depth, nodeDraft.attributes)),
  [NODE.domain]: name((nodeDraft, value) => {
    nodeDraft.domain = standardDomain(value);
  }),
  [NODE.overload]: name((nodeDraft, value) => {
    nodeDraft.overload = value;
  }),
  [NODE.metadata]: message((nodeDraft, ref, depth) =>
    entryFrame(ref, depth, (key, value) => void (nodeDraft.metadata ??= []).push({ ref, key, value })),
  ),
};

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
  return frame({ ref, depth }, ATTRIBUTE_RULES, attribute, () => {
    if (attribute.type === ATTRIBUTE_TYPE.floats) attribute.floats ??= [];
    if (attribute.type === ATTRIBUTE_TYPE.ints) attribute.ints ??= [];
    if (attribute.type === ATTRIBUTE_TYPE.strings) attribute.strings ??= [];
  });
}

const ATTRIBUTE_RULES: Rules<AttributeDraft> = {
  [ATTRIBUTE.name]: name((attribute, value) => {
    attribute.name = value;
  }),
  [ATTRIBUTE.float]: float((attribute, value) => {
    attribute.float = value;
  }),
  [ATTRIBUTE.int]: wide((attribute, value) => {
    attribute.int = value;
  }),
  [ATTRIBUTE.string]: bytes((attribute, value) => {
    attribute.string = value;
  }),
  [ATTRIBUTE.tensor]: single(
    'A tensor attribute',
    (attribute) => attribute.tensor !== undefined,
    (attribute, ref, depth) =>
      tensorFrame(ref, depth, (tensor: Tensor) => {
        attribute.tensor = tensor;
      }),
  ),
  [ATTRIBUTE.graph]: single(
    'A graph attribute',
    (attribute) => attribute.graph !== undefined,
    (attribute, ref, depth) =>
      graphFrame(ref, depth + 1, (graph) => {
        attribute.graph = graph;
      }),
  ),
  [ATTRIBUTE.floats]: floats((attribute) => (attribute.floats ??= [])),
  [ATTRIBUTE.ints]: integers((attribute, value) => void (attribute.ints ??= []).push(value)),
  [ATTRIBUTE.strings]: bytes((attribute, value) => void (attribute.strings ??= []).push(value)),
  [ATTRIBUTE.tensors]: message((attribute, ref, depth) =>
    tensorFrame(ref, depth, (tensor: Tensor) => void (attribute.tensors ??= []).push(tensor)),
  ),
  [ATTRIBUTE.graphs]: message((attribute, ref, depth) =>
    graphFrame(ref, depth + 1, (graph) => void (attribute.graphs ??= []).push(graph)),
  ),
  [ATTRIBUTE.type]: integer((attribute, value) => {
    attribute.type = value;
  }),
  [ATTRIBUTE.refAttrName]: name((attribute, value) => {
    attribute.refAttrName = value;
  }),
  [ATTRIBUTE.sparseTensor]: single(
    'A sparse attribute',
    (attribute) => attribute.sparseTensor !== undefined,
    (attribute, ref, depth) =>
      sparseFrame(ref, depth, (sparse: SparseTensor) => {
        attribute.sparseTensor = sparse;
      }),
  ),
};
