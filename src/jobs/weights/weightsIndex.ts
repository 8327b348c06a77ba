import { memberAt, number, parseJson } from '../../bytes/json/json.ts';
import { editText } from '../../bytes/json/jsonEdit.ts';
import type { TensorChange } from '../../formats/format.ts';
import { rawBytes } from '../../tensors/dtypes.ts';
import { knownRow } from '../../tensors/elements.ts';
import { elementCount, type StoredTensor } from '../../tensors/storedTensor.ts';
import type { WeightsIndex } from './besideWeights.ts';

/**
 * The index with the size that all shards have together after the changes; everything else in it stays as it was
 * written.
 */
export function indexWithSize(
  { name, text }: WeightsIndex,
  changes: readonly TensorChange[],
  tensors: readonly StoredTensor[],
): string {
  const size = memberAt(parseJson(text, name), 'metadata', 'total_size');
  const before = number(size);
  if (!size || before === undefined) return text;
  const bytesOf = (tensor: StoredTensor): number => rawBytes(knownRow(tensor.dtype, tensor.name), elementCount(tensor));
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const grown = changes.reduce((sum, { tensor, bytes }) => {
    const old = byName.get(tensor);
    return sum + bytes.length - (old ? bytesOf(old) : 0);
  }, 0);
  return editText(text, [{ start: size.start, end: size.end, text: String(before + grown) }]);
}
