import { INT32, INT64 } from '../../onnx/dtypes.ts';
import type { Dim } from '../../onnx/model.ts';
import { floorDivide, plus, times } from '../dims.ts';
import { fixed, like, tensors, type Rule, type RuleInput, type ShapeRule } from '../shapeRule.ts';

interface Window {
  readonly kernel: readonly (number | null)[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
  readonly auto: string;
}

function windowOf(i: RuleInput, spatial: number, kernel: readonly (number | null)[]): Window {
  const fill = (value: number, count: number): number[] => new Array<number>(count).fill(value);
  const window = {
    kernel, strides: i.ints('strides') ?? fill(1, spatial), dilations: i.ints('dilations') ?? fill(1, spatial),
    pads: i.ints('pads') ?? fill(0, 2 * spatial), auto: i.text('auto_pad', 'NOTSET'),
  };
  if (window.strides.some((s) => s < 1) || kernel.length !== spatial) throw new RangeError('its window does not fit the tensor');
  return window;
}

/** One axis of a sliding window: https://onnx.ai/onnx/operators/onnx__Conv.html and onnx__MaxPool.html for ceil_mode and auto_pad. */
function slide(dim: Dim, w: Window, axis: number, ceil: boolean): Dim {
  const stride = w.strides[axis] ?? 1;
  const kernel = w.kernel[axis] ?? null;
  if (w.auto.startsWith('SAME')) return floorDivide(dim, stride - 1, stride);
  if (kernel === null) return null;
  const extent = (w.dilations[axis] ?? 1) * (kernel - 1) + 1;
  const spatial = w.kernel.length;
  const [before, after] = w.auto === 'VALID' ? [0, 0] : [w.pads[axis] ?? 0, w.pads[axis + spatial] ?? 0];
  const rounded = floorDivide(dim, before + after - extent + stride + (ceil ? stride - 1 : 0), stride);
  // With ceil_mode, a window that would start behind the image and its left pad is dropped.
  if (ceil && typeof rounded === 'number' && typeof dim === 'number' && (rounded - 1) * stride >= dim + before) return rounded - 1;
  return rounded;
}

function conv(weight: number, channelsLast = false): ShapeRule {
  return (i) => {
    const x = i.dims(0);
    const w = i.dims(weight);
    if (!x || !w || x.length !== w.length || x.length < 3) return [null];
    const kernel = w.slice(2).map((d) => (typeof d === 'number' ? d : null));
    const window = windowOf(i, x.length - 2, kernel);
    const image = channelsLast ? x.slice(1, -1) : x.slice(2);
    const out = image.map((d, axis) => slide(d, window, axis, false));
    return [channelsLast ? [x[0] ?? null, ...out, w[0] ?? null] : [x[0] ?? null, w[0] ?? null, ...out]];
  };
}

const convTranspose: ShapeRule = (i) => {
  const x = i.dims(0);
  const w = i.dims(1);
  if (!x || !w || x.length !== w.length || x.length < 3) return [null];
  const spatial = x.length - 2;
  const window = windowOf(i, spatial, w.slice(2).map((d) => (typeof d === 'number' ? d : null)));
  const given = i.ints('output_shape');
  const extra = i.ints('output_padding') ?? new Array<number>(spatial).fill(0);
  const out = x.slice(2).map((d, axis): Dim => {
    const stride = window.strides[axis] ?? 1;
    if (given) return given[given.length - spatial + axis] ?? null;
    if (window.auto.startsWith('SAME')) return times(d, stride);
    const kernel = window.kernel[axis] ?? null;
    if (kernel === null) return null;
    const pads = window.auto === 'VALID' ? 0 : (window.pads[axis] ?? 0) + (window.pads[axis + spatial] ?? 0);
    return plus(times(d, stride), (window.dilations[axis] ?? 1) * (kernel - 1) + 1 - stride + (extra[axis] ?? 0) - pads);
  });
  return [[x[0] ?? null, times(w[1] ?? null, i.int('group', 1)), ...out]];
};

const pool: ShapeRule = (i) => {
  const x = i.dims(0);
  const kernel = i.ints('kernel_shape');
  if (!x || !kernel || x.length !== kernel.length + 2) return i.node.outputs.map(() => null);
  const window = windowOf(i, kernel.length, kernel);
  const out = [...x.slice(0, 2), ...x.slice(2).map((d, axis) => slide(d, window, axis, i.int('ceil_mode', 0) !== 0))];
  return i.node.outputs.map(() => out);
};

const globalPool: ShapeRule = (i) => [i.dims(0)?.map((d, axis) => (axis < 2 ? d : 1)) ?? null];

const resize: ShapeRule = (i) => {
  const x = i.dims(0);
  if (!x) return [null];
  const axes = i.ints('axes')?.map((a) => (a < 0 ? a + x.length : a)) ?? x.map((_, k) => k);
  const sizes = i.integers(3);
  if (sizes && i.text('keep_aspect_ratio_policy', 'stretch') !== 'stretch') return [x.map(() => null)];
  const scales = i.attribute('scales')?.floats ?? null;
  return [x.map((d, k): Dim => {
    const at = axes.indexOf(k);
    if (at < 0) return d;
    if (i.has(3)) return sizes?.[at] ?? null;
    const scale = scales?.[at] ?? i.integers(i.opset < 11 || i.node.opType === 'Upsample' ? 1 : 2)?.[at];
    if (scale === undefined || scale === null) return null;
    return typeof d === 'number' ? Math.floor(d * scale) : times(d, scale);
  })];
};

const pad: ShapeRule = (i) => {
  const x = i.dims(0);
  const pads = i.ints('pads') ?? i.integers(1);
  if (!x) return [null];
  if (!pads) return [x.map(() => null)];
  const axes = i.has(3) ? i.integers(3) : x.map((_, k) => k);
  if (!axes || pads.length !== 2 * axes.length) return [x.map(() => null)];
  return [x.map((d, k) => {
    const at = axes.findIndex((a) => a !== null && (a < 0 ? a + x.length : a) === k);
    const [before, after] = [pads[at], pads[at + axes.length]];
    if (at < 0) return d;
    return typeof before === 'number' && typeof after === 'number' ? plus(d, before + after) : null;
  })];
};

const spaceToDepth: ShapeRule = (i) => {
  const x = i.dims(0);
  const b = i.int('blocksize', 0);
  return [x?.length === 4 && b > 0 ? [x[0] ?? null, times(x[1] ?? null, b * b), floorDivide(x[2] ?? null, 0, b), floorDivide(x[3] ?? null, 0, b)] : null];
};

const depthToSpace: ShapeRule = (i) => {
  const x = i.dims(0);
  const b = i.int('blocksize', 0);
  return [x?.length === 4 && b > 0 ? [x[0] ?? null, floorDivide(x[1] ?? null, 0, b * b), times(x[2] ?? null, b), times(x[3] ?? null, b)] : null];
};

const shapes: Readonly<Record<string, ShapeRule>> = {
  Conv: conv(1), 'com.microsoft:FusedConv': conv(1), 'com.microsoft:NhwcConv': conv(1, true), ConvTranspose: convTranspose, AveragePool: pool, LpPool: pool,
  GlobalAveragePool: globalPool, GlobalMaxPool: globalPool, GlobalLpPool: globalPool,
  Resize: resize, Upsample: resize, Pad: pad, SpaceToDepth: spaceToDepth, DepthToSpace: depthToSpace,
};

export const SPATIAL: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(Object.entries(shapes).map(([op, rule]) => [op, tensors(rule, like(0))])),
  ConvInteger: tensors(conv(1), fixed(INT32)), QLinearConv: tensors(conv(3), like(7)), MaxPool: tensors(pool, like(0), fixed(INT64)),
};
