import { addTo } from '../../../../bytes/lists.ts';
import { storedChunks, type Chunk } from './chunks.ts';
import type { Cursor } from '../cursor.ts';
import { countOf, readDataspace, type Dataspace } from './dataspace.ts';
import { readDatatype, type Datatype } from './datatype.ts';
import { malformed, unsupported } from '../errors.ts';
import type { Hdf5File } from '../file.ts';
import { readFilters, undoFilters, type Filter } from './filters.ts';
import { readLayout, type Layout } from './layout.ts';
import { MAX_SLAB_BYTES } from '../limits.ts';
import { MESSAGE, type HeaderMessage } from '../objectHeader.ts';

export interface Dataset {
  readonly datatype: Datatype;
  readonly space: Dataspace;
  readonly count: number;
  readonly layout: Layout;
  readonly filters: readonly Filter[];
  /** One element that stands for all that was never written; zeros where it is null. */
  readonly fill: Uint8Array | null;
  /** The messages that a change of size or place touches. */
  readonly messages: {
    readonly space: HeaderMessage;
    readonly layout: HeaderMessage;
    readonly filters: HeaderMessage | null;
  };
}

/** What an object's header says of a dataset; null when the object is none. Nothing of its data is read. */
export function readDataset(messages: readonly HeaderMessage[]): Dataset | null {
  const find = (type: number): HeaderMessage | null => messages.find((message) => message.type === type) ?? null;
  const [type, space, layout] = [find(MESSAGE.datatype), find(MESSAGE.dataspace), find(MESSAGE.layout)];
  if (!type || !space || !layout) return null;
  for (const message of [type, space, layout])
    if (message.shared) throw unsupported('A dataset whose type or size is kept elsewhere', message.body.start);
  if (find(MESSAGE.externalFiles)) throw unsupported('A dataset whose data lies in other files', layout.body.start);
  const filters = find(MESSAGE.filters);
  if (filters?.shared) throw unsupported('A dataset whose filters are kept elsewhere', filters.body.start);
  const fill = find(MESSAGE.fill);
  const read = {
    datatype: readDatatype(type.body),
    space: readDataspace(space.body),
    layout: readLayout(layout.body),
    filters: filters ? readFilters(filters.body) : [],
    fill: fill && !fill.shared ? readFill(fill.body) : null,
  };
  const count = read.space.some ? countOf(read.space.dims, space.body.start) : 0;
  if (!Number.isSafeInteger(count * read.datatype.size))
    throw malformed('a dataset is larger than any file', space.body.start);
  return { ...read, count, messages: { space, layout, filters } };
}

const FILL_DEFINED = 0x20;

/** A fill value message, versions 1 to 3. */
function readFill(cursor: Cursor): Uint8Array | null {
  const version = cursor.u8();
  if (version === 3) return cursor.u8() & FILL_DEFINED ? cursor.take(cursor.u32()) : null;
  cursor.skip(2);
  const isDefined = cursor.u8() !== 0;
  return isDefined ? cursor.take(cursor.u32()) : null;
}

/** Parts of a contiguous dataset are read in steps of this size. */
const STEP_BYTES = 1024 * 1024;

/**
 * Hands the stored bytes of elements [from, to) to `visit`, in order and part by part, filters undone; byte order is
 * the file's. Reads only what lies in the range, for chunked datasets the chunks that touch it.
 */
export async function streamDataset(
  file: Hdf5File,
  dataset: Dataset,
  range: { readonly from: number; readonly to: number },
  visit: (bytes: Uint8Array) => void,
): Promise<void> {
  const { layout, datatype } = dataset;
  const [start, end] = [range.from * datatype.size, range.to * datatype.size];
  if (start === end) return;
  if (layout.kind === 'compact') {
    const { bytes } = layout.data;
    if (end > bytes.length) throw tooShort(dataset);
    visit(bytes.subarray(start, end));
    return;
  }
  if (layout.kind === 'chunked') return streamChunks(file, dataset, { start, end }, visit);
  if (layout.address === null) return visitFill(dataset, end - start, visit);
  const data = file.place(layout.address, dataset.messages.layout.body.start);
  for (let at = start; at < end; at += STEP_BYTES) visit(await file.data(data + at, Math.min(STEP_BYTES, end - at)));
}

/** Throws where a contiguous or compact dataset says it has more data than the file. */
export function checkStored(file: Hdf5File, dataset: Dataset): void {
  const { layout, count, datatype } = dataset;
  const size = count * datatype.size;
  if (layout.kind === 'compact' && layout.data.bytes.length < size) throw tooShort(dataset);
  if (layout.kind === 'contiguous' && layout.address !== null && file.base + layout.address + size > file.source.size)
    throw tooShort(dataset);
}

function tooShort(dataset: Dataset): Error {
  return malformed('a dataset has less data than its dims ask for', dataset.messages.layout.body.start);
}

function visitFill(dataset: Dataset, length: number, visit: (bytes: Uint8Array) => void): void {
  for (let done = 0; done < length; done += STEP_BYTES) {
    const part = new Uint8Array(Math.min(STEP_BYTES, length - done));
    fillWith(part, dataset);
    visit(part);
  }
}

function fillWith(bytes: Uint8Array, { fill, datatype }: Dataset): void {
  if (!fill || fill.length !== datatype.size) return;
  for (let at = 0; at < bytes.length; at += fill.length) bytes.set(fill, at);
}

interface Bytes {
  readonly start: number;
  readonly end: number;
}

/** Puts together one row of chunks after another: all elements whose first index lies in the same chunks. */
async function streamChunks(
  file: Hdf5File,
  dataset: Dataset,
  { start, end }: Bytes,
  visit: (bytes: Uint8Array) => void,
): Promise<void> {
  const { layout, datatype, space } = dataset;
  const from = dataset.messages.layout.body.start;
  const { dims } = space;
  if (layout.kind !== 'chunked' || layout.chunk.length !== dims.length || !dims.length)
    throw malformed('the chunks of a dataset have other axes than it', from);
  const depth = layout.chunk[0] ?? 1;
  const rowBytes = dims.slice(1).reduce((total, dim) => total * dim, datatype.size);
  const slabBytes = Math.min(depth, dims[0] ?? 1) * rowBytes;
  const chunkBytes = layout.chunk.reduce((total, dim) => total * dim, datatype.size);
  if (slabBytes > MAX_SLAB_BYTES || chunkBytes > MAX_SLAB_BYTES)
    throw unsupported('A dataset with chunks of this size', from);
  const filtered = dataset.filters.length > 0;
  const bySlab = new Map<number, Chunk[]>();
  const index = { maxDims: space.maxDims, elementBytes: datatype.size, layout, filtered, from };
  for (const chunk of await storedChunks(file, index)) {
    const slab = Math.floor((chunk.offsets[0] ?? 0) / depth);
    addTo(bySlab, slab, chunk);
  }
  for (let slab = Math.floor(start / (depth * rowBytes)); slab * depth * rowBytes < end; slab++) {
    const first = slab * depth;
    const rows = Math.min(depth, (dims[0] ?? 0) - first);
    const bytes = new Uint8Array(rows * rowBytes);
    fillWith(bytes, dataset);
    for (const chunk of bySlab.get(slab) ?? []) {
      const stored = await file.data(file.place(chunk.address, from), chunk.bytes);
      const data = undoFilters(stored, dataset.filters, { skipped: chunk.skipped, size: chunkBytes, from });
      place(data, bytes, {
        chunk: layout.chunk,
        offsets: [0, ...chunk.offsets.slice(1)],
        dims: [rows, ...dims.slice(1)],
        width: datatype.size,
      });
    }
    const at = first * rowBytes;
    visit(bytes.subarray(Math.max(0, start - at), Math.min(bytes.length, end - at)));
  }
}

interface Placement {
  readonly chunk: readonly number[];
  readonly offsets: readonly number[];
  readonly dims: readonly number[];
  readonly width: number;
}

/** Copies a chunk into its place, line by line along the last axis; what reaches over the edge is left out. */
function place(data: Uint8Array, target: Uint8Array, { chunk, offsets, dims, width }: Placement): void {
  const last = dims.length - 1;
  const sizes = dims.map((dim, axis) => Math.min(chunk[axis] ?? 0, dim - (offsets[axis] ?? 0)));
  if (sizes.some((size) => size <= 0)) return;
  const line = (sizes[last] ?? 0) * width;
  const at = new Array<number>(dims.length).fill(0);
  for (;;) {
    let [from, to] = [0, 0];
    for (let axis = 0; axis <= last; axis++) {
      from = from * (chunk[axis] ?? 1) + (at[axis] ?? 0);
      to = to * (dims[axis] ?? 1) + (offsets[axis] ?? 0) + (at[axis] ?? 0);
    }
    target.set(data.subarray(from * width, from * width + line), to * width);
    let axis = last - 1;
    for (; axis >= 0; axis--) {
      at[axis] = (at[axis] ?? 0) + 1;
      if ((at[axis] ?? 0) < (sizes[axis] ?? 0)) break;
      at[axis] = 0;
    }
    if (axis < 0) return;
  }
}
