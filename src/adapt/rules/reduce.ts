import { range } from '../../bytes/lists.ts';
import { fromFront } from '../../tensors/dims.ts';
import { isInteger } from '../../tensors/dtypes.ts';
import { isPlain, withMap, type Flow } from '../flow/flow.ts';
import { MIXED, TAKEN_OUT } from '../flow/reasons.ts';
import type { Rule, Step } from '../flow/step.ts';
import { compose, evenUse, hasNoShift, isPermutation, isSelection, lanes, type Affine } from '../maps/affine.ts';

/**
 * Reductions over pixels only, over the channel axis only, or over both:
 * https://onnx.ai/onnx/operators/onnx__ReduceMean.html
 */
const reduce: Rule = async (step) => {
  const flow = step.only();
  if (!flow || flow.gone) return flow ? TAKEN_OUT : 'its axes come from the image itself';
  const axes = await reducedAxes(step, flow.rank);
  if (!axes) return 'its axes are not known before the model runs';
  if (axes.includes(flow.axis))
    return axes.length === 1 && isPlain(flow) ? reduceChannels(step, flow) : reduceAll(step, flow);
  if (!isLinear(step, flow) && !isSelection(flow.map)) return MIXED;
  const stays = range(0, flow.rank).filter((axis) => keepsDims(step) || !axes.includes(axis));
  return step.pass(flow, { flow: { axis: stays.indexOf(flow.axis), rank: stays.length } });
};

/** A sum adds a shift as often as it adds pixels. */
function isLinear({ node }: Step, { dtype, map }: Flow): boolean {
  if (node.opType === 'ReduceMean') return !isInteger(dtype);
  return node.opType === 'ReduceSum' && hasNoShift(map);
}

function keepsDims(step: Step): boolean {
  return step.int('keepdims', 1) !== 0;
}

/** The axes of a reduction, all where none are named; null where they are not known. */
async function reducedAxes(step: Step, rank: number): Promise<readonly number[] | null> {
  const stored = step.node.inputs[1] ? ((await step.value(1))?.values ?? []) : [];
  const given = step.ints('axes') ?? [...stored];
  if (given.length) return given.map((axis) => fromFront(axis, rank));
  const mayBeNone = Boolean(step.node.inputs[1]) || step.int('noop_with_empty_axes', 0) !== 0;
  return mayBeNone ? null : range(0, rank);
}

/** Over channels and pixels together: copies change neither the extremes nor, when all are copied alike, the mean. */
function reduceAll(step: Step, flow: Flow): true | string {
  const { opType } = step.node;
  const times = evenUse(flow.map);
  const isExtreme = opType === 'ReduceMax' || opType === 'ReduceMin';
  const usesAll = isSelection(flow.map) && new Set(lanes(flow.map)).size === flow.base.channels;
  const staysMean = opType === 'ReduceMean' && times !== null;
  const stays = times === 1 || staysMean || (isExtreme && usesAll);
  return stays ? step.sink(new Map()) : 'it reduces channels and pixels at once';
}

/**
 * Over the channels alone: sums and means go into the map, and the extreme of copies of one channel is that channel.
 */
function reduceChannels(step: Step, flow: Flow): true | string {
  const { opType } = step.node;
  const rows = flow.map.m.length;
  if (rows > 1 && isPermutation(flow.map)) return reduceAll(step, flow);
  if (isInteger(flow.dtype)) return 'it reduces integers over the channels';
  if (opType === 'ReduceMean' || opType === 'ReduceSum') {
    const weight = opType === 'ReduceMean' ? 1 / rows : 1;
    const sum: Affine = { m: [new Array<number>(rows).fill(weight)], b: [0] };
    return step.absorb({ ...withMap(flow, compose(sum, flow.map)), gone: !keepsDims(step) });
  }
  const areCopiesOfOne = isSelection(flow.map) && new Set(lanes(flow.map)).size === 1;
  if ((opType === 'ReduceMax' || opType === 'ReduceMin') && areCopiesOfOne) {
    const one: Affine = { m: flow.map.m.slice(0, 1), b: [0] };
    return step.absorb({ ...withMap(flow, one), gone: !keepsDims(step) });
  }
  return reduceAll(step, flow) === true ? true : 'it compares or multiplies channels with each other';
}

const REDUCTIONS =
  'ReduceMean ReduceSum ReduceMax ReduceMin ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceProd ReduceSumSquare';

export const REDUCE: Readonly<Record<string, Rule>> = Object.fromEntries(
  REDUCTIONS.split(' ').map((op) => [op, reduce]),
);
