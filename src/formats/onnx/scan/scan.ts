import type { ByteSource } from '../../../bytes/byteSource.ts';
import { ChannelwiseError } from '../../../bytes/errors.ts';
import { HEAD_BYTES } from '../../format.ts';
import { foreignFormat } from '../../foreignFormat.ts';
import type {
  Attribute,
  FunctionDef,
  Graph,
  MessageRef,
  MetadataEntry,
  Model,
  Node,
  OpsetImport,
  SparseTensor,
  Tensor,
} from '../model.ts';
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
import { NODE_COST, walkMessages, type Frame, type Rules } from './messageWalk.ts';
import { WireReader, malformed } from './wire.ts';

/** Protobuf's own readers stop at 100 nested messages; a subgraph level costs three. */
const MAX_GRAPH_DEPTH = 32;

type Open<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

/**
 * Reads the structure of a model and leaves tensor data where it lies. `onProgress` gets the part of the file that is
 * done, 0 to 1. Throws `malformed` with a byte offset, `unsupported` for what a splice could not keep, `cancelled`.
 */
export async function scanModel(
  source: ByteSource,
  signal?: AbortSignal,
  onProgress?: (fraction: number) => void,
): Promise<Model> {
  if (source.size === 0) throw new ChannelwiseError('malformed', 'malformed', 'The file is empty.', { offset: 0 });
  const ref: MessageRef = { start: 0, bodyStart: 0, end: source.size, parent: null };
  const draft: ModelDraft = {
    ref,
    irVersion: 0,
    producerName: '',
    producerVersion: '',
    domain: '',
    modelVersion: 0n,
    docString: '',
    opsets: [],
    metadata: [],
    graph: null,
    functions: [],
    training: [],
  };
  try {
    await walkMessages(
      new WireReader(source, signal),
      frame({ ref, depth: 0 }, MODEL, draft),
      onProgress && ((offset) => onProgress(offset / source.size)),
    );
    const { graph } = draft;
    if (!graph) throw malformed('it holds no graph', 0);
    onProgress?.(1);
    return { ...draft, graph };
  } catch (error) {
    throw await explained(source, error);
  }
}

/**
 * Where a file that can't be scanned begins like another format, an error that names it. What can be scanned is never
 * asked.
 */
async function explained(source: ByteSource, error: unknown): Promise<unknown> {
  if (!(error instanceof ChannelwiseError) || error.kind !== 'malformed') return error;
  const foreign = foreignFormat(await source.read(0, Math.min(source.size, HEAD_BYTES)));
  return foreign === null
    ? error
    : new ChannelwiseError('malformed', 'other-format', `This is not an ONNX model: ${foreign}.`, error.place);
}

type ModelDraft = Omit<Open<Model>, 'graph'> & { graph: Graph | null };

const MODEL: Rules<ModelDraft> = {
  1: integer((draft, value) => {
    draft.irVersion = value;
  }),
  2: text((draft, value) => {
    draft.producerName = value;
  }),
  3: text((draft, value) => {
    draft.producerVersion = value;
  }),
  4: text((draft, value) => {
    draft.domain = value;
  }),
  5: wide((draft, value) => {
    draft.modelVersion = value;
  }),
  6: text((draft, value) => {
    draft.docString = value;
  }),
  7: single(
    'The graph',
    (draft) => draft.graph !== null,
    (draft, ref) =>
      graphFrame(ref, 0, (graph) => {
        draft.graph = graph;
      }),
  ),
  8: message((draft, ref, depth) => opsetFrame(ref, depth, draft.opsets)),
  14: message((draft, ref, depth) =>
    entryFrame(ref, depth, (key, value) => void draft.metadata.push({ ref, key, value })),
  ),
  20: message((draft, ref, depth) => frame({ ref, depth }, TRAINING, draft.training)),
  25: message((draft, ref, depth) => functionFrame(ref, depth, draft.functions)),
};

const trainingGraph = message<Graph[]>((graphs, ref, depth) =>
  graphFrame(ref, depth, (graph) => void graphs.push(graph)),
);
/** What sets the weights, and one step of training: https://onnx.ai/onnx/api/classes.html#traininginfoproto */
const TRAINING: Rules<Graph[]> = { 1: trainingGraph, 2: trainingGraph };

function opsetFrame(ref: MessageRef, depth: number, into: OpsetImport[]): Frame {
  const draft: Open<OpsetImport> = { domain: '', version: 0 };
  into.push(draft);
  return frame({ ref, depth }, OPSET, draft);
}

const OPSET: Rules<Open<OpsetImport>> = {
  1: name((open, value) => {
    open.domain = standardDomain(value);
  }),
  2: integer((open, value) => {
    open.version = value;
  }),
};

function functionFrame(ref: MessageRef, depth: number, into: FunctionDef[]): Frame {
  const draft: Open<FunctionDef> = {
    ref,
    name: '',
    domain: '',
    overload: '',
    inputs: [],
    outputs: [],
    attributeNames: [],
    attributes: [],
    opsets: [],
    nodes: [],
  };
  into.push(draft);
  return frame({ ref, depth }, FUNCTION, draft);
}

const FUNCTION: Rules<Open<FunctionDef>> = {
  1: name((open, value) => {
    open.name = value;
  }),
  4: name((open, value) => void open.inputs.push(value)),
  5: name((open, value) => void open.outputs.push(value)),
  6: name((open, value) => void open.attributeNames.push(value)),
  7: message((open, ref, depth) => nodeFrame(ref, depth, open.nodes), NODE_COST),
  9: message((open, ref, depth) => opsetFrame(ref, depth, open.opsets)),
  10: name((open, value) => {
    open.domain = standardDomain(value);
  }),
  11: message((open, ref, depth) => attributeFrame(ref, depth, open.attributes)),
  13: name((open, value) => {
    open.overload = value;
  }),
};

function graphFrame(ref: MessageRef, depth: number, done: (graph: Graph) => void): Frame {
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

function nodeFrame(ref: MessageRef, depth: number, into: Node[]): Frame {
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

/** Lists are made only where the file has them: most attributes are one number. */
type AttributeDraft = {
  -readonly [K in keyof Attribute]: Attribute[K] extends readonly (infer E)[] | undefined
    ? E[] | undefined
    : Attribute[K];
};

function attributeFrame(ref: MessageRef, depth: number, into: Attribute[]): Frame {
  const attribute: AttributeDraft = { ref, name: '', type: 0 };
  into.push(attribute);
  return frame({ ref, depth }, ATTRIBUTE, attribute, () => {
    if (attribute.type === 6) attribute.floats ??= [];
    if (attribute.type === 7) attribute.ints ??= [];
    if (attribute.type === 8) attribute.strings ??= [];
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
