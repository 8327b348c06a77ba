import { INT64 } from '../../../../tensors/dtypes.ts';
import { number } from '../../../../bytes/json/json.ts';
import { numberList } from '../../network/inputShape.ts';
import { type LayerBuilder, type LayerRule, Unpresentable, type Value } from '../layerBuilder.ts';
import { activated } from './activation.ts';

/** The rows of a table, one for each number: https://keras.io/api/layers/core_layers/embedding/ */
function embedding(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const [table] = builder.stored('embeddings');
  if (!table) throw new Unpresentable('it has no table');
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

/** https://keras.io/api/layers/attention_layers/multi_head_attention/ */
function multiHead(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const [query] = inputs;
  if (!query) throw new Unpresentable('it reads nothing');
  const shape = builder.setting('output_shape');
  const size = number(shape) ?? numberList(shape)?.at(-1);
  return builder.layerNode({
    inputs: inputs.map((value) => builder.plain(value)),
    attributes: size === undefined ? [] : [{ name: 'output_size', int: size }],
    ranks: [query.rank],
  });
}

/** Query, value and perhaps key: https://keras.io/api/layers/attention_layers/attention/ */
function attention(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const [query] = inputs;
  if (!query || inputs.length < 2) throw new Unpresentable(`it reads ${inputs.length} tensors`);
  return builder.layerNode({ inputs: inputs.map((value) => builder.plain(value)), ranks: [query.rank] });
}

export const ATTENTION_LAYERS: Readonly<Record<string, LayerRule>> = {
  Embedding: embedding,
  EinsumDense: einsumDense,
  MultiHeadAttention: multiHead,
  GroupQueryAttention: multiHead,
  Attention: attention,
  AdditiveAttention: attention,
};
