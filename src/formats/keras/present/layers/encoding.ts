import type { NewAttribute } from '../../../onnx/edit/encode.ts';
import { items } from '../../../../bytes/json/json.ts';
import { type LayerBuilder, type LayerRule, type Value } from '../layerBuilder.ts';

/**
 * Words, numbers and categories as whole numbers or as one number for each:
 * https://keras.io/api/layers/preprocessing_layers/
 */

/** How many tokens a layer tells apart; undefined where only its vocabulary says so, which lies in a file beside it. */
type Tokens = (builder: LayerBuilder) => number | undefined;

/**
 * Each entry by its number, or a vector of counts or marks. The modes have one name each since Keras 2.6; `binary`
 * before it is `multi_hot`.
 */
function encoding(tokens: Tokens, otherwise: string): LayerRule {
  return (builder, inputs) => {
    const isWords = builder.flag(false, 'invert') && builder.call.layer.className === 'StringLookup';
    const mode = isWords ? 'string' : builder.text(otherwise, 'output_mode');
    const count = tokens(builder);
    const attributes: NewAttribute[] = [
      { name: 'output_mode', string: mode },
      ...(count === undefined ? [] : [{ name: 'tokens', int: count }]),
    ];
    return builder.layerNode({
      opType: 'CategoryEncoding',
      inputs: inputs.map((value) => builder.plain(value)),
      attributes,
      ranks: [rankOf(inputs[0]?.rank ?? null, mode)],
    });
  };
}

/** Only one_hot may add an axis: where the last one is not 1, which the shape says and not the rank. */
function rankOf(rank: number | null, mode: string): number | null {
  if (rank === null || mode === 'one_hot') return null;
  return mode === 'int' || mode === 'string' ? rank : Math.max(2, rank);
}

/** Out of the vocabulary, or as many as were asked for: keras/src/layers/preprocessing/index_lookup.py */
function vocabulary(builder: LayerBuilder): number | undefined {
  if (builder.flag(false, 'pad_to_max_tokens')) return builder.number(0, 'max_tokens');
  const given = builder.setting('vocabulary_size');
  if (given) return builder.number(0, 'vocabulary_size');
  const listed = items(builder.setting('vocabulary')).length;
  return listed > 0 ? listed + builder.number(1, 'num_oov_indices') : undefined;
}

/** A text as the numbers of its words, or as one vector: keras/src/layers/preprocessing/text_vectorization.py */
function textVectorization(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const isWords = builder.text('int', 'output_mode') === 'int';
  const size = isWords ? builder.setting('output_sequence_length') : undefined;
  const length = size ? builder.number(0, 'output_sequence_length') : undefined;
  const count = isWords ? length : vocabulary(builder);
  return builder.layerNode({
    inputs: [builder.plain(builder.only(inputs))],
    attributes: [
      { name: 'output_mode', string: isWords ? 'int' : 'count' },
      ...(count === undefined ? [] : [{ name: 'tokens', int: count }]),
    ],
    ranks: [2],
  });
}

/** One interval more than there are boundaries between them. */
function intervals(builder: LayerBuilder): number | undefined {
  const given = items(builder.setting('bin_boundaries')).length;
  if (given > 0) return given + 1;
  return builder.setting('num_bins') ? builder.number(0, 'num_bins') : undefined;
}

export const ENCODINGS: Readonly<Record<string, LayerRule>> = {
  CategoryEncoding: encoding((builder) => builder.number(0, 'num_tokens', 'max_tokens'), 'multi_hot'),
  Discretization: encoding(intervals, 'int'),
  Hashing: encoding((builder) => builder.number(0, 'num_bins'), 'int'),
  HashedCrossing: encoding((builder) => builder.number(0, 'num_bins'), 'int'),
  IndexLookup: encoding(vocabulary, 'int'),
  IntegerLookup: encoding(vocabulary, 'int'),
  StringLookup: encoding(vocabulary, 'int'),
  TextVectorization: textVectorization,
};
