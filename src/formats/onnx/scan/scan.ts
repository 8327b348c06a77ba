import type { ByteSource } from '../../../bytes/byteSource.ts';
import { ChannelwiseError } from '../../../bytes/errors.ts';
import { HEAD_BYTES } from '../../format.ts';
import { foreignFormat } from '../../foreignFormat.ts';
import type { FunctionDef, Graph, MessageRef, Model, OpsetImport } from '../model.ts';
import { frame, integer, message, name, single, standardDomain, text, wide } from './scanFields.ts';
import { entryFrame } from './scanTensor.ts';
import { NODE_COST, walkMessages, type Frame, type Rules } from './messageWalk.ts';
import { WireReader, malformed } from './wire.ts';
import type { Open } from './scanFields.ts';
import { graphFrame, nodeFrame, attributeFrame } from './scanGraph.ts';

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
