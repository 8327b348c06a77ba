import { INT64, UINT8 } from '../../../tensors/dtypes.ts';
import type { Dim } from '../../../formats/onnx/model.ts';
import { multiply, quotient, scaled } from '../../sizes/dims.ts';
import {
  Unknown,
  atRunTime,
  axisOf,
  each,
  fixed,
  like,
  openDims,
  tensors,
  type Rule,
  type RuleInput,
  type Shape,
  type ShapeRule,
} from '../../shapes/shapeRule.ts';

/** Where the operator keeps its scales: an attribute, or an input that moved. */
function scalesOf(input: RuleInput): readonly (number | null)[] | null {
  const given = input.floats('scales');
  if (given) return given;
  // Upsample-1 has one attribute for each of two axes.
  if (input.attribute('height_scale'))
    return [1, 1, input.attribute('height_scale')?.float ?? null, input.attribute('width_scale')?.float ?? null];
  return input.integers(input.node.opType === 'Upsample' || input.opset < 11 ? 1 : 2);
}

/** https://onnx.ai/onnx/operators/onnx__Resize.html; Upsample is its forerunner. */
const resize: ShapeRule = (input) => {
  const x = input.dims(0);
  if (!x) return [null];
  const axes = input.ints('axes')?.map((int) => axisOf(int, x.length)) ?? x.map((_, k) => k);
  const sizes = input.has(3) ? input.sizes(3) : null;
  const scales = input.has(3) ? null : scalesOf(input);
  const list = sizes ?? scales;
  // An empty list stands for one that is left out.
  if (list?.length === 0 && axes.length > 0) return [atRunTime('its sizes are', openDims(x.length))];
  if (list && list.length !== axes.length)
    throw new RangeError(`it has ${list.length} sizes or scales for ${axes.length} axes`);
  const each = sizes
    ? kept(input, x, axes, sizes)
    : axes.map((axis, at) =>
        byScale(input, x[axis] ?? null, scales?.[at] ?? null, isWholeImage(input, at, axes.length)),
      );
  const dims = x.map((dim, k) => (axes.includes(k) ? (each[axes.indexOf(k)] ?? null) : dim));
  return [dims.some((dim, k) => dim === null && x[k] !== null) ? atRunTime('its sizes are', dims) : dims];
};

/**
 * With tf_crop_and_resize and a part of the image, the text and the runtimes differ on whether the part counts:
 * https://onnx.ai/onnx/operators/onnx__Resize.html
 */
function byScale(input: RuleInput, dim: Dim, scale: number | null, isWhole: boolean): Dim {
  if (scale === null) return null;
  if (scale <= 0) throw new RangeError(`its scale is ${scale}`);
  const crops = input.text('coordinate_transformation_mode', '') === 'tf_crop_and_resize';
  return crops && !isWhole ? null : scaled(dim, scale);
}

/** True where the part of the image runs from 0 to 1 along an axis: all starts stand in front of all ends. */
function isWholeImage(input: RuleInput, at: number, count: number): boolean {
  const roi = input.integers(1);
  return roi?.[at] === 0 && roi[at + count] === 1;
}

/** From opset 18 sizes may be bounds within which the picture keeps its proportions. */
function kept(input: RuleInput, x: readonly Dim[], axes: readonly number[], sizes: readonly Dim[]): readonly Dim[] {
  const policy = input.text('keep_aspect_ratio_policy', 'stretch');
  if (policy === 'stretch') return sizes;
  const ratios = axes.map((axis, at) => {
    const [from, to] = [x[axis], sizes[at]];
    return typeof from === 'number' && typeof to === 'number' && from > 0 ? Math.fround(to / from) : null;
  });
  const known = ratios.filter((r) => r !== null);
  if (known.length !== ratios.length || !known.length) return sizes.map(() => null);
  const ratio = known.reduce((a, b) => (policy === 'not_larger' ? Math.min(a, b) : Math.max(a, b)));
  return axes.map((axis) => Math.floor(Math.fround(ratio * Number(x[axis])) + 0.5));
}

/** The grid's spatial axes become the image's: https://onnx.ai/onnx/operators/onnx__GridSample.html */
const gridSample: ShapeRule = (input) => {
  const [x, grid] = [input.dims(0), input.dims(1)];
  if (!grid) return [x && [x[0] ?? null, x[1] ?? null, ...openDims(x.length - 2)]];
  return [[x?.[0] ?? grid[0] ?? null, x?.[1] ?? null, ...grid.slice(1, -1)]];
};

/** N×C×H×W gives N×H×W×2, and with depth N×D×H×W×3: https://onnx.ai/onnx/operators/onnx__AffineGrid.html */
const affineGrid: ShapeRule = (input) => {
  const theta = input.dims(0);
  const size = input.sizes(1);
  const spatial = theta && typeof theta[1] === 'number' ? theta[1] : null;
  if (!size) {
    const isKnown = spatial !== null && spatial <= 3;
    const dims = isKnown ? [theta?.[0] ?? null, ...openDims(spatial), spatial] : null;
    return [atRunTime('the sizes it is given are', dims)];
  }
  return [[size[0] ?? null, ...size.slice(2), size.length - 2]];
};

/** One patch for each region: https://onnx.ai/onnx/operators/onnx__RoiAlign.html */
const roiAlign: ShapeRule = (input) => [
  [
    input.dims(1)?.[0] ?? input.dims(2)?.[0] ?? null,
    input.dims(0)?.[1] ?? null,
    input.int('output_height', 1),
    input.int('output_width', 1),
  ],
];
/** https://onnx.ai/onnx/operators/onnx__MaxRoiPool.html */
const maxRoiPool: ShapeRule = (input) => [
  [input.dims(1)?.[0] ?? null, input.dims(0)?.[1] ?? null, ...(input.ints('pooled_shape') ?? openDims(2))],
];
/** One patch of the size of input 3 for each region. */
const cropAndResize: ShapeRule = (input) => {
  const size = input.sizes(3);
  const dims = [input.dims(1)?.[0] ?? null, input.dims(0)?.[1] ?? null, size?.[0] ?? null, size?.[1] ?? null];
  return [size ? dims : atRunTime('the sizes it is given are', dims)];
};

/** Batch, class and box of each that is kept: https://onnx.ai/onnx/operators/onnx__NonMaxSuppression.html */
const nonMaxSuppression: ShapeRule = () => [new Unknown('how many boxes it keeps depends on their scores', [null, 3])];

/** https://onnx.ai/onnx/operators/onnx__CenterCropPad.html */
const centerCropPad: ShapeRule = (input) => {
  const x = input.dims(0);
  const shape = input.sizes(1);
  if (!x) return [null];
  const axes = input.ints('axes')?.map((int) => axisOf(int, x.length)) ?? x.map((_, k) => k);
  const dims = x.map((dim, k) => (axes.includes(k) ? (shape?.[axes.indexOf(k)] ?? null) : dim));
  return [shape ? dims : atRunTime('the sizes it is given are', dims)];
};

/** Columns are blocks, laid back into an image: https://onnx.ai/onnx/operators/onnx__Col2Im.html */
const col2Im: ShapeRule = (input) => {
  const x = input.dims(0);
  const [image, block] = [input.sizes(1), input.sizes(2)];
  const spatial = image?.length ?? block?.length ?? null;
  const channels = block && x ? quotient([x[1] ?? null], [multiply(block)]) : null;
  if (spatial === null) return [atRunTime('the sizes it is given are')];
  const dims = [x?.[0] ?? null, channels, ...(image ?? openDims(spatial))];
  return [image && block ? dims : atRunTime('the sizes it is given are', dims)];
};

/** [height, width, channels]: https://onnx.ai/onnx/operators/onnx__ImageDecoder.html */
const imageDecoder: ShapeRule = (input): Shape[] => [
  new Unknown('the size of the picture is in its file', [
    null,
    null,
    input.text('pixel_format', 'RGB') === 'Grayscale' ? 1 : 3,
  ]),
];

export const IMAGE: Readonly<Record<string, Rule>> = {
  ...each('Resize Upsample', tensors(resize, like(0))),
  ...each('GridSample com.microsoft:GridSample', tensors(gridSample, like(0))),
  AffineGrid: tensors(affineGrid, like(0)),
  RoiAlign: tensors(roiAlign, like(0)),
  MaxRoiPool: tensors(maxRoiPool, like(0)),
  'com.microsoft:CropAndResize': tensors(cropAndResize, like(0)),
  NonMaxSuppression: tensors(nonMaxSuppression, fixed(INT64)),
  CenterCropPad: tensors(centerCropPad, like(0)),
  Col2Im: tensors(col2Im, like(0)),
  ImageDecoder: tensors(imageDecoder, fixed(UINT8)),
};
