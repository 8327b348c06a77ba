import { joined } from '../../../bytes/joined.ts';
import { pieces, type Splice } from '../../../bytes/splice.ts';
import { toSplices, type Edit } from '../../../formats/onnx/edit/edit.ts';
import {
  encodeField,
  encodeFieldHead,
  encodeTensorInfo,
  encodeText,
  encodeNumber,
} from '../../../formats/onnx/edit/encode.ts';
import { rawBytes } from '../../../tensors/dtypes.ts';
import { knownRow } from '../../../tensors/elements.ts';
import { ChannelwiseError } from '../../../bytes/errors.ts';
import type { MessageRef, Node, Tensor, ValueType } from '../../../formats/onnx/model.ts';
import type { WireReader } from '../../../formats/onnx/scan/wire.ts';
import { decodeTensor } from '../../../formats/onnx/tensors/tensorData.ts';
import { elementCount } from '../../../tensors/storedTensor.ts';
import { replaceTensor } from '../../../formats/onnx/edit/tensorEdit.ts';
import { doubleSums } from './doubleSums.ts';
import { ancestors, heldTensors, type ModelFile, type Wiring } from '../../wiring.ts';
import { GRAPH, MODEL, VALUE_INFO, TENSOR } from '../../../formats/onnx/fields.ts';

/**
 * The runtime copies a model several times inside its 4 GiB of memory; a stem or model above this doesn't fit with its
 * activations.
 */
const MAX_RUN_BYTES = 768 * 1024 * 1024;
/** What gives nodes their meaning. */
const FRAME_FIELDS: ReadonlySet<number> = new Set([MODEL.irVersion, MODEL.opsetImport, MODEL.functions]);

/** A model cut out of another: from its inputs to some tensors. */
export interface Stem {
  readonly bytes: Uint8Array;
  readonly nodes: readonly Node[];
  /** Inputs it must be fed. */
  readonly inputs: readonly string[];
  /** Fixed sizes of an input were opened. */
  readonly opened: boolean;
}

/** Axes of inputs whose fixed sizes a run leaves open, by the input's name. */
export type OpenedAxes = ReadonlyMap<string, readonly number[]>;

/** How a stem differs from the part of the model that it is. */
export interface StemOptions {
  /** These axes of inputs take any size. */
  readonly opened?: OpenedAxes;
  /** Sums over many numbers are taken in double, so that their order doesn't matter. */
  readonly sumsInDouble?: boolean;
}

/**
 * Cuts the sub-model that computes `targets`. Nodes, weights, input types, operator versions and functions are copied
 * byte for byte; data that lies beside the model moves inline; everything else stays behind. Throws `unsupported`
 * (stem-too-large) above MAX_RUN_BYTES.
 */
export async function cutStem(
  wiring: Wiring,
  targets: readonly string[],
  { opened = new Map(), sumsInDouble = false }: StemOptions = {},
): Promise<Stem> {
  const { model, ctx } = wiring.file;
  const { graph } = model;
  const nodes = ancestors(wiring, targets);
  const needed = new Set([...targets, ...nodes.flatMap((node) => wiring.reads(node))]);
  const weights = graph.initializers.filter((initializer) => needed.has(initializer.name));
  const sparse = graph.sparseInitializers.filter((sparseInitializer) => needed.has(sparseInitializer.values.name));
  checkSize([...nodes.flatMap(heldTensors), ...weights, ...sparse.flatMap((s) => [s.values, s.indices])], nodes);
  const copy = (ref: { start: number; end: number }): Promise<Uint8Array> => ctx.wire.bytes(ref.start, ref.end);
  const parts: Uint8Array[] = [];
  const edits = sumsInDouble ? await doubleSums(wiring, nodes) : [];
  for (const node of nodes) parts.push(await nodeBytes(wiring, node, edits));
  parts.push(encodeText(GRAPH.name, 'stem'));
  for (const weight of weights)
    parts.push(weight.storage.kind === 'external' ? await inlined(wiring, weight) : await copy(weight.ref));
  for (const s of sparse) parts.push(await copy(s.ref));
  // Below IR 4 a weight is also an input, so those are kept too.
  for (const input of graph.inputs) {
    if (!needed.has(input.name)) continue;
    const axes = opened.get(input.name) ?? [];
    parts.push(
      axes.length && input.type?.kind === 'tensor' ? openedInput(input.name, input.type, axes) : await copy(input.ref),
    );
  }
  for (const name of targets) parts.push(encodeField(GRAPH.output, encodeText(VALUE_INFO.name, name)));
  return {
    bytes: await framed(wiring.file, parts, edits),
    nodes,
    inputs: [...wiring.inputs.keys()].filter((name) => needed.has(name)),
    opened: graph.inputs.some(({ name }) => needed.has(name) && opened.get(name)?.length),
  };
}

/**
 * A model of its own with these fields as its graph, and with edits to its functions. A whole network is copied once
 * here, and no more.
 */
export async function framed(
  file: ModelFile,
  graph: readonly Uint8Array[],
  edits: readonly Edit[] = [],
): Promise<Uint8Array> {
  const length = graph.reduce((sum, part) => sum + part.length, 0);
  return joined([...(await copyFrame(file, edits)), encodeFieldHead(MODEL.graph, length), ...graph]);
}

/** What gives a model's nodes their meaning: its own format version, the operators' versions and the functions. */
async function copyFrame({ model, ctx }: ModelFile, edits: readonly Edit[]): Promise<Uint8Array[]> {
  const frame: Uint8Array[] = [];
  for (const field of await ctx.wire.ranges(model.ref, ({ number }) => FRAME_FIELDS.has(number)))
    frame.push(await edited(ctx.wire, field, edits));
  return frame;
}

/** Bytes of the file, with those of the edits that lie in them. */
async function edited(
  wire: WireReader,
  { start, end }: Pick<MessageRef, 'start' | 'end'>,
  edits: readonly Edit[],
): Promise<Uint8Array> {
  const own = await wire.bytes(start, end);
  const isInside = (part: Pick<Splice, 'start' | 'end'>): boolean => part.start >= start && part.end <= end;
  const within = edits.filter(isInside);
  if (!within.length) return own;
  const splices = (await toSplices(wire, within))
    .filter(isInside)
    .map((splice) => ({ ...splice, start: splice.start - start, end: splice.end - start }));
  return joined(
    pieces(own.length, splices).map((piece) => ('bytes' in piece ? piece.bytes : own.subarray(piece.start, piece.end))),
  );
}

type TensorType = Extract<ValueType, { kind: 'tensor' }>;

function openedInput(name: string, { dtype, dims }: TensorType, axes: readonly number[]): Uint8Array {
  const sizes = dims?.map((dim, i) => (axes.includes(i) ? null : dim)) ?? null;
  return encodeField(GRAPH.input, encodeTensorInfo(name, dtype, sizes));
}

/** A whole model with the data beside it moved inline, ready for the runtime. Throws as cutStem does. */
export async function wholeModel(wiring: Wiring): Promise<Stem> {
  const outputs = [...new Set(wiring.outputs)];
  return cutStem(wiring, outputs);
}

/** Throws `unsupported` (stem-too-large) where the runtime could not hold these. */
function checkSize(tensors: readonly Tensor[], nodes: readonly Node[]): void {
  const total =
    tensors.reduce((sum, tensor) => sum + storedBytes(tensor), 0) +
    nodes.reduce((sum, node) => sum + node.ref.end - node.ref.start, 0);
  if (total > MAX_RUN_BYTES) {
    throw new ChannelwiseError(
      'unsupported',
      'stem-too-large',
      `The part to be run takes ${Math.ceil(total / 1024 ** 2)} MiB, more than the ${MAX_RUN_BYTES / 1024 ** 2} ` +
        'MiB that fit into the runtime.',
    );
  }
}

/** Bytes of a stored tensor's data, in the model or beside it. */
export function storedBytes(tensor: Tensor): number {
  switch (tensor.storage.kind) {
    case 'raw':
      return tensor.storage.end - tensor.storage.start;
    case 'typed':
      return tensor.storage.pieces.reduce((total, piece) => total + piece.end - piece.start, 0);
    case 'external':
      return rawBytes(knownRow(tensor.dtype, tensor.name), elementCount(tensor));
    default:
      return 0;
  }
}

async function inlined(wiring: Wiring, tensor: Tensor): Promise<Uint8Array> {
  if (tensor.storage.kind !== 'external' || !wiring.file.ctx.external) {
    throw new ChannelwiseError(
      'unsupported',
      'no-external-reader',
      `${tensor.name} lies in a file beside the model, which can't be read here.`,
      { tensor: tensor.name },
    );
  }
  const data = await wiring.file.ctx.external.read(tensor.storage.location, tensor.storage.offset, storedBytes(tensor));
  return encodeField(
    GRAPH.initializer,
    joined([
      ...tensor.dims.map((dim) => encodeNumber(TENSOR.dims, dim)),
      encodeNumber(TENSOR.dtype, tensor.dtype),
      encodeText(TENSOR.name, tensor.name),
      encodeField(TENSOR.rawData, data),
    ]),
  );
}

/** A node's own bytes with edits; tensors inside it that lie beside the model are moved inline. */
export async function nodeBytes(wiring: Wiring, node: Node, edits: readonly Edit[] = []): Promise<Uint8Array> {
  const { ctx } = wiring.file;
  const moved: Edit[] = [];
  for (const tensor of heldTensors(node).filter((held) => held.storage.kind === 'external')) {
    const { values } = await decodeTensor(ctx, tensor, tensor.name || node.name);
    moved.push(await replaceTensor(ctx, tensor, tensor.dims, values));
  }
  return edited(ctx.wire, node.ref, [...moved, ...edits]);
}
