import assert from 'node:assert/strict';
import { adaptModel } from '../../src/adapt/adaptModel.ts';
import {
  bands,
  dropAlpha,
  grayscale,
  mapFromJson,
  normalize,
  swapRedBlue,
  type ChannelMap,
} from '../../src/adapt/maps/channelMap.ts';
import { MemorySource } from '../../src/bytes/byteSource.ts';
import { pieces, type Splice } from '../../src/bytes/splice.ts';
import { inferShapes } from '../../src/graph/shapes/shapes.ts';
import { steeringConstants } from '../../src/graph/shapes/steering.ts';
import { pageModel } from '../../src/page/model/pageModel.ts';
import { allTensors } from '../../src/formats/onnx/allTensors.ts';
import { DTYPES } from '../../src/tensors/dtypes.ts';
import { setMetadata, toSplices } from '../../src/formats/onnx/edit/edit.ts';
import { ChannelwiseError } from '../../src/bytes/errors.ts';
import type { Model, SparseTensor, Tensor } from '../../src/formats/onnx/model.ts';
import { scanModel } from '../../src/formats/onnx/scan/scan.ts';
import { decodeTensor } from '../../src/formats/onnx/tensors/tensorData.ts';
import { elementCount } from '../../src/tensors/storedTensor.ts';
import type { TensorContext } from '../../src/formats/onnx/tensors/tensorContext.ts';
import { readElements, type Elements } from '../../src/tensors/tensorElements.ts';
import { replaceTensor } from '../../src/formats/onnx/edit/tensorEdit.ts';
import { WireReader } from '../../src/formats/onnx/scan/wire.ts';
import { Random } from '../fixtures/random.ts';
import { storedTensor } from '../../src/formats/onnx/tensors/storedTensor.ts';
import { brokenMessages, messagesOf, parse, type TreeMessage } from './messageTree.ts';

/** How far one input came: the last stage that succeeded, or the code of the first error. */
export type Outcome = string;

const MAPS: readonly (() => ChannelMap)[] = [
  grayscale,
  swapRedBlue,
  dropAlpha,
  () => bands(5),
  () => normalize({ mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4], scale: 1 }),
  () =>
    mapFromJson(
      {
        matrix: [
          [0.5, -1],
          [2, 0.25],
          [0, 1],
        ],
        shift: [1, 0, -0.5],
      },
      'fuzz',
    ),
  () => mapFromJson({ matrix: [[0.3, 0.6, 0.1]] }, 'fuzz'),
];
const HELD_ELEMENTS = 4096;
/** The file beside every model: `data.bin`, as long as a small tensor needs. */
const DATA = Uint8Array.from({ length: 4096 }, (_, i) => i % 251);

/**
 * Puts one input through everything and throws where an invariant breaks: an error that is not typed or has no place;
 * elements by range that differ from the whole; an edit that touches more than whole fields and length prefixes, or
 * whose result does not read back.
 */
export async function checkInput(bytes: Uint8Array, random: Random): Promise<Outcome> {
  const source = new MemorySource(bytes);
  const wire = new WireReader(source);
  const ctx = { wire, external: { read: readData } };
  let model: Model;
  try {
    model = await scanModel(source);
  } catch (error) {
    const { place, code } = typed(error);
    assert.ok(
      typeof place.offset === 'number' && place.offset >= 0 && place.offset <= bytes.length,
      `an error of the scan has no offset: ${String(error)}`,
    );
    return `scan: ${code}`;
  }
  const tree = parse(bytes);
  assert.ok(tree, 'the scan read what is no sequence of fields');
  const tensors = allTensors(model);
  for (const tensor of tensors) await checkTensor(ctx, tensor, random);
  await checkMetadataEdit(bytes, tree, model, wire);
  await checkTensorEdit({ bytes, tree, tensors }, ctx, random);
  const constants = await steeringConstants(model, ctx);
  const shapes = inferShapes(model, { constants });
  pageModel(model, { fileName: 'model.onnx', fileSize: bytes.length, inferred: shapes });
  let splices: readonly Splice[];
  try {
    ({ splices } = await adaptModel({
      ctx,
      model,
      map: random.pick(MAPS)(),
      version: 'fuzz',
      source: { name: 'fuzz.onnx', size: bytes.length },
    }));
  } catch (error) {
    return `adapt: ${typed(error).code}`;
  }
  await checkSplices(bytes, tree, splices);
  return 'converted';
}

function typed(error: unknown): ChannelwiseError {
  if (!(error instanceof ChannelwiseError)) throw error;
  assert.ok(
    error.code && error.message && !error.message.includes('\n'),
    `an error should be one sentence: ${error.message}`,
  );
  const { offset, node, tensor } = error.place;
  if (error.kind === 'malformed')
    assert.ok(
      offset !== undefined || node !== undefined || tensor !== undefined,
      `an error has no place: ${error.message}`,
    );
  return error;
}

async function readData(location: string, offset: number, length: number | null): Promise<Uint8Array> {
  const end = length === null ? DATA.length : offset + length;
  if (location !== 'data.bin' || end > DATA.length) throw new ChannelwiseError('io', 'external-missing', 'missing');
  return DATA.subarray(offset, end);
}

async function attempt<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    typed(error);
    return null;
  }
}

/** The whole tensor and a range of it are read alike, or both with a typed error. */
async function checkTensor(ctx: TensorContext, tensor: Tensor | SparseTensor, random: Random): Promise<void> {
  let count: number;
  try {
    count = elementCount('indices' in tensor ? { name: '', dims: tensor.dims } : tensor);
  } catch (error) {
    typed(error);
    return;
  }
  const from = random.int(Math.min(count, 2 ** 31) + 1);
  const to = Math.min(count, from + random.int(50));
  const part = await attempt(readElements(storedTensor(ctx, tensor, 't'), { from, to }));
  if (count > HELD_ELEMENTS) return;
  const whole = await attempt(readElements(storedTensor(ctx, tensor, 't'), { from: 0, to: count }));
  if (!whole) return;
  assert.ok(part, 'the whole tensor can be read, but a part of it can not');
  const lanes = 'indices' in tensor ? (DTYPES[tensor.values.dtype]?.lanes ?? 1) : (DTYPES[tensor.dtype]?.lanes ?? 1);
  assert.deepEqual([...part.values], [...whole.values].slice(from * lanes, to * lanes));
}

async function checkMetadataEdit(bytes: Uint8Array, tree: TreeMessage, model: Model, wire: WireReader): Promise<void> {
  const edited = await checkSplices(bytes, tree, await toSplices(wire, [setMetadata(model, 'added', 'here')]));
  assert.ok(edited.metadata.some((entry) => entry.key === 'added' && entry.value === 'here'));
}

/** One input, as the independent reader and ours see it. */
interface ParsedInput {
  readonly bytes: Uint8Array;
  readonly tree: TreeMessage;
  readonly tensors: readonly (Tensor | SparseTensor)[];
}

/** Writes the values a tensor has into it: everything reads back as it was, of this tensor and all others. */
async function checkTensorEdit(
  { bytes, tree, tensors }: ParsedInput,
  ctx: TensorContext,
  random: Random,
): Promise<void> {
  if (!tensors.length) return;
  const at = random.int(tensors.length);
  const tensor = tensors[at] as Tensor | SparseTensor;
  if ('indices' in tensor) return;
  const decoded = await attempt(decodeTensor(ctx, tensor, 't'));
  const edit =
    decoded &&
    decoded.values.length <= HELD_ELEMENTS &&
    (await attempt(replaceTensor(ctx, tensor, tensor.dims, decoded.values)));
  if (!edit) return;
  const splices = await toSplices(ctx.wire, [edit]);
  const after = allTensors(await checkSplices(bytes, tree, splices));
  assert.equal(after.length, tensors.length);
  const wire = new WireReader(new MemorySource(spliced(bytes, splices)));
  for (const [i, before] of tensors.entries()) {
    const now = after[i] as Tensor | SparseTensor;
    if ('indices' in before || 'indices' in now || (i !== at && i % 8 !== at % 8)) continue;
    assert.deepEqual([now.name, now.dtype, now.dims], [before.name, before.dtype, before.dims]);
    assert.equal(now.storage.kind, i === at && before.storage.kind !== 'typed' ? 'raw' : before.storage.kind);
    assert.deepEqual(await readSmall({ ...ctx, wire }, now), await readSmall(ctx, before));
  }
}

async function readSmall(ctx: TensorContext, tensor: Tensor): Promise<Elements | null> {
  return tensor.dims.reduce((n, d) => n * d, 1) <= HELD_ELEMENTS
    ? attempt(readElements(storedTensor(ctx, tensor, 't'), { from: 0, to: elementCount(tensor) }))
    : null;
}

function spliced(bytes: Uint8Array, splices: readonly Splice[]): Uint8Array {
  return Buffer.concat(
    pieces(bytes.length, splices).map((p) => ('bytes' in p ? p.bytes : bytes.subarray(p.start, p.end))),
  );
}

/**
 * Splices replace whole fields of one message, or a length prefix; the result is a model, and as sound for the
 * independent reader as before.
 */
async function checkSplices(bytes: Uint8Array, tree: TreeMessage, splices: readonly Splice[]): Promise<Model> {
  const prefixes = new Set<string>();
  const owners = new Map<number, Set<TreeMessage>>();
  const own = (position: number, message: TreeMessage): void =>
    void owners.set(position, (owners.get(position) ?? new Set()).add(message));
  for (const message of messagesOf(tree)) {
    own(message.start, message);
    for (const field of message.fields) {
      own(field.end, message);
      if (field.message) prefixes.add(`${field.tagEnd}-${field.bodyStart}`);
    }
  }
  for (const { start, end } of splices) {
    const fields = [...(owners.get(start) ?? [])].some((message) => owners.get(end)?.has(message));
    assert.ok(fields || prefixes.has(`${start}-${end}`), `a splice of bytes ${start} to ${end} cuts through a field`);
  }
  const out = spliced(bytes, splices);
  const after = parse(out);
  assert.ok(
    after && brokenMessages(after) <= brokenMessages(tree),
    'the edited model has a message that is no sequence of fields',
  );
  return scanModel(new MemorySource(out));
}
