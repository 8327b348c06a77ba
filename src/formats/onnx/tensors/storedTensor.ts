import { STRING } from '../../../tensors/dtypes.ts';
import type { StoredTensor } from '../../../tensors/storedTensor.ts';
import type { SparseTensor, Tensor } from '../model.ts';
import { sparseElements } from './sparse.ts';
import { streamBytes } from './tensorBytes.ts';
import type { TensorContext } from './tensorContext.ts';
import { readTexts } from './texts.ts';

/**
 * A tensor of a model as the tensor room reads it, named `label`. Texts are walked from their start, and so are
 * varints; of a sparse tensor all indices and stored values are read.
 */
export function storedTensor(ctx: TensorContext, tensor: Tensor | SparseTensor, label: string): StoredTensor {
  if ('indices' in tensor) return sparseTensor(ctx, tensor, label);
  const { dtype, dims, storage } = tensor;
  const data = { ctx, name: label, dtype, dims, storage, place: { tensor: label, offset: tensor.ref.start } };
  const { name, place } = data;
  const stored: StoredTensor = {
    name,
    dtype,
    dims,
    place,
    walked: storage.kind === 'typed',
    stream: (range, visit) => streamBytes(data, range, visit),
  };
  return dtype === STRING ? { ...stored, texts: (range) => readTexts(data, range) } : stored;
}

function sparseTensor(ctx: TensorContext, sparse: SparseTensor, label: string): StoredTensor {
  const { dtype } = sparse.values;
  const values = storedTensor(ctx, sparse.values, label);
  const indices = storedTensor(ctx, sparse.indices, `the indices of ${label}`);
  const dense = {
    name: label,
    dtype,
    dims: sparse.dims,
    place: { tensor: label, offset: sparse.ref.start },
    walked: true,
    sparse: values,
  };
  return { ...dense, ...sparseElements(dense, values, indices) };
}
