import assert from 'node:assert/strict';
import { adaptKeras } from '../../../src/adapt/keras/adaptKeras.ts';
import { grayscale } from '../../../src/adapt/maps/channelMap.ts';
import { MemorySource, type ByteSource } from '../../../src/bytes/byteSource.ts';
import { ChannelwiseError } from '../../../src/bytes/errors.ts';
import type { Splice } from '../../../src/bytes/splice.ts';
import { SplicedSource } from '../../../src/bytes/splicedSource.ts';
import { canWrite, type Format, type OpenedFile } from '../../../src/formats/format.ts';
import { openKerasFile } from '../../../src/formats/keras/kerasFile.ts';
import { openNetwork } from '../../../src/formats/keras/openNetwork.ts';
import { inferShapes } from '../../../src/graph/shapes/shapes.ts';
import { DTYPES, rawBytes } from '../../../src/tensors/dtypes.ts';
import { elementCount, type StoredTensor } from '../../../src/tensors/storedTensor.ts';
import type { Random } from '../../fixtures/random.ts';

/** A damaged size can ask for more than a test should hold. */
const HELD_ELEMENTS = 100_000;

/**
 * Puts one input through a format and throws where an invariant breaks: an error that isn't typed; elements by range
 * that differ from the whole; a changed tensor that does not read back, or another one that differs after it. Returns
 * how far the input came.
 */
export async function checkFile(format: Format, bytes: Uint8Array, random: Random): Promise<string> {
  const source = new MemorySource(bytes);
  let file: OpenedFile;
  try {
    file = await opened(format, source);
  } catch (error) {
    return `open: ${codeOf(error)}`;
  }
  for (const text of [...file.warnings, ...file.facts.map(({ value }) => value)]) assert.ok(!text.includes('\n'), text);
  const before = await contents(file);
  for (const tensor of file.tensors) await checkRange(tensor, before.get(tensor.name) ?? null, random);
  if (file.graph) return adaptGraph(format, source, file);
  const wide = file.tensors.filter(({ name, dims }) => (dims[1] ?? 0) > 1 && before.get(name));
  if (wide.length === 0 || !canWrite(file.writer)) return 'read';
  const changed = random.pick(wide);
  const dims = changed.dims.map((dim, axis) => (axis === 1 ? 1 : dim));
  const change = { tensor: changed.name, dims, bytes: numbers(changed, dims) };
  try {
    const result = await opened(format, await written(source, await file.writer.splices([change], null)));
    const after = await contents(result);
    for (const { name } of file.tensors) {
      const expected = name === changed.name ? Buffer.from(change.bytes) : before.get(name);
      if (expected) assert.ok(after.get(name)?.equals(expected), `${name} differs`);
    }
    return 'changed';
  } catch (error) {
    return `change: ${codeOf(error)}`;
  }
}

/** Shapes of the graph, and a grayscale copy of it, which must open again with one channel. */
async function adaptGraph(format: Format, source: MemorySource, { graph, tensors }: OpenedFile): Promise<string> {
  try {
    assert.ok(graph);
    inferShapes(graph.model);
    const network = await openNetwork(await openKerasFile(source));
    const { splices } = await adaptKeras({ opened: network, map: grayscale() });
    const result = await opened(format, await written(source, splices));
    assert.deepEqual(
      result.tensors.map(({ name }) => name),
      tensors.map(({ name }) => name),
    );
    assert.ok(result.graph, 'the adapted file has its graph');
    return 'adapted';
  } catch (error) {
    return `adapt: ${codeOf(error)}`;
  }
}

function opened(format: Format, source: ByteSource): Promise<OpenedFile> {
  return format.open(source, { name: 'fuzzed' });
}

async function written(source: MemorySource, splices: readonly Splice[]): Promise<MemorySource> {
  const adapted = new SplicedSource(source, splices);
  return new MemorySource(await adapted.read(0, adapted.size));
}

function codeOf(error: unknown): string {
  if (!(error instanceof ChannelwiseError)) throw error;
  assert.ok(error.code && error.message && !error.message.includes('\n'), error.message);
  return error.code;
}

type Contents = ReadonlyMap<string, Buffer | null>;

/** Each tensor's bytes; null for one that is too large here, or whose data can't be read. */
async function contents({ tensors }: OpenedFile): Promise<Contents> {
  const out = new Map<string, Buffer | null>();
  for (const tensor of tensors) out.set(tensor.name, await wholeOf(tensor));
  return out;
}

async function wholeOf(tensor: StoredTensor): Promise<Buffer | null> {
  try {
    const count = elementCount(tensor);
    return count > HELD_ELEMENTS ? null : await elementsOf(tensor, 0, count);
  } catch (error) {
    codeOf(error);
    return null;
  }
}

async function elementsOf(tensor: StoredTensor, from: number, to: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  await tensor.stream({ from, to }, (bytes) => parts.push(bytes.slice()));
  return Buffer.concat(parts);
}

function bytesOf({ dtype }: StoredTensor, count: number): number {
  const row = DTYPES[dtype];
  assert.ok(row);
  return rawBytes(row, count);
}

async function checkRange(tensor: StoredTensor, whole: Buffer | null, random: Random): Promise<void> {
  const isPacked = (DTYPES[tensor.dtype]?.bits ?? 0) < 8;
  if (!whole || isPacked) return;
  const count = elementCount(tensor);
  assert.equal(whole.length, bytesOf(tensor, count));
  const from = random.int(count + 1);
  const to = from + random.int(count - from + 1);
  const part = await elementsOf(tensor, from, to);
  assert.ok(part.equals(whole.subarray(bytesOf(tensor, from), bytesOf(tensor, to))), `${tensor.name} by range`);
}

function numbers(tensor: StoredTensor, dims: readonly number[]): Uint8Array {
  const count = dims.reduce((product, dim) => product * dim, 1);
  return Uint8Array.from({ length: bytesOf(tensor, count) }, (_, i) => (i * 7 + 1) % 256);
}
