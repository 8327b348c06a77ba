import { elementCount, sizeError, type ElementRange } from '../../../tensors/storedTensor.ts';
import { LEN } from '../scan/wire.ts';
import { unclear } from './tensorBytes.ts';
import type { TensorData } from './tensorContext.ts';
import { TENSOR } from '../fields.ts';

/** The texts [from, to) as bytes. string_data is walked from its start; texts outside the range are stepped over. */
export async function readTexts(data: TensorData, { from, to }: ElementRange): Promise<Uint8Array[]> {
  const count = elementCount(data);
  const { storage, ctx } = data;
  if (storage.kind === 'unclear') throw unclear(data, storage);
  if (storage.kind !== 'none' && !(storage.kind === 'typed' && storage.field === TENSOR.stringData))
    throw sizeError(data, `${count} texts`, 'other data');
  const found: Uint8Array[] = [];
  let seen = 0;
  for (const piece of storage.kind === 'typed' ? storage.pieces : []) {
    for (let at = piece.start; at < piece.end && (seen < to || to === count); seen++) {
      await ctx.wire.breathe();
      const field = await ctx.wire.fieldAt(at, piece.end);
      if (field.wireType !== LEN || seen === count) throw sizeError(data, `${count} texts`, 'more');
      if (seen >= from && seen < to) found.push(await ctx.wire.payload(field));
      at = field.end;
    }
  }
  if (seen < to) throw sizeError(data, `${count} texts`, `${seen}`);
  return found;
}
