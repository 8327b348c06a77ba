import { ChannelwiseError } from '../../../bytes/errors.ts';
import { STRING, rawBytes } from '../../../tensors/dtypes.ts';
import { knownRow } from '../../../tensors/elements.ts';
import { partAt, putPart } from '../../../tensors/parts.ts';
import {
  checkHeld,
  checkRange,
  elementCount,
  wholeRange,
  type ElementRange,
  type StoredTensor,
} from '../../../tensors/storedTensor.ts';
import { readElements, readNumbers } from '../../../tensors/tensorElements.ts';

type Dense = Omit<StoredTensor, 'stream' | 'texts'>;

/**
 * The elements of a sparse tensor, filled out with zeros (texts: with empty ones). Indices are positions in the flat
 * tensor (rank 1) or one coordinate row per value (rank 2). Throws `malformed` where they leave the dims or are not one
 * per value.
 */
export function sparseElements(
  dense: Dense,
  values: StoredTensor,
  indices: StoredTensor,
): Pick<StoredTensor, 'stream' | 'texts'> {
  const stream: StoredTensor['stream'] = async (range, visit) =>
    visit(await denseBytes({ dense, values, indices, range }));
  if (dense.dtype !== STRING) return { stream };
  return { stream, texts: (range) => denseTexts({ dense, values, indices, range }) };
}

interface Wanted {
  readonly dense: Dense;
  readonly values: StoredTensor;
  readonly indices: StoredTensor;
  readonly range: ElementRange;
}

async function denseBytes({ dense, values, indices, range }: Wanted): Promise<Uint8Array> {
  checkRange(dense, range);
  const row = knownRow(dense.dtype, dense.name);
  const stored = await wholeBytes(values);
  checkHeld((range.to - range.from) * row.lanes, { ...dense, stream: values.stream });
  const out = new Uint8Array(rawBytes(row, range.to - range.from));
  const bits = row.bits ?? 0;
  for (const [i, place] of (await sparsePlaces(dense, values, indices)).entries()) {
    if (place < range.from || place >= range.to) continue;
    const at = place - range.from;
    if (bits >= 8) out.set(stored.subarray((i * bits) / 8, ((i + 1) * bits) / 8), (at * bits) / 8);
    else putPart(out, at, bits, partAt(stored, i, bits));
  }
  return out;
}

async function wholeBytes(tensor: StoredTensor): Promise<Uint8Array> {
  const row = knownRow(tensor.dtype, tensor.name);
  const count = elementCount(tensor);
  checkHeld(count * row.lanes, tensor);
  let bytes = new Uint8Array(0);
  let at = 0;
  await tensor.stream({ from: 0, to: count }, (part) => {
    // Made when the first part is there: by then the stored size was checked against dims.
    if (at === 0) bytes = new Uint8Array(rawBytes(row, count));
    bytes.set(part, at);
    at += part.length;
  });
  return bytes;
}

async function denseTexts({ dense, values, indices, range }: Wanted): Promise<Uint8Array[]> {
  checkRange(dense, range);
  const stored = await readElements(values, wholeRange(values));
  const texts = Array.from({ length: range.to - range.from }, () => new Uint8Array(0));
  for (const [i, place] of (await sparsePlaces(dense, values, indices)).entries()) {
    const text = stored.kind === 'texts' ? stored.values[i] : undefined;
    if (text && place >= range.from && place < range.to) texts[place - range.from] = Uint8Array.from(text);
  }
  return texts;
}

/** Where in the flat tensor each stored value lies. */
async function sparsePlaces(dense: Dense, values: StoredTensor, indices: StoredTensor): Promise<Float64Array> {
  const { dims } = dense;
  const given = elementCount(values);
  const flat = indices.dims.length <= 1;
  if (elementCount(indices) !== (flat ? given : given * dims.length))
    throw sparseError(dense, `has ${given} values and ${elementCount(indices)} indices`);
  const numbers = await readNumbers(indices);
  const total = elementCount(dense);
  const places = new Float64Array(given);
  for (let i = 0; i < given; i++) {
    const coordinates = numbers.subarray(i * dims.length, (i + 1) * dims.length);
    const place = flat ? (numbers[i] ?? -1) : flatPlace(dims, coordinates);
    if (!(Number.isInteger(place) && place >= 0 && place < total))
      throw sparseError(dense, 'has an index outside its shape');
    places[i] = place;
  }
  return places;
}

/** The position in the flat tensor; NaN where a coordinate leaves its axis. */
function flatPlace(dims: readonly number[], coordinates: Float64Array): number {
  let place = 0;
  for (const [axis, dim] of dims.entries()) {
    const index = coordinates[axis] ?? -1;
    place = index >= 0 && index < dim ? place * dim + index : NaN;
  }
  return place;
}

function sparseError({ name, place }: Dense, what: string): ChannelwiseError {
  return new ChannelwiseError('malformed', 'sparse', `The sparse tensor ${name} ${what}.`, place);
}
