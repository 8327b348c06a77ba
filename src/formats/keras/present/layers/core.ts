import { number } from '../../../../bytes/json/json.ts';
import { numberList } from '../../network/inputShape.ts';
import { type LayerBuilder, type LayerRule, Unpresentable, type Value } from '../layerBuilder.ts';
import { activated } from './activation.ts';

/** Kernel [in, out], along the last axis: https://keras.io/api/layers/core_layers/dense/ */
function dense(b: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = b.only(inputs);
  const [kernel, bias] = b.stored('kernel', ...(b.flag(true, 'use_bias', 'bias') ? ['bias'] : []));
  if (kernel?.dims.length !== 2) throw new Unpresentable('its kernel does not have 2 axes');
  const { rank } = value;
  const x = b.plain(value);
  const weight = b.weight(kernel);
  const added = bias ? [b.weight(bias)] : [];
  const name = rank === 2 ? b.node('Gemm', [x, weight, ...added]) : product(b, [x, weight], added[0]);
  return [activated(b, { name, rank, moved: false }, b.setting('activation'))];
}

function product(b: LayerBuilder, operands: readonly string[], bias: string | undefined): string {
  const name = b.node('MatMul', operands);
  return bias === undefined ? name : b.node('Add', [name, bias]);
}

/** What only works in training passes everything on when a model is used. */
function passing(b: LayerBuilder, inputs: readonly Value[]): Value[] {
  const x = b.only(inputs);
  return [{ ...x, name: b.node('Identity', [x.name]) }];
}

/**
 * x · scale + offset, for all channels or for each:
 * https://keras.io/api/layers/preprocessing_layers/image_preprocessing/rescaling/
 */
function rescaling(b: LayerBuilder, inputs: readonly Value[]): Value[] {
  const x = b.only(inputs);
  const [scale, offset] = [perChannel(b, 'scale', 1), perChannel(b, 'offset', 0)];
  const isUniform = scale.length === 1 && offset.length === 1;
  const operand = (part: string, values: readonly number[]): string =>
    values.length === 1 ? b.scalar(part, values[0] ?? 0) : b.floats(part, [values.length], values);
  const start = isUniform ? x.name : b.plain(x);
  const scaled = b.node('Mul', [start, operand('scale', scale)]);
  const isMoved = isUniform && x.moved;
  if (offset.every((n) => n === 0)) return [{ ...x, name: scaled, moved: isMoved }];
  return [{ ...x, name: b.node('Add', [scaled, operand('offset', offset)]), moved: isMoved }];
}

function perChannel(b: LayerBuilder, name: string, fallback: number): number[] {
  const setting = b.setting(name);
  const one = number(setting) ?? (setting ? undefined : fallback);
  const found = one === undefined ? numberList(setting) : [one];
  if (!found) throw new Unpresentable(`its ${name} is not readable`);
  return found;
}

const ONLY_IN_TRAINING = [
  'Dropout',
  'SpatialDropout1D',
  'SpatialDropout2D',
  'SpatialDropout3D',
  'AlphaDropout',
  'GaussianDropout',
  'GaussianNoise',
  'ActivityRegularization',
  'RandomFlip',
  'RandomRotation',
  'RandomZoom',
  'RandomTranslation',
  'RandomContrast',
  'RandomBrightness',
  'Identity',
];

export const CORE: Readonly<Record<string, LayerRule>> = {
  Dense: dense,
  Rescaling: rescaling,
  ...Object.fromEntries(ONLY_IN_TRAINING.map((name) => [name, passing])),
};
