import { ChannelwiseError } from '../../../../bytes/errors.ts';
import type { Dataset } from '../dataset/dataset.ts';
import type { Layout } from '../dataset/layout.ts';
import { MESSAGE, type HeaderMessage } from '../objectHeader.ts';
import { littleEndian, type Hdf5Patch } from './patch.ts';
import type { Hdf5Tree } from '../trees/tree.ts';
import type { Widths } from '../cursor.ts';
import { product } from '../../../../tensors/dims.ts';

/** What a dataset is to hold: as many axes as before, and its elements little-endian and row-major. */
export interface NewData {
  readonly dims: readonly number[];
  readonly bytes: Uint8Array;
}

/**
 * Gives a dataset other dims and data. Data that is not longer than before stays in its place; longer data, and what
 * was chunked, goes behind the end of the file as one piece, without filters. Throws `refused` where the header has no
 * room for that.
 */
export function replaceDataset(patch: Hdf5Patch, tree: Hdf5Tree, path: string, data: NewData): void {
  const dataset = tree.objects.get(path)?.dataset;
  if (!dataset) throw new RangeError(`there is no dataset ${path}`);
  const { dims } = data;
  const count = product(dims);
  if (dims.length !== dataset.space.dims.length || count * dataset.datatype.size !== data.bytes.length)
    throw new RangeError(`${path}: ${data.bytes.length} bytes for dims [${dims.join(', ')}]`);
  putDims(patch, dataset, { dims, width: tree.file.widths.length });
  const bytes = inFileOrder(dataset, data.bytes);
  const size = { path, dims, bytes, widths: tree.file.widths };
  const { layout } = dataset;
  if (layout.kind === 'compact' && bytes.length <= layout.data.bytes.length) putCompact(patch, dataset, layout, bytes);
  else if (
    layout.kind === 'contiguous' &&
    layout.address !== null &&
    bytes.length <= dataset.count * dataset.datatype.size
  ) {
    patch.put(tree.file.base + layout.address, bytes, null);
    putContiguous(patch, dataset, layout.address, size);
  } else putContiguous(patch, dataset, patch.append(bytes), size);
}

function putDims(
  patch: Hdf5Patch,
  dataset: Dataset,
  { dims, width }: { dims: readonly number[]; width: number },
): void {
  const { space } = dataset;
  const { block } = dataset.messages.space;
  dims.forEach((dim, axis) => {
    patch.putUint(space.dimsAt + axis * width, dim, { width, block });
    // What is contiguous can't grow, so the largest dims are the dims.
    if (space.maxDimsAt !== null) patch.putUint(space.maxDimsAt + axis * width, dim, { width, block });
  });
}

/** Elements in the byte order of the dataset. */
function inFileOrder({ datatype }: Dataset, bytes: Uint8Array): Uint8Array {
  const isSwapped = 'bigEndian' in datatype && datatype.bigEndian;
  return isSwapped ? swapped(bytes, datatype.size) : bytes;
}

/** Each element's bytes turned around. */
export function swapped(bytes: Uint8Array, width: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at++) {
    const inElement = at % width;
    out[at - inElement + width - 1 - inElement] = bytes[at] ?? 0;
  }
  return out;
}

/** Smaller data in the header itself; the room behind it stays unused. */
function putCompact(
  patch: Hdf5Patch,
  dataset: Dataset,
  layout: Extract<Layout, { kind: 'compact' }>,
  bytes: Uint8Array,
): void {
  const { block } = dataset.messages.layout;
  const width = layout.version < 3 ? 4 : 2;
  patch.putUint(layout.data.start - width, bytes.length, { width, block });
  patch.put(layout.data.start, bytes, block);
}

interface NewSize {
  readonly path: string;
  readonly dims: readonly number[];
  readonly bytes: Uint8Array;
  readonly widths: Widths;
}

const CONTIGUOUS_CLASS = 1;
/** Every version of the library since 1.6.3 reads it. */
const CONTIGUOUS_VERSION = 3;

/** Writes a layout message for data in one piece over the old one, and takes filters away. */
function putContiguous(patch: Hdf5Patch, dataset: Dataset, address: number, { path, bytes, widths }: NewSize): void {
  const { layout, filters } = dataset.messages;
  const room = layout.body.bytes.length;
  const needed = 2 + widths.offset + widths.length;
  if (room < needed)
    throw new ChannelwiseError(
      'refused',
      'hdf5-room',
      `The dataset ${path} can't be changed: its header has no room to say where the new data lies.`,
      { tensor: path },
    );
  const body = new Uint8Array(room);
  body.set([CONTIGUOUS_VERSION, CONTIGUOUS_CLASS]);
  body.set(littleEndian(address, widths.offset), 2);
  body.set(littleEndian(bytes.length, widths.length), 2 + widths.offset);
  patch.put(layout.body.start, body, layout.block);
  if (filters) removeMessage(patch, filters);
}

/** A message of no type is skipped by every reader. */
function removeMessage(patch: Hdf5Patch, { typeAt, typeWidth, block }: HeaderMessage): void {
  patch.putUint(typeAt, MESSAGE.nil, { width: typeWidth, block });
}
