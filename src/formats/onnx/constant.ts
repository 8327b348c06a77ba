import { FLOAT, INT64 } from '../../tensors/dtypes.ts';
import { knownRow } from '../../tensors/elements.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import type { Node, SparseTensor } from './model.ts';
import { decodeTensor, type DecodedTensor } from './tensors/tensorData.ts';
import { elementCount, holdsTexts } from '../../tensors/storedTensor.ts';
import { storedTensor } from './tensors/storedTensor.ts';
import type { TensorContext } from './tensors/tensorContext.ts';
import { readElements } from '../../tensors/tensorElements.ts';

/**
 * A sparse tensor names its dims freely, so a few bytes could ask for any amount of memory: 2^26 doubles are 512 MiB.
 */
const MAX_DENSE_NUMBERS = 2 ** 26;
/** The attributes that hold a Constant's value; exactly one of them is there. */
const VALUE_ATTRIBUTES = [
  'value',
  'sparse_value',
  'value_float',
  'value_floats',
  'value_int',
  'value_ints',
  'value_string',
  'value_strings',
];

/**
 * The value of a Constant node, from any of its attribute forms. null for texts, and where the value is a reference to
 * a function's attribute. Throws as decodeTensor does. Source: https://onnx.ai/onnx/operators/onnx__Constant.html
 */
export async function decodeConstant(ctx: TensorContext, node: Node, label: string): Promise<DecodedTensor | null> {
  const held = node.attributes.filter((attribute) => VALUE_ATTRIBUTES.includes(attribute.name));
  const [attribute] = held;
  if (!attribute || held.length > 1)
    throw new ChannelwiseError(
      'malformed',
      'constant',
      `The Constant ${label} should hold exactly one value, but has ${held.length}.`,
      { node: label, offset: node.ref.start },
    );
  if (attribute.refAttrName) return null;
  switch (attribute.name) {
    case 'value':
      return attribute.tensor ? await decodeTensor(ctx, attribute.tensor, label) : null;
    case 'sparse_value':
      return attribute.sparseTensor ? await decodeSparse(ctx, attribute.sparseTensor, label) : null;
    case 'value_float':
      return { dtype: FLOAT, dims: [], values: Float64Array.of(attribute.float ?? 0) };
    case 'value_int':
      return { dtype: INT64, dims: [], values: Float64Array.of(Number(attribute.int ?? 0n)) };
    case 'value_floats':
      return { dtype: FLOAT, dims: [attribute.floats?.length ?? 0], values: Float64Array.from(attribute.floats ?? []) };
    case 'value_ints':
      return {
        dtype: INT64,
        dims: [attribute.ints?.length ?? 0],
        values: Float64Array.from(attribute.ints ?? [], Number),
      };
    default:
      return null;
  }
}

/**
 * A sparse tensor, filled out with zeros. Indices are positions in the flat tensor (rank 1) or one coordinate row per
 * value (rank 2). Throws `malformed` where indices leave the dims, `unsupported` beyond 2^26 numbers.
 */
export async function decodeSparse(ctx: TensorContext, sparse: SparseTensor, label: string): Promise<DecodedTensor> {
  const { dims } = sparse;
  const count = elementCount({ name: label, dims });
  const { lanes } = knownRow(sparse.values.dtype, label);
  if (count * lanes > MAX_DENSE_NUMBERS) {
    throw new ChannelwiseError(
      'unsupported',
      'tensor-too-large',
      `${label} has ${count} values when its zeros are counted, more than this version holds in memory.`,
      { tensor: label, offset: sparse.ref.start },
    );
  }
  const { values } = await readElements(storedTensor(ctx, sparse, label), { from: 0, to: count });
  if (!(values instanceof Float64Array || values instanceof BigInt64Array || values instanceof BigUint64Array))
    throw holdsTexts(label, { tensor: label });
  return {
    dtype: sparse.values.dtype,
    dims,
    values: values instanceof Float64Array ? values : Float64Array.from(values, Number),
  };
}
