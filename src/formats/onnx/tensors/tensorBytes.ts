import { ChannelwiseError } from '../../../bytes/errors.ts';
import { rawBytes, type DtypeRow } from '../../../tensors/dtypes.ts';
import { Packer } from '../../../tensors/parts.ts';
import { elementCount, numericRow, sizeError, type ElementRange } from '../../../tensors/storedTensor.ts';
import type { ExternalReader } from '../externalData.ts';
import type { TensorStorage } from '../model.ts';
import type { TensorData } from './tensorContext.ts';
import { streamParts } from './tensorParts.ts';
import { FIXED_WIDTH, areApart, entriesFor } from './typedData.ts';
import { streamFixed, streamVarints } from './typedStream.ts';

type Stored<K extends TensorStorage['kind']> = Extract<TensorStorage, { kind: K }>;

/**
 * Hands a range of a numeric tensor to `visit`, part by part and in order, as raw_data holds it, whatever the storage.
 * Elements below a byte share bytes, so `from` must be one that begins with a byte. Only the bytes of the range are
 * read, except that varints before it must be walked. Throws `malformed` if the data doesn't match dims as far as it
 * was read, and what the external reader throws.
 */
export async function streamBytes(
  data: TensorData,
  range: ElementRange,
  visit: (raw: Uint8Array) => void,
): Promise<void> {
  const row = numericRow(data);
  await checkStored(data, row);
  const { ctx, storage } = data;
  const ends = [rawBytes(row, range.from), rawBytes(row, range.to)] as const;
  switch (storage.kind) {
    case 'raw': {
      const read = (at: number, length: number): Promise<Uint8Array> =>
        ctx.wire.bytes(storage.start + at, storage.start + at + length);
      return streamParts(ctx, ends, read, visit);
    }
    case 'external': {
      const reader = externalOf(data);
      const read = (at: number, length: number): Promise<Uint8Array> =>
        reader.read(storage.location, storage.offset + at, length);
      return streamParts(ctx, ends, read, visit);
    }
    case 'typed':
      return streamTyped(data, storage, range, visit);
    case 'unclear':
    case 'none':
  }
}

async function streamTyped(
  data: TensorData,
  { field, pieces }: Stored<'typed'>,
  range: ElementRange,
  visit: (raw: Uint8Array) => void,
): Promise<void> {
  const row = numericRow(data);
  const width = FIXED_WIDTH[field];
  const entries = (count: number): number => (width === undefined ? entriesFor(row, count) : count * row.lanes);
  const wanted = { from: entries(range.from), to: entries(range.to), all: entries(elementCount(data)) };
  const packer = areApart(row) ? new Packer(row.bits ?? 8, visit) : null;
  const found =
    width === undefined
      ? await streamVarints(data.ctx, { pieces, row, wanted }, packer ? (raw) => packer.add(raw) : visit)
      : await streamFixed(data.ctx, { pieces, width, wanted }, visit);
  packer?.end();
  if (found < wanted.to || (wanted.to === wanted.all && found !== wanted.all))
    throw sizeError(data, `${wanted.all} numbers`, found > wanted.all ? 'more' : `${found}`);
}

/** Checks, before anything is allocated, that as many bytes are stored as dims ask for. */
async function checkStored(data: TensorData, row: DtypeRow): Promise<void> {
  const { storage } = data;
  const count = elementCount(data);
  const wanted = rawBytes(row, count);
  if (!Number.isSafeInteger(wanted)) throw sizeError(data, 'fewer elements', 'more than a file can hold');
  switch (storage.kind) {
    case 'raw':
      if (storage.end - storage.start !== wanted)
        throw sizeError(data, `${wanted} bytes`, `${storage.end - storage.start}`);
      return;
    case 'external':
      if (storage.length !== null && storage.length !== wanted)
        throw sizeError(data, `${wanted} bytes`, `${storage.length}`);
      // Reading its last byte shows that the file is there and long enough.
      if (wanted > 0) await externalOf(data).read(storage.location, storage.offset + wanted - 1, 1);
      return;
    case 'typed':
      checkTyped(data, storage, row);
      return;
    case 'unclear':
      throw unclear(data, storage);
    case 'none':
      if (count > 0) throw sizeError(data, `${wanted} bytes`, 'none');
  }
}

function checkTyped(data: TensorData, { field, pieces }: Stored<'typed'>, row: DtypeRow): void {
  if (field !== row.field) throw sizeError(data, `${row.name} values`, `another kind of field (${field})`);
  const count = elementCount(data);
  const bytes = pieces.reduce((sum, piece) => sum + piece.end - piece.start, 0);
  const width = FIXED_WIDTH[field];
  const least = width === undefined ? entriesFor(row, count) : width * count * row.lanes;
  if (bytes < least) throw sizeError(data, `at least ${least} bytes`, `${bytes}`);
}

/** `unsupported`: the data can be read in more than one way, or in none. */
export function unclear({ name, place }: TensorData, { why }: Stored<'unclear'>): ChannelwiseError {
  return new ChannelwiseError('unsupported', 'unclear-storage', `${name} can't be read: ${why}.`, place);
}

function externalOf({ ctx, name, place }: TensorData): ExternalReader {
  if (ctx.external) return ctx.external;
  throw new ChannelwiseError(
    'unsupported',
    'no-external-reader',
    `${name} lies in a file beside the model, which can't be read here.`,
    place,
  );
}
