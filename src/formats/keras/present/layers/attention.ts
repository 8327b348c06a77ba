import type { NewAttribute } from '../../../onnx/edit/encode.ts';
import { INT64 } from '../../../../tensors/dtypes.ts';
import { flag, member, number } from '../../../../bytes/json/json.ts';
import { numberList } from '../../network/inputShape.ts';
import type { LayerBuilder, LayerRule, Value } from '../layerBuilder.ts';
import type { StoredWeight } from '../weightSource.ts';
import { activated } from './activation.ts';
import { Unpresentable } from '../unpresentable.ts';

/** The rows of a table, one for each number: https://keras.io/api/layers/core_layers/embedding/ */
function embedding(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const [table] = builder.stored('embeddings');
  if (!table) throw new Unpresentable('it has no table');
  return rows(builder, builder.only(inputs), table);
}

/** A table that is read both ways: keras/src/layers/core/reversible_embedding.py */
function reversibleEmbedding(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const isTied = builder.flag(true, 'tie_weights');
  const isReverse = flag(member(member(builder.call.given, 'kwargs'), 'reverse')) === true;
  if (builder.setting('logit_soft_cap') && isReverse) throw new Unpresentable('it bounds what it gives');
  const [table, reverse] = builder.stored('embeddings', ...(isTied ? [] : ['reverse_embeddings']));
  if (!table) throw new Unpresentable('it has no table');
  const value = builder.only(inputs);
  if (!isReverse) return rows(builder, value, table);
  const weight = reverse ? builder.weight(reverse) : builder.node('Transpose', [builder.weight(table)], [BACK]);
  return [{ name: builder.node('MatMul', [builder.plain(value), weight]), rank: value.rank, moved: false }];
}

const BACK = { name: 'perm', ints: [1, 0] };

function rows(builder: LayerBuilder, value: Value, table: StoredWeight): Value[] {
  const index = builder.node('Cast', [builder.plain(value)], [{ name: 'to', int: INT64 }]);
  const name = builder.node('Gather', [builder.weight(table), index]);
  return [{ name, rank: value.rank === null ? null : value.rank + 1, moved: false }];
}

/** A product along named axes: https://keras.io/api/layers/core_layers/einsum_dense/ */
function einsumDense(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const equation = builder.text('', 'equation');
  const made = equation.split('->')[1] ?? '';
  if (made === '' || equation.includes('...')) throw new Unpresentable(`its equation ${equation} leaves axes open`);
  const hasBias = builder.setting('bias_axes') !== undefined;
  const [kernel, bias] = builder.stored('kernel', ...(hasBias ? ['bias'] : []));
  if (!kernel) throw new Unpresentable('it has no kernel');
  const product = builder.node(
    'Einsum',
    [builder.plain(value), builder.weight(kernel)],
    [{ name: 'equation', string: equation }],
  );
  const name = bias ? builder.node('Add', [product, builder.weight(bias)]) : product;
  return [activated(builder, { name, rank: made.length, moved: false }, builder.setting('activation'))];
}

/**
 * Queries, values and perhaps keys, each projected to every head:
 * https://keras.io/api/layers/attention_layers/multi_head_attention/
 */
function multiHead(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const [query] = inputs;
  if (!query) throw new Unpresentable('it reads nothing');
  const shape = builder.setting('output_shape');
  const size = number(shape) ?? numberList(shape)?.at(-1);
  const heads = builder.number(0, 'num_heads', 'num_query_heads');
  const keySize = builder.number(0, 'key_dim', 'head_dim');
  const attributes: NewAttribute[] = [
    { name: 'num_heads', int: heads },
    { name: 'kv_num_heads', int: builder.number(heads, 'num_key_value_heads') },
    { name: 'key_dim', int: keySize },
    { name: 'value_dim', int: builder.number(keySize, 'value_dim') },
    ...(size === undefined ? [] : [{ name: 'output_size', int: size }]),
  ];
  return builder.layerNode({ inputs: inputs.map((value) => builder.plain(value)), attributes, ranks: [query.rank] });
}

/** Query, value and perhaps key: https://keras.io/api/layers/attention_layers/attention/ */
function attention(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const [query] = inputs;
  if (!query || inputs.length < 2) throw new Unpresentable(`it reads ${inputs.length} tensors`);
  return builder.layerNode({ inputs: inputs.map((value) => builder.plain(value)), ranks: [query.rank] });
}

/** √(2/D) · cos(x · kernel + bias): tf_keras/layers/kernelized.py */
function fourierFeatures(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const attributes = [{ name: 'units', int: builder.number(0, 'output_dim') }];
  return builder.layerNode({ inputs: [builder.plain(value)], attributes, ranks: [value.rank] });
}

export const ATTENTION_LAYERS: Readonly<Record<string, LayerRule>> = {
  Embedding: embedding,
  ReversibleEmbedding: reversibleEmbedding,
  RandomFourierFeatures: fourierFeatures,
  EinsumDense: einsumDense,
  MultiHeadAttention: multiHead,
  GroupQueryAttention: multiHead,
  GroupedQueryAttention: multiHead,
  Attention: attention,
  AdditiveAttention: attention,
};
