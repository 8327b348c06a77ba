import { number } from '../../../../bytes/json/json.ts';
import { numberList } from '../../network/inputShape.ts';
import type { LayerBuilder, LayerRule, Value } from '../layerBuilder.ts';
import { activated } from './activation.ts';
import { Unpresentable } from '../unpresentable.ts';

/** Kernel [in, out], along the last axis: https://keras.io/api/layers/core_layers/dense/ */
function dense(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const [kernel, bias] = builder.stored('kernel', ...(builder.flag(true, 'use_bias', 'bias') ? ['bias'] : []));
  if (kernel?.dims.length !== 2) throw new Unpresentable('its kernel does not have 2 axes');
  const { rank } = value;
  const x = builder.plain(value);
  const weight = builder.weight(kernel);
  const added = bias ? [builder.weight(bias)] : [];
  const name = rank === 2 ? builder.node('Gemm', [x, weight, ...added]) : product(builder, [x, weight], added[0]);
  return [activated(builder, { name, rank, moved: false }, builder.setting('activation'))];
}

function product(builder: LayerBuilder, operands: readonly string[], bias: string | undefined): string {
  const name = builder.node('MatMul', operands);
  return bias === undefined ? name : builder.node('Add', [name, bias]);
}

/** What only works in training passes everything on when a model is used. */
function passing(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const x = builder.only(inputs);
  return [{ ...x, name: builder.node('Identity', [x.name]) }];
}

/**
 * x · scale + offset, for all channels or for each:
 * https://keras.io/api/layers/preprocessing_layers/image_preprocessing/rescaling/
 */
function rescaling(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const x = builder.only(inputs);
  const [scale, offset] = [perChannel(builder, 'scale', 1), perChannel(builder, 'offset', 0)];
  const isUniform = scale.length === 1 && offset.length === 1;
  const operand = (part: string, values: readonly number[]): string =>
    values.length === 1 ? builder.scalar(part, values[0] ?? 0) : builder.floats(part, [values.length], values);
  const start = isUniform ? x.name : builder.plain(x);
  const scaled = builder.node('Mul', [start, operand('scale', scale)]);
  const isMoved = isUniform && x.moved;
  if (offset.every((n) => n === 0)) return [{ ...x, name: scaled, moved: isMoved }];
  return [{ ...x, name: builder.node('Add', [scaled, operand('offset', offset)]), moved: isMoved }];
}

function perChannel(builder: LayerBuilder, name: string, fallback: number): number[] {
  const setting = builder.setting(name);
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
  'StochasticDepth',
  'ActivityRegularization',
  'RandomFlip',
  'RandomRotation',
  'RandomZoom',
  'RandomTranslation',
  'RandomContrast',
  'RandomHeight',
  'RandomWidth',
  'RandomBrightness',
  'RandomGrayscale',
  'RandomColorDegeneration',
  'RandomColorJitter',
  'RandomElasticTransform',
  'RandomErasing',
  'RandomGaussianBlur',
  'RandomHue',
  'RandomInvert',
  'RandomPerspective',
  'RandomPosterization',
  'RandomSaturation',
  'RandomSharpness',
  'RandomShear',
  'Masking',
  'Identity',
];

export const CORE: Readonly<Record<string, LayerRule>> = {
  Dense: dense,
  Rescaling: rescaling,
  ...Object.fromEntries(ONLY_IN_TRAINING.map((name) => [name, passing])),
};
