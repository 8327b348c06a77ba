import { plus } from '../sizes/dims.ts';
import { each, like, sameAs, tensors, type Rule, type ShapeRule } from '../shapes/shapeRule.ts';

/** Cuts a border [left, top, right, bottom] off, or keeps `scale` [height, width] of what is behind left and top. */
const crop: ShapeRule = (input) => {
  const x = input.dims(0);
  const border = input.ints('border') ?? [];
  const scale = input.ints('scale');
  if (!x) return [null];
  if (x.length !== 4 || border.length !== 4) throw new RangeError('it takes tensors of rank 4 and four borders');
  const [left = 0, top = 0, right = 0, bottom = 0] = border;
  return [
    [
      x[0] ?? null,
      x[1] ?? null,
      scale?.[0] ?? plus(x[2] ?? null, -top - bottom),
      scale?.[1] ?? plus(x[3] ?? null, -left - right),
    ],
  ];
};

/**
 * Operators that were experimental until opset 9 or 10, and that old converters wrote:
 * https://github.com/onnx/onnx/blob/rel-1.4.1/docs/Operators.md
 */
export const LEGACY: Readonly<Record<string, Rule>> = {
  ...each('Affine ImageScaler ParametricSoftplus Scale ScaledTanh', tensors(sameAs(0), like(0))),
  Crop: tensors(crop, like(0)),
};
