import { ChannelwiseError } from '../bytes/errors.ts';
import { elementCount, numericRow, wholeRange, type StoredTensor } from './storedTensor.ts';
import { isWide, readElements, streamNumbers, wideElements, type Elements } from './tensorElements.ts';

/** Texts and the dense form of sparse tensors are held whole: 2^22 elements are some 100 MB at most. */
const MAX_WHOLE = 2 ** 22;

/** What to do while a tensor goes by. */
export interface StreamOptions {
  /** Called with the part that is done, 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/**
 * Hands all elements of a tensor to `visit`, part by part and in order, without loss. Tensors of any size; those of
 * texts and sparse ones up to 2^22 elements. Throws as readElements does, and `unsupported` beyond.
 */
export async function streamElements(
  tensor: StoredTensor,
  visit: (part: Elements) => void,
  { onProgress }: StreamOptions = {},
): Promise<void> {
  if (tensor.sparse || tensor.texts) {
    checkWhole(tensor);
    visit(await readElements(tensor, wholeRange(tensor)));
    onProgress?.(1);
    return;
  }
  const row = numericRow(tensor);
  const numbers = elementCount(tensor) * row.lanes;
  let seen = 0;
  const pass = (part: Elements): void => {
    visit(part);
    seen += part.values.length;
    onProgress?.(seen / numbers);
  };
  if (isWide(row))
    await tensor.stream(wholeRange(tensor), (raw) => pass({ kind: 'integers', values: wideElements(row, raw) }));
  else await streamNumbers(tensor, (values) => pass({ kind: 'numbers', values }));
}

function checkWhole(tensor: StoredTensor): void {
  const count = elementCount(tensor);
  if (count <= MAX_WHOLE) return;
  throw new ChannelwiseError(
    'unsupported',
    'tensor-too-large',
    `${tensor.name} has ${count} elements, more than this version writes out for ` +
      `${tensor.sparse ? 'a sparse tensor' : 'texts'}.`,
    tensor.place,
  );
}
