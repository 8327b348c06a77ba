import { number, numbers } from '../../../../bytes/json/json.ts';
import { numberList } from '../../network/inputShape.ts';
import type { LayerBuilder, LayerRule, Value } from '../layerBuilder.ts';
import type { StoredWeight } from '../weightSource.ts';
import { fromFront } from '../../../../tensors/dims.ts';
import { Unpresentable } from '../unpresentable.ts';

/** Names of constants for a scale and a shift that a layer leaves out. */
export const ONES = 'ones';
export const ZEROS = 'zeros';

/** The axis that a layer normalises along, counted from the front. Throws where it is not one. */
function axisOf(builder: LayerBuilder, rank: number): number {
  const setting = builder.setting('axis');
  const list = numberList(setting) ?? [number(setting) ?? -1];
  const [axis] = list;
  if (axis === undefined || list.length !== 1) throw new Unpresentable(`it works along ${list.length} axes`);
  return fromFront(axis, rank);
}

/** gamma and beta where the layer has them, in this order, in front of what else it stores. */
function scaleAndCenter(
  builder: LayerBuilder,
  ...others: readonly string[]
): { gamma?: StoredWeight; beta?: StoredWeight; rest: StoredWeight[] } {
  const names = [...(builder.flag(true, 'scale') ? ['gamma'] : []), ...(builder.flag(true, 'center') ? ['beta'] : [])];
  const found = builder.stored(...names, ...others);
  const at = (name: string): StoredWeight | undefined => found[names.indexOf(name)];
  const [gamma, beta] = [
    names.includes('gamma') ? at('gamma') : undefined,
    names.includes('beta') ? at('beta') : undefined,
  ];
  return { ...(gamma ? { gamma } : {}), ...(beta ? { beta } : {}), rest: found.slice(names.length) };
}

/** Networks have some thousand channels; a damaged file may name any number. */
const MAX_CHANNELS = 1_000_000;

/** One number for every channel, where a layer leaves its scale or shift out. */
function filled(builder: LayerBuilder, part: string, { count, value }: { count: number; value: number }): string {
  if (count > MAX_CHANNELS) throw new Unpresentable(`it has ${count} channels`);
  return builder.floats(part, [count], new Array<number>(count).fill(value));
}

/** https://keras.io/api/layers/normalization_layers/batch_normalization/ */
function batchNormalization(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const rank = builder.rank(value);
  const axis = axisOf(builder, rank);
  const { gamma, beta, rest } = scaleAndCenter(builder, 'moving_mean', 'moving_variance');
  const [mean, variance] = rest;
  const channels = mean?.dims[0];
  if (!mean || !variance || channels === undefined) throw new Unpresentable('its weights are missing');
  if (axis !== 1 && axis !== rank - 1) throw new Unpresentable(`it works along axis ${axis}`);
  const isLast = axis === rank - 1;
  const operands = [
    isLast ? builder.moved(value) : builder.plain(value),
    gamma ? builder.weight(gamma) : filled(builder, ONES, { count: channels, value: 1 }),
    beta ? builder.weight(beta) : filled(builder, ZEROS, { count: channels, value: 0 }),
    builder.weight(mean),
    builder.weight(variance),
  ];
  const name = builder.node('BatchNormalization', operands, [
    { name: 'epsilon', float: builder.number(1e-3, 'epsilon') },
  ]);
  return [{ name, rank, moved: isLast && rank > 2 }];
}

/** https://keras.io/api/layers/normalization_layers/layer_normalization/ */
function layerNormalization(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const rank = builder.rank(value);
  if (axisOf(builder, rank) !== rank - 1) throw new Unpresentable('it does not work along the last axis');
  if (builder.flag(false, 'rms_scaling')) throw new Unpresentable('it scales by the root mean square');
  const { gamma, beta } = scaleAndCenter(builder);
  const size = (gamma ?? beta)?.dims[0];
  if (size === undefined) throw new Unpresentable('it has no weights');
  const scale = gamma ? builder.weight(gamma) : filled(builder, ONES, { count: size, value: 1 });
  const operands = [builder.plain(value), scale, ...(beta ? [builder.weight(beta)] : [])];
  const name = builder.node('LayerNormalization', operands, [
    { name: 'axis', int: -1 },
    { name: 'epsilon', float: builder.number(1e-3, 'epsilon') },
  ]);
  return [{ name, rank, moved: false }];
}

/** Keras divides by no less than this. */
const LEAST_DEVIATION = 1e-7;

/**
 * (x − mean) / max(√variance, 1e-7), from the configuration or learned by adapt():
 * https://keras.io/api/layers/preprocessing_layers/numerical/normalization/
 */
async function normalization(builder: LayerBuilder, inputs: readonly Value[]): Promise<Value[]> {
  const value = builder.only(inputs);
  const rank = builder.rank(value);
  if (axisOf(builder, rank) !== rank - 1) throw new Unpresentable('it does not work along the last axis');
  if (builder.flag(false, 'invert')) throw new Unpresentable('it goes the other way');
  const { mean, variance } = await statistics(builder);
  const deviation = variance.map((v) => Math.fround(Math.max(Math.sqrt(v), LEAST_DEVIATION)));
  const shifted = builder.node('Sub', [builder.plain(value), builder.floats('mean', [mean.length], mean)]);
  const name = builder.node('Div', [shifted, builder.floats('deviation', [deviation.length], deviation)]);
  return [{ name, rank, moved: false }];
}

/** Means and variances, one for each channel or one for all. */
async function statistics(builder: LayerBuilder): Promise<{ mean: number[]; variance: number[] }> {
  const given = (name: string): number[] | undefined => {
    const setting = builder.setting(name);
    const one = number(setting);
    return one === undefined ? flattened(setting) : [one];
  };
  const [mean, variance] = [given('mean'), given('variance')];
  if (mean && variance) return { mean, variance };
  // The count of what they were learned from is kept by all but some early versions.
  const [learnedMean, learnedVariance] = builder.storedAs(['mean', 'variance', 'count'], ['mean', 'variance']);
  if (!learnedMean || !learnedVariance) throw new Unpresentable('its weights are missing');
  return { mean: [...(await builder.numbers(learnedMean))], variance: [...(await builder.numbers(learnedVariance))] };
}

/** Numbers that may lie in lists of one: [[[1, 2, 3]]]. */
function flattened(setting: ReturnType<LayerBuilder['setting']>): number[] | undefined {
  let at = setting;
  for (let depth = 0; depth < 8; depth++) {
    const found = numbers(at);
    if (found) return found;
    const inner = Array.isArray(at?.value) ? (at.value as readonly (typeof at)[]) : [];
    if (inner.length !== 1) return undefined;
    at = inner[0];
  }
  return undefined;
}

/** A factor for each channel, of ConvNeXt alone: https://arxiv.org/abs/2103.17239, section 3 */
function layerScale(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const [gamma] = builder.storedAs(['gamma'], ['Variable']);
  if (!gamma) throw new Unpresentable('its weight is missing');
  return [{ ...value, moved: false, name: builder.node('Mul', [builder.plain(value), builder.weight(gamma)]) }];
}

export const NORMALISATION: Readonly<Record<string, LayerRule>> = {
  BatchNormalization: batchNormalization,
  BatchNormalizationV1: batchNormalization,
  BatchNormalizationV2: batchNormalization,
  SyncBatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  Normalization: normalization,
  LayerScale: layerScale,
};
