import { STRING } from '../../../tensors/dtypes.ts';
import { ChannelwiseError } from '../../../bytes/errors.ts';
import type { SparseTensor, Tensor } from '../model.ts';
import { elementCount, numericRow, streamBytes, streamTensor, type TensorContext } from './tensorData.ts';
import { readElements, isWide, wideElements, type Elements } from './tensorElements.ts';

export type { Elements } from './tensorElements.ts';

/** Texts and the dense form of sparse tensors are held whole: 2^22 elements are some 100 MB at most. */
const MAX_WHOLE = 2 ** 22;

/** What to do while a tensor goes by. */
export interface StreamOptions {
  /** Called with the part that is done, 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/**
 * Hands all elements of a tensor to `visit`, part by part and in order, without loss. Tensors of any size; those of texts and sparse ones
 * up to 2^22 elements. Throws as readElements does, and `unsupported` beyond.
 */
export async function streamElements(
  ctx: TensorContext,
  tensor: Tensor | SparseTensor,
  label: string,
  visit: (part: Elements) => void,
  { onProgress }: StreamOptions = {},
): Promise<void> {
  const count = elementCount({ name: label, dims: tensor.dims });
  let seen = 0;
  const pass = (part: Elements, numbers: number): void => {
    visit(part);
    seen += part.values.length;
    onProgress?.(seen / numbers);
  };
  if ('indices' in tensor || tensor.dtype === STRING) {
    if (count > MAX_WHOLE)
      throw new ChannelwiseError(
        'unsupported',
        'tensor-too-large',
        `${label} has ${count} elements, more than this version writes out for ${'indices' in tensor ? 'a sparse tensor' : 'texts'}.`,
        { tensor: label },
      );
    visit(await readElements(ctx, tensor, { from: 0, to: count }, label));
    onProgress?.(1);
    return;
  }
  const row = numericRow(tensor, label);
  if (isWide(row))
    await streamBytes(ctx, tensor, row, { from: 0, to: count }, label, (raw) =>
      pass({ kind: 'integers', values: wideElements(row, raw) }, count),
    );
  else await streamTensor(ctx, tensor, label, (values) => pass({ kind: 'numbers', values }, count * row.lanes));
}
