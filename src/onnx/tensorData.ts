import { FLOAT } from './dtypes.ts';
import { ChannelwiseError } from './errors.ts';
import type { Tensor } from './model.ts';
import type { WireReader } from './wire.ts';

/** The number of elements that dims name. Throws `malformed` if it isn't a safe integer. */
export function elementCount(tensor: Tensor): number {
  let count = 1;
  for (const dim of tensor.dims) count *= dim;
  if (!Number.isSafeInteger(count)) throw new ChannelwiseError('malformed', 'dims', `Tensor ${tensor.name} has more elements than a file can hold.`, { tensor: tensor.name });
  return count;
}

/**
 * The values of a float32 tensor, stored as raw_data or float_data.
 * Refuses other types and external data; throws `malformed` if the byte count doesn't match dims.
 */
export async function readFloats(wire: WireReader, tensor: Tensor, label: string): Promise<Float32Array> {
  const place = { tensor: label, offset: tensor.ref.start };
  if (tensor.dtype !== FLOAT) throw new ChannelwiseError('refused', 'weight-type', `${label} is not float32; this version folds only float32 weights.`, place);
  const { storage } = tensor;
  if (storage.kind === 'external') throw new ChannelwiseError('refused', 'weight-external', `${label} lies in the external file ${storage.location}; this version folds only weights inside the model file.`, place);
  const ranges = storage.kind === 'raw' ? [storage] : storage.kind === 'typed' && storage.field === 4 ? storage.pieces : [];
  const bytes = ranges.reduce((n, r) => n + r.end - r.start, 0);
  const count = elementCount(tensor);
  if (bytes !== count * 4) throw new ChannelwiseError('malformed', 'tensor-size', `${label} should hold ${count * 4} bytes for its shape, but has ${bytes}.`, place);
  const values = new Float32Array(count);
  let at = 0;
  for (const range of ranges) {
    const part = await wire.bytes(range.start, range.end);
    const view = new DataView(part.buffer, part.byteOffset, part.length);
    for (let i = 0; i + 4 <= part.length; i += 4) values[at++] = view.getFloat32(i, true);
  }
  return values;
}
