import type { ByteSource } from '../../../bytes/byteSource.ts';
import { ChannelwiseError, isOfKind } from '../../../bytes/errors.ts';
import { HEAD_BYTES } from '../../format.ts';
import { foreignFormat } from '../../foreignFormat.ts';
import type { FunctionDef, Graph, MessageRef, Model, OpsetImport } from '../model.ts';
import { frame, integer, message, name, single, standardDomain, text, wide } from './scanFields.ts';
import { entryFrame } from './scanTensor.ts';
import { NODE_COST, walkMessages, type Frame, type Rules } from './messageWalk.ts';
import { WireReader, malformed } from './wire.ts';
import type { Open } from './scanFields.ts';
import { graphFrame, nodeFrame, attributeFrame } from './scanGraph.ts';
import { FUNCTION, MODEL, OPSET, TRAINING } from '../fields.ts';

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
      frame({ ref, depth: 0 }, MODEL_RULES, draft),
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
  if (!isOfKind(error, 'malformed')) return error;
  const foreign = foreignFormat(await source.read(0, Math.min(source.size, HEAD_BYTES)));
  return foreign === null
    ? error
    : new ChannelwiseError('malformed', 'other-format', `This is not an ONNX model: ${foreign}.`, error.place);
}

type ModelDraft = Omit<Open<Model>, 'graph'> & { graph: Graph | null };

const MODEL_RULES: Rules<ModelDraft> = {
  [MODEL.irVersion]: integer((draft, value) => {
    draft.irVersion = value;
  }),
  [MODEL.producerName]: text((draft, value) => {
    draft.producerName = value;
  }),
  [MODEL.producerVersion]: text((draft, value) => {
    draft.producerVersion = value;
  }),
  [MODEL.domain]: text((draft, value) => {
    draft.domain = value;
  }),
  [MODEL.modelVersion]: wide((draft, value) => {
    draft.modelVersion = value;
  }),
  [MODEL.docString]: text((draft, value) => {
    draft.docString = value;
  }),
  [MODEL.graph]: single(
    'The graph',
    (draft) => draft.graph !== null,
    (draft, ref) =>
      graphFrame(ref, 0, (graph) => {
        draft.graph = graph;
      }),
  ),
  [MODEL.opsetImport]: message((draft, ref, depth) => opsetFrame(ref, depth, draft.opsets)),
  [MODEL.metadata]: message((draft, ref, depth) =>
    entryFrame(ref, depth, (key, value) => void draft.metadata.push({ ref, key, value })),
  ),
  [MODEL.training]: message((draft, ref, depth) => frame({ ref, depth }, TRAINING_RULES, draft.training)),
  [MODEL.functions]: message((draft, ref, depth) => functionFrame(ref, depth, draft.functions)),
};

const trainingGraph = message<Graph[]>((graphs, ref, depth) =>
  graphFrame(ref, depth, (graph) => void graphs.push(graph)),
);
/** What sets the weights, and one step of training: https://onnx.ai/onnx/api/classes.html#traininginfoproto */
const TRAINING_RULES: Rules<Graph[]> = {
  [TRAINING.initialization]: trainingGraph,
  [TRAINING.algorithm]: trainingGraph,
};

function opsetFrame(ref: MessageRef, depth: number, into: OpsetImport[]): Frame {
  const draft: Open<OpsetImport> = { domain: '', version: 0 };
  into.push(draft);
  return frame({ ref, depth }, OPSET_RULES, draft);
}

const OPSET_RULES: Rules<Open<OpsetImport>> = {
  [OPSET.domain]: name((open, value) => {
    open.domain = standardDomain(value);
  }),
  [OPSET.version]: integer((open, value) => {
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
  return frame({ ref, depth }, FUNCTION_RULES, draft);
}

const FUNCTION_RULES: Rules<Open<FunctionDef>> = {
  [FUNCTION.name]: name((open, value) => {
    open.name = value;
  }),
  [FUNCTION.input]: name((open, value) => void open.inputs.push(value)),
  [FUNCTION.output]: name((open, value) => void open.outputs.push(value)),
  [FUNCTION.attributeName]: name((open, value) => void open.attributeNames.push(value)),
  [FUNCTION.node]: message((open, ref, depth) => nodeFrame(ref, depth, open.nodes), NODE_COST),
  [FUNCTION.opsetImport]: message((open, ref, depth) => opsetFrame(ref, depth, open.opsets)),
  [FUNCTION.domain]: name((open, value) => {
    open.domain = standardDomain(value);
  }),
  [FUNCTION.attribute]: message((open, ref, depth) => attributeFrame(ref, depth, open.attributes)),
  [FUNCTION.overload]: name((open, value) => {
    open.overload = value;
  }),
};
