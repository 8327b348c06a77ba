import { FLOAT } from '../../../tensors/dtypes.ts';
import type { Dim } from '../../../formats/onnx/model.ts';
import { floorDivide, minus, plus, times } from '../../sizes/dims.ts';
import {
  atRunTime,
  axisOf,
  each,
  fixed,
  like,
  named,
  openDims,
  tensors,
  type Rule,
  type RuleInput,
  type ShapeRule,
} from '../../shapes/shapeRule.ts';

/** As long as input 0 says: https://onnx.ai/onnx/operators/onnx__HannWindow.html */
const windowShape: ShapeRule = (input) => {
  const size = input.sizes(0)?.[0] ?? null;
  return [size === null ? atRunTime('the length of the window is', [null]) : [size]];
};

/** Bands by frequencies: https://onnx.ai/onnx/operators/onnx__MelWeightMatrix.html */
const melWeights: ShapeRule = (input) => {
  const [bands, length] = [input.sizes(0)?.[0] ?? null, input.sizes(1)?.[0] ?? null];
  const dims = [half(length), bands];
  return [dims.includes(null) ? atRunTime('its sizes are', dims) : dims];
};

/** The frequencies of a real signal: ⌊n/2⌋ + 1. */
function half(length: Dim): Dim {
  return plus(floorDivide(length, 0, 2), 1);
}

/** The axis along which DFT works; null where an input that is not known says so. */
function transformedAxis(input: RuleInput): number | null {
  if (input.opset < 20) return input.int('axis', 1);
  return input.has(2) ? (input.integers(2)?.[0] ?? null) : -2;
}

/**
 * The axis is an attribute before opset 20. The last axis holds real and imaginary parts; a one-sided inverse gives a
 * real signal. https://onnx.ai/onnx/operators/onnx__DFT.html
 */
const dft: ShapeRule = (input) => {
  const x = input.dims(0);
  if (!x) return [null];
  const [onesided, inverse] = [input.int('onesided', 0) !== 0, input.int('inverse', 0) !== 0];
  const parts = onesided && inverse ? 1 : 2;
  const given = transformedAxis(input);
  if (given === null)
    return [
      onesided || input.has(1)
        ? atRunTime('the axis it transforms is', [...openDims(x.length - 1), parts])
        : [...x.slice(0, -1), parts],
    ];
  const axis = axisOf(given, x.length);
  const own = x[axis] ?? null;
  const wholeLength = parts === 1 ? times(plus(own, -1), 2) : own;
  const length = input.has(1) ? (input.sizes(1)?.[0] ?? null) : wholeLength;
  const size = onesided && !inverse ? half(length) : length;
  const dims = [...x.map((dim, k): Dim => (k === axis ? size : dim)).slice(0, -1), parts];
  return [size === null && input.has(1) ? atRunTime('how many samples it takes is', dims) : dims];
};

/** Frames by frequencies by two: https://onnx.ai/onnx/operators/onnx__STFT.html */
const stft: ShapeRule = (input) => {
  const signal = input.dims(0);
  const step = input.integers(1)?.[0] ?? null;
  const length = frameLength(input);
  const room = minus(signal?.[1] ?? null, length);
  const frames = step !== null && step > 0 ? plus(floorDivide(room, 0, step), 1) : null;
  const bins = input.int('onesided', 1) ? half(length) : length;
  const dims = [signal?.[0] ?? null, frames, bins, 2];
  return [length === null || step === null ? atRunTime('the length of its frames is', dims) : dims];
};

function frameLength(input: RuleInput): Dim {
  return input.has(3) ? (input.sizes(3)?.[0] ?? null) : (input.dims(2)?.[0] ?? null);
}

/** ONNX Runtime's own transforms of real signals; the last axis holds real and imaginary parts. */
const rfft: ShapeRule = (input) => {
  const x = input.dims(0);
  if (!x) return [null];
  if (input.int('onesided', 1) === 0 || input.int('signal_ndim', 1) < 1) return [[...x, 2]];
  return [[...x.slice(0, -1), half(x.at(-1) ?? null), 2]];
};

/** Back from real and imaginary parts of the frequencies of a real signal. */
const irfft: ShapeRule = (input) => {
  const x = input.dims(0);
  if (!x || x.length < 2) return [null];
  return [[...x.slice(0, -2), times(plus(x.at(-2) ?? null, -1), 2)]];
};

export const SIGNAL: Readonly<Record<string, Rule>> = {
  ...each('BlackmanWindow HammingWindow HannWindow', tensors(windowShape, named('output_datatype', fixed(FLOAT)))),
  MelWeightMatrix: tensors(melWeights, named('output_datatype', fixed(FLOAT))),
  DFT: tensors(dft, like(0)),
  STFT: tensors(stft, like(0)),
  'com.microsoft:Rfft': tensors(rfft, like(0)),
  'com.microsoft:Irfft': tensors(irfft, like(0)),
};
