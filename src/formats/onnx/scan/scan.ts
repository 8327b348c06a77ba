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
import { walkMessages, type Frame, type Rules } from './messageWalk.ts';
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
  1: integer((d, value) => {
    d.irVersion = value;
  }),
  2: text((d, value) => {
    d.producerName = value;
  }),
  3: text((d, value) => {
    d.producerVersion = value;
  }),
  4: text((d, value) => {
    d.domain = value;
  }),
  5: wide((d, value) => {
    d.modelVersion = value;
  }),
  6: text((d, value) => {
    d.docString = value;
  }),
  7: single(
    'The graph',
    (d) => d.graph !== null,
    (d, ref) =>
      graphFrame(ref, 0, (graph) => {
        d.graph = graph;
      }),
  ),
  8: message((d, ref, depth) => opsetFrame(ref, depth, d.opsets)),
  14: message((d, ref, depth) => entryFrame(ref, depth, (key, value) => void d.metadata.push({ ref, key, value }))),
  20: message((d, ref, depth) => frame({ ref, depth }, TRAINING, d.training)),
  25: message((d, ref, depth) => functionFrame(ref, depth, d.functions)),
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
  1: name((d, value) => {
    d.domain = standardDomain(value);
  }),
  2: integer((d, value) => {
    d.version = value;
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
  1: name((d, value) => {
    d.name = value;
  }),
  4: name((d, value) => void d.inputs.push(value)),
  5: name((d, value) => void d.outputs.push(value)),
  6: name((d, value) => void d.attributeNames.push(value)),
  7: message((d, ref, depth) => nodeFrame(ref, depth, d.nodes)),
  9: message((d, ref, depth) => opsetFrame(ref, depth, d.opsets)),
  10: name((d, value) => {
    d.domain = standardDomain(value);
  }),
  11: message((d, ref, depth) => attributeFrame(ref, depth, d.attributes)),
  13: name((d, value) => {
    d.overload = value;
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
  1: message((d, ref, depth) => nodeFrame(ref, depth, d.nodes)),
  2: text((d, value) => {
    d.name = value;
  }),
  5: message((d, ref, depth) => tensorFrame(ref, depth, (tensor) => void d.initializers.push(tensor))),
  11: message((d, ref, depth) => valueInfoFrame(ref, depth, (value) => void d.inputs.push(value))),
  12: message((d, ref, depth) => valueInfoFrame(ref, depth, (value) => void d.outputs.push(value))),
  13: message((d, ref, depth) => valueInfoFrame(ref, depth, (value) => void d.valueInfo.push(value))),
  15: message((d, ref, depth) => sparseFrame(ref, depth, (sparse) => void d.sparseInitializers.push(sparse))),
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
  1: name((d, value) => void d.inputs.push(value)),
  2: name((d, value) => void d.outputs.push(value)),
  3: name((d, value) => {
    d.name = value;
  }),
  4: name((d, value) => {
    d.opType = value;
  }),
  5: message((d, ref, depth) => attributeFrame(ref, depth, d.attributes)),
  7: name((d, value) => {
    d.domain = standardDomain(value);
  }),
  8: name((d, value) => {
    d.overload = value;
  }),
  9: message((d, ref, depth) =>
    entryFrame(ref, depth, (key, value) => void (d.metadata ??= []).push({ ref, key, value })),
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
  1: name((d, value) => {
    d.name = value;
  }),
  2: float((d, value) => {
    d.float = value;
  }),
  3: wide((d, value) => {
    d.int = value;
  }),
  4: bytes((d, value) => {
    d.string = value;
  }),
  5: single(
    'A tensor attribute',
    (d) => d.tensor !== undefined,
    (d, ref, depth) =>
      tensorFrame(ref, depth, (tensor: Tensor) => {
        d.tensor = tensor;
      }),
  ),
  6: single(
    'A graph attribute',
    (d) => d.graph !== undefined,
    (d, ref, depth) =>
      graphFrame(ref, depth + 1, (graph) => {
        d.graph = graph;
      }),
  ),
  7: floats((d) => (d.floats ??= [])),
  8: integers((d, value) => void (d.ints ??= []).push(value)),
  9: bytes((d, value) => void (d.strings ??= []).push(value)),
  10: message((d, ref, depth) => tensorFrame(ref, depth, (tensor: Tensor) => void (d.tensors ??= []).push(tensor))),
  11: message((d, ref, depth) => graphFrame(ref, depth + 1, (graph) => void (d.graphs ??= []).push(graph))),
  20: integer((d, value) => {
    d.type = value;
  }),
  21: name((d, value) => {
    d.refAttrName = value;
  }),
  22: single(
    'A sparse attribute',
    (d) => d.sparseTensor !== undefined,
    (d, ref, depth) =>
      sparseFrame(ref, depth, (sparse: SparseTensor) => {
        d.sparseTensor = sparse;
      }),
  ),
};
