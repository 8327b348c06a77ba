import { base64 } from '../bytes/base64.ts';
import { ChannelwiseError } from '../bytes/errors.ts';
import type { PageFilterSet } from '../protocol/inputLayer.ts';
import type { ElementRange, StoredTensor } from '../tensors/storedTensor.ts';
import { readBlock } from '../tensors/tensorBlock.ts';

/** Pictures on one page of the page. */
const FILTERS_AT_ONCE = 64;
/** Numbers sent at once: a megabyte as float32. */
const NUMBERS_AT_ONCE = 2 ** 18;

/** Up to which filter one answer goes that begins at `from`. Throws `refused` where there is none. */
export function filtersEnd({ count, channels, height, width }: PageFilterSet, from: number): number {
  const most = Math.max(1, Math.floor(NUMBERS_AT_ONCE / (channels * height * width)));
  const to = Math.min(count, from + Math.min(FILTERS_AT_ONCE, most));
  if (from >= to) throw new ChannelwiseError('refused', 'bad-range', `There are ${count} filters.`);
  return to;
}

/** The numbers of a block of a weight. Throws `refused` for texts. */
export async function filterValues(tensor: StoredTensor, ranges: readonly ElementRange[]): Promise<Float64Array> {
  const block = await readBlock(tensor, ranges);
  if (block.kind === 'texts')
    throw new ChannelwiseError('refused', 'weight-type', `${tensor.name} holds texts, not numbers.`, tensor.place);
  return block.kind === 'integers' ? Float64Array.from(block.values, Number) : block.values;
}

/** Little-endian float32 in base64, as the page reads it. */
export function encodedFilters(values: Float64Array): string {
  return base64(new Uint8Array(Float32Array.from(values).buffer));
}
