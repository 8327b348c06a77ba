import type { Dim } from '../../../formats/onnx/model.ts';
import { floorDivide } from '../../sizes/dims.ts';
import type { RuleInput } from '../../shapes/shapeRule.ts';

/** A window that slides over the spatial axes of an image. */
export interface Window {
  readonly kernel: readonly (number | null)[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** All that is padded before the image, then all behind it. */
  readonly pads: readonly number[];
  readonly auto: string;
  readonly ceil: boolean;
}

/** A kernel with its strides, dilations and pads; throws RangeError where they don't fit the spatial axes. */
export function windowOf(input: RuleInput, spatial: number, kernel: readonly (number | null)[]): Window {
  const list = (name: string, length: number, value: number): readonly number[] => {
    const given = input.ints(name);
    if (given && given.length !== length)
      throw new RangeError(`${name} has ${given.length} entries for ${spatial} spatial axes`);
    return given ?? new Array<number>(length).fill(value);
  };
  const window = {
    kernel,
    strides: list('strides', spatial, 1),
    dilations: list('dilations', spatial, 1),
    pads: list('pads', 2 * spatial, 0),
    auto: input.text('auto_pad', 'NOTSET'),
    ceil: input.int('ceil_mode', 0) !== 0,
  };
  if (kernel.length !== spatial || kernel.some((k) => k !== null && k < 1))
    throw new RangeError('its window does not fit the tensor');
  if ([...window.strides, ...window.dilations].some((s) => s < 1))
    throw new RangeError('strides and dilations are at least 1');
  return window;
}

/** How far a window reaches along an axis, with its gaps. */
export function extentOf(window: Window, axis: number): number | null {
  const kernel = window.kernel[axis] ?? null;
  return kernel === null ? null : (window.dilations[axis] ?? 1) * (kernel - 1) + 1;
}

/** What is padded before and behind an axis; auto_pad SAME is not asked here. */
export function padsOf(window: Window, axis: number): readonly [number, number] {
  return window.auto === 'VALID' ? [0, 0] : [window.pads[axis] ?? 0, window.pads[axis + window.kernel.length] ?? 0];
}

/**
 * The number of windows along one axis: https://onnx.ai/onnx/operators/onnx__Conv.html, and onnx__MaxPool.html for
 * ceil_mode and auto_pad.
 */
export function slide(dim: Dim, window: Window, axis: number): Dim {
  const stride = window.strides[axis] ?? 1;
  if (window.auto.startsWith('SAME')) return floorDivide(dim, stride - 1, stride);
  const extent = extentOf(window, axis);
  if (extent === null) return null;
  const [before, behind] = padsOf(window, axis);
  if (typeof dim === 'number' && dim + before + behind < extent)
    throw new RangeError(`its window of ${extent} is larger than the ${dim + before + behind} pixels it slides over`);
  const rounded = floorDivide(dim, before + behind - extent + stride + (window.ceil ? stride - 1 : 0), stride);
  if (!window.ceil || stride <= extent - behind) return rounded;
  // With ceil_mode, a window that would start behind the image and its left pad is dropped; of a symbol we can't tell.
  if (typeof rounded !== 'number' || typeof dim !== 'number') return null;
  return (rounded - 1) * stride >= dim + before ? rounded - 1 : rounded;
}
