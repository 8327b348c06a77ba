import { isInteger } from '../../tensors/dtypes.ts';
import { hasNoShift, isSelection, type Affine } from '../maps/affine.ts';
import { axisLength, isPlain, withMap, type Flow, baseLength } from '../flow/flow.ts';
import type { Operand } from '../flow/rewrite.ts';
import type { Rule, Step } from '../flow/step.ts';
import { withoutShift } from '../flow/otherBase.ts';
import { PAD_WITH_INPUTS } from '../flow/walk.ts';
import { fits } from '../constants/contract.ts';
import { partNumber, withSize } from './sizes/sizeVector.ts';
import { fromFront } from '../../tensors/dims.ts';
import { range } from '../../bytes/lists.ts';
import { TAKEN_OUT, MIXED, NOT_ON_AXIS_1 } from '../flow/reasons.ts';

/**
 * Operators over pixels with channels on axis 1, the same for each channel; those that weigh pixels with zeros outside
 * commute with any matrix. The other inputs (grids, boxes) hold no channel. https://onnx.ai/onnx/operators/onnx__MaxPool.html
 */
const channelFirst: Rule = (step) => {
  const flow = step.only();
  if (!flow || !isPlain(flow) || flow.axis !== 1) return NOT_ON_AXIS_1;
  if (step.node.outputs[1] && step.node.opType === 'MaxPool') return 'its indices count through all channels';
  const linear =
    step.node.opType === 'GridSample' || (step.node.opType === 'RoiAlign' && step.text('mode', 'avg') === 'avg');
  return isSelection(flow.map) || (linear && hasNoShift(flow.map)) ? step.pass(flow) : MIXED;
};

/**
 * Averages over pixels commute with any matrix; padding with zeros does not commute with a shift.
 * https://onnx.ai/onnx/operators/onnx__AveragePool.html
 */
const average: Rule = (step) => {
  const flow = step.only();
  if (!flow || !isPlain(flow) || flow.axis !== 1) return NOT_ON_AXIS_1;
  if (
    hasNoShift(flow.map) ||
    isSelection(flow.map) ||
    step.node.opType === 'GlobalAveragePool' ||
    step.int('count_include_pad', 0) === 0
  )
    return step.pass(flow);
  const fixed = withoutShift(step.walk, flow, step.node.inputs[0] ?? '');
  return fixed ? step.pass(fixed, { inputs: new Map([[0, fixed.base]]) }) : MIXED;
};

/** The pad value for the base, so that the map gives the old one on every channel; null when there is none. */
function paddedValue(map: Affine, value: number): number | null {
  const sums = map.m.map((row) => row.reduce((s, v) => s + v, 0));
  const wanted =
    isSelection(map) || (value === 0 && hasNoShift(map)) ? value : (value - (map.b[0] ?? 0)) / (sums[0] ?? 0);
  if (!Number.isFinite(wanted)) return null;
  return sums.every((sum, c) => sum * wanted + (map.b[c] ?? 0) === value) ? wanted : null;
}

/** More channels than a picture is ever filled up to. */
const MAX_ADDED = 1024;

interface PadSpec {
  readonly mode: string;
  /** Per axis of the tensor; null is computed while the model runs. */
  readonly begin: (number | null)[];
  readonly end: (number | null)[];
  readonly value: number;
}

/** Amounts and value, from attributes before opset 11, from inputs later; null where they are not known. */
async function padSpec(step: Step, rank: number): Promise<PadSpec | null> {
  const mode = step.text('mode', 'constant');
  const stored = step.ints('pads') ?? step.ints('paddings') ?? (await step.value(1))?.values;
  const given = stored ? [...stored] : (step.walk.known.integers(step.node.inputs[1] ?? '') ?? []);
  const count = given.length / 2;
  const axes = step.node.inputs[3] ? await step.value(3) : null;
  if (step.node.inputs[3] && !axes) return null;
  const on = axes ? [...axes.values].map((axis) => fromFront(axis, rank)) : range(0, rank);
  if (count !== on.length || count === 0) return null;
  const value = step.node.inputs[2] ? ((await step.value(2))?.values[0] ?? NaN) : step.float('value', 0);
  if (Number.isNaN(value)) return null;
  const begin = new Array<number | null>(rank).fill(0);
  const end = new Array<number | null>(rank).fill(0);
  on.forEach((axis, i) => {
    begin[axis] = given[i] ?? null;
    end[axis] = given[count + i] ?? null;
  });
  return { mode, begin, end, value };
}

/** Pixels around the image, or channels beside it: https://onnx.ai/onnx/operators/onnx__Pad.html */
const pad: Rule = async (step) => {
  const given = step.only();
  if (!given || given.gone) return given ? TAKEN_OUT : 'its amounts come from the image itself';
  const spec = await padSpec(step, given.rank);
  const [front = null, back = null] = [spec?.begin[given.axis], spec?.end[given.axis]];
  if (!spec || front === null || back === null) return 'its amounts are computed while the model runs';
  if (front || back) return padChannels(step, given, spec);
  if (spec.mode !== 'constant') return step.pass(given);
  return padPixels(step, givesPaddedValue(step, given, spec.value), spec);
};

/** The flow itself, or without its shift where only that keeps zeros zero. */
function givesPaddedValue(step: Step, flow: Flow, value: number): Flow {
  if (value !== 0 || paddedValue(flow.map, value) !== null) return flow;
  return withoutShift(step.walk, flow, step.node.inputs[0] ?? '') ?? flow;
}

/** Pixels of one value around the image: around the base stands what the map turns into that value. */
function padPixels(step: Step, flow: Flow, spec: PadSpec): true | string {
  const value = paddedValue(flow.map, spec.value);
  if (value === null) return 'it pads with a value that the map does not give';
  const inputs = new Map<number, Operand>([[0, flow.base]]);
  if (value === spec.value) return step.pass(flow, { inputs });
  if (!fits(flow.dtype, Float64Array.of(value)))
    return `it pads with ${spec.value}, and the type has no number that the map turns into that`;
  if (step.walk.known.opset < PAD_WITH_INPUTS)
    return step.pass(flow, { inputs, attributes: new Map([['value', { kind: 'float', value }]]) });
  inputs.set(2, step.walk.constant(`${step.node.outputs[0]}/pad`, flow.dtype, [], [value]));
  return step.pass(flow, { inputs });
}

/** Extra channels of one value are rows without weights. */
function padChannels(step: Step, flow: Flow, spec: PadSpec): true | string {
  const [front, back] = [spec.begin[flow.axis] ?? 0, spec.end[flow.axis] ?? 0];
  const elsewhere =
    spec.begin.some((value, i) => i !== flow.axis && value !== 0) ||
    spec.end.some((value, i) => i !== flow.axis && value !== 0);
  const addsFew = front >= 0 && back >= 0 && front + back <= MAX_ADDED;
  if (spec.mode !== 'constant' || elsewhere || !isPlain(flow) || !addsFew) return 'it adds or removes channels';
  const zero = (count: number): number[][] =>
    Array.from({ length: count }, () => new Array<number>(flow.base.channels).fill(0));
  const fill = (count: number): number[] => new Array<number>(count).fill(spec.value);
  return step.absorb(
    withMap(flow, {
      m: [...zero(front), ...flow.map.m, ...zero(back)],
      b: [...fill(front), ...flow.map.b, ...fill(back)],
    }),
  );
}

/**
 * Every interpolation is a weighted mean with weights that sum to one, so it commutes with any map; only the channel
 * axis must stay. Under a policy that keeps proportions, sizes name limits:
 * https://onnx.ai/onnx/operators/onnx__Resize.html
 */
const resize: Rule = async (step) => {
  const flow = step.only();
  if (!flow || flow.gone) return flow ? TAKEN_OUT : 'its sizes come from the image itself';
  const rounds = isInteger(flow.dtype) && step.text('mode', 'nearest') !== 'nearest';
  if ((rounds || step.text('coordinate_transformation_mode', '') === 'tf_crop_and_resize') && !isSelection(flow.map))
    return MIXED;
  const axes = step.ints('axes')?.map((axis) => fromFront(axis, flow.rank)) ?? flow.dims.map((_, i) => i);
  const at = axes.indexOf(flow.axis);
  if (at < 0) return step.pass(flow);
  if (step.text('keep_aspect_ratio_policy', 'stretch') !== 'stretch')
    return 'it scales all axes alike, and so the channels';
  const old = step.node.opType === 'Upsample' || step.walk.known.opset < 11;
  const takesSizes = !old && Boolean(step.node.inputs[3]);
  const scale = await scaleOf(step, { at, index: old ? 1 : 2, takesSizes });
  if (scale !== null) return scale === 1 ? step.pass(flow) : 'it scales channels';
  if (!takesSizes) return 'its scales are computed while the model runs';
  return resizeToSizes(step, flow, { at, length: axes.length });
};

/** The scale of one axis, which older opsets keep as an attribute; null where sizes are given, or it is not known. */
async function scaleOf(
  step: Step,
  { at, index, takesSizes }: { readonly at: number; readonly index: number; readonly takesSizes: boolean },
): Promise<number | null> {
  const scales = step.ints('scales') ?? step.attribute('scales')?.floats ?? (await step.value(index))?.values;
  if (scales?.length) return scales[at] ?? NaN;
  return takesSizes ? null : partNumber(step, index, at);
}

/** Sizes of some axes, the channels' at place `at`. */
async function resizeToSizes(
  step: Step,
  flow: Flow,
  { at, length }: { readonly at: number; readonly length: number },
): Promise<true | string> {
  const stored = await step.value(3);
  const known = stored ? [...stored.values] : step.walk.known.integers(step.node.inputs[3] ?? '');
  const old = axisLength(flow);
  const declared = step.walk.known.dims(step.node.outputs[0] ?? '')?.[flow.axis];
  if ((known?.[at] ?? declared) !== old) return 'its sizes are computed while the model runs, and may scale channels';
  const size = baseLength(flow);
  if (size === old) return step.pass(flow);
  const entries = known?.length === length ? known : Array.from({ length }, (_, i) => (i === at ? old : null));
  const edited = await withSize(step, 3, entries, { at, size });
  return edited ? step.pass(flow, { inputs: new Map([[3, edited]]) }) : 'its sizes are computed while the model runs';
}

export const SPATIAL: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(
    'MaxPool LpPool GlobalMaxPool GlobalLpPool GridSample RoiAlign MaxRoiPool'
      .split(' ')
      .map((op) => [op, channelFirst]),
  ),
  AveragePool: average,
  GlobalAveragePool: average,
  Pad: pad,
  Resize: resize,
  Upsample: resize,
};
