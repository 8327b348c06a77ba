import { FLOAT, INT32 } from '../../../tensors/dtypes.ts';
import { each, fixed, like, named, sameAs, tensors, type Rule, type ShapeRule } from '../../shapes/shapeRule.ts';

/** One draw per row and sample: https://onnx.ai/onnx/operators/onnx__Multinomial.html */
const multinomial: ShapeRule = (input) => [[input.dims(0)?.[0] ?? null, input.int('sample_size', 1)]];

export const RANDOM: Readonly<Record<string, Rule>> = {
  ...each(
    'RandomNormal RandomUniform',
    tensors((input) => [input.ints('shape')], named('dtype', fixed(FLOAT))),
  ),
  ...each('Bernoulli RandomNormalLike RandomUniformLike', tensors(sameAs(0), named('dtype', like(0)))),
  Multinomial: tensors(multinomial, named('dtype', fixed(INT32))),
};
