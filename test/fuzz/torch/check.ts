import assert from 'node:assert/strict';
import { MemorySource } from '../../../src/bytes/byteSource.ts';
import { ChannelwiseError } from '../../../src/bytes/errors.ts';
import { SplicedSource } from '../../../src/bytes/splicedSource.ts';
import { importWarnings } from '../../../src/formats/pytorch/imports.ts';
import { openTorch, type TorchFile, type TorchTensor } from '../../../src/formats/pytorch/torchFile.ts';
import { DTYPES, rawBytes } from '../../../src/tensors/dtypes.ts';
import type { Random } from '../../fixtures/random.ts';

/** A damaged size can ask for more than a test should hold. */
const HELD_ELEMENTS = 100_000;

/**
 * Puts one input through everything and throws where an invariant breaks: an error that isn't typed; elements by range
 * that differ from the whole; a changed tensor that does not read back, or another one that differs after it. Returns
 * how far the input came.
 */
export async function checkTorch(bytes: Uint8Array, random: Random): Promise<string> {
  const source = new MemorySource(bytes);
  let file: TorchFile;
  try {
    file = await openTorch(source);
  } catch (error) {
    return `open: ${codeOf(error)}`;
  }
  for (const warning of importWarnings(file.imports)) assert.ok(!warning.includes('\n'));
  const before = await contents(file);
  for (const tensor of file.tensors) await checkRange(tensor, before.get(tensor.name) ?? null, random);
  const wide = file.tensors.filter(({ name, dims }) => (dims[1] ?? 0) > 1 && before.get(name));
  if (wide.length === 0) return 'read';
  return checkChange(source, file, before, random.pick(wide));
}

function codeOf(error: unknown): string {
  if (!(error instanceof ChannelwiseError)) throw error;
  assert.ok(error.code && error.message && !error.message.includes('\n'), error.message);
  const { offset, tensor } = error.place;
  if (error.kind === 'malformed') assert.ok(offset !== undefined || tensor !== undefined, error.message);
  return error.code;
}

type Contents = ReadonlyMap<string, Buffer | null>;

/** Each tensor's bytes; null for one that is too large here, or whose data can't be read. */
async function contents(file: TorchFile): Promise<Contents> {
  const out = new Map<string, Buffer | null>();
  for (const tensor of file.tensors) {
    const count = tensor.dims.reduce((product, dim) => product * dim, 1);
    out.set(tensor.name, count > HELD_ELEMENTS ? null : await elementsOf(tensor, 0, count));
  }
  return out;
}

async function elementsOf(tensor: TorchTensor, from: number, to: number): Promise<Buffer | null> {
  const parts: Uint8Array[] = [];
  try {
    await tensor.stream({ from, to }, (bytes) => parts.push(bytes.slice()));
  } catch (error) {
    codeOf(error);
    return null;
  }
  return Buffer.concat(parts);
}

function widthOf({ dtype }: TorchTensor): number {
  const row = DTYPES[dtype];
  assert.ok(row);
  return rawBytes(row, 1);
}

async function checkRange(tensor: TorchTensor, whole: Buffer | null, random: Random): Promise<void> {
  if (!whole) return;
  const width = widthOf(tensor);
  const count = tensor.dims.reduce((product, dim) => product * dim, 1);
  assert.equal(whole.length, count * width);
  const from = random.int(count + 1);
  const to = from + random.int(count - from + 1);
  assert.ok((await elementsOf(tensor, from, to))?.equals(whole.subarray(from * width, to * width)));
}

async function checkChange(
  source: MemorySource,
  file: TorchFile,
  before: Contents,
  changed: TorchTensor,
): Promise<string> {
  const dims = changed.dims.map((dim, axis) => (axis === 1 ? 1 : dim));
  const count = dims.reduce((product, dim) => product * dim, 1);
  const bytes = Uint8Array.from({ length: count * widthOf(changed) }, (_, i) => (i * 7 + 1) % 256);
  const change = { tensor: changed.name, dims, bytes };
  let result: TorchFile;
  try {
    const adapted = new SplicedSource(source, await file.splices([change]));
    result = await openTorch(new MemorySource(await adapted.read(0, adapted.size)));
  } catch (error) {
    const code = codeOf(error);
    assert.ok(
      error instanceof ChannelwiseError && error.kind !== 'malformed' ? true : damagedElsewhere(error),
      String(error),
    );
    return `change: ${code}`;
  }
  assert.deepEqual(result.texts, file.texts);
  const after = await contents(result);
  for (const { name } of file.tensors) {
    const expected = name === changed.name ? Buffer.from(bytes) : before.get(name);
    if (expected) assert.ok(after.get(name)?.equals(expected), `${name} differs`);
  }
  return 'changed';
}

/** A change looks at headers of entries that opening had no need of. */
function damagedElsewhere(error: unknown): boolean {
  return error instanceof ChannelwiseError && (error.code === 'zip' || error.code === 'torch-file');
}
