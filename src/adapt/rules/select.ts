import { identity as identityMap, isSmall, pickRows, sameMap, stack, widen } from '../maps/affine.ts';
import { baseOf, isPlain, overOneBase, withMap, type Base, type Flow } from '../flow/flow.ts';
import type { AttributeValue, Operand } from '../flow/rewrite.ts';
import type { Rule, Step } from '../flow/step.ts';
import { fromFront, slicedPlaces } from '../../tensors/dims.ts';
import { INT64 } from '../../tensors/dtypes.ts';
import { range } from '../../bytes/lists.ts';
import { TAKEN_OUT, TOO_MANY, NO_FLOW } from '../flow/reasons.ts';
import type { Affine } from '../maps/affine.ts';

/** Limits as the file has them: INT64_MAX is what exporters write for the end of an axis. */
interface SliceSpec {
  readonly starts: readonly bigint[];
  readonly ends: readonly bigint[];
  readonly axes: readonly bigint[];
  readonly steps: readonly bigint[];
}

async function sliceSpec(step: Step, rank: number): Promise<SliceSpec | null> {
  const { node } = step;
  const attribute = (name: string): readonly bigint[] | null => step.attribute(name)?.ints ?? null;
  const asAttributes = attribute('starts') !== null;
  const starts = attribute('starts') ?? (await step.integers(1));
  const ends = asAttributes ? attribute('ends') : await step.integers(2);
  if (!starts || !ends) return null;
  const axesGiven = asAttributes ? attribute('axes') !== null : Boolean(node.inputs[3]);
  const named = asAttributes ? attribute('axes') : await step.integers(3);
  const axes = axesGiven ? named : starts.map((_, i) => BigInt(i));
  const steps = node.inputs[4] ? await step.integers(4) : starts.map(() => 1n);
  if (!axes || !steps || [ends, axes, steps].some((list) => list.length !== starts.length)) return null;
  return { starts, ends, axes: axes.map((axis) => (axis < 0n ? axis + BigInt(rank) : axis)), steps };
}

/**
 * Channels are picked by the map's rows; other axes are cut in the base, by a Slice without the channel axis:
 * https://onnx.ai/onnx/operators/onnx__Slice.html
 */
const slice: Rule = async (step) => {
  const flow = step.only();
  if (!flow || flow.gone) return flow ? TAKEN_OUT : 'its limits come from the image itself';
  const spec = await sliceSpec(step, flow.rank);
  if (!spec) return axesAvoid(step, flow) ? step.pass(flow) : 'its limits are computed while the model runs';
  const on = spec.axes.indexOf(BigInt(flow.axis));
  if (on < 0) return step.pass(flow);
  if (!isPlain(flow)) return 'it cuts through an axis that holds channels and pixels';
  const [start = 0, end = 0, stride = 1] = [spec.starts, spec.ends, spec.steps].map((list) => Number(list[on]));
  const rows = stride === 0 ? [] : slicedPlaces(flow.map.m.length, { start, end, step: stride });
  if (!rows.length) return 'it takes no channel at all';
  const picked = withMap(flow, pickRows(flow.map, rows));
  if (spec.axes.length === 1) return step.absorb(picked);
  const rest = (list: readonly bigint[]): bigint[] => list.filter((_, i) => i !== on);
  if (step.attribute('starts')?.ints) {
    const list = (values: readonly bigint[]): AttributeValue => ({ kind: 'ints', value: rest(values) });
    return step.pass(picked, {
      attributes: new Map([
        ['starts', list(spec.starts)],
        ['ends', list(spec.ends)],
        ['axes', list(spec.axes)],
      ]),
    });
  }
  const make = (what: string, list: readonly bigint[]): Operand =>
    step.walk.integers(`${step.node.outputs[0]}/${what}`, rest(list));
  const inputs = new Map<number, Operand>([
    [1, make('starts', spec.starts)],
    [2, make('ends', spec.ends)],
    [3, make('axes', spec.axes)],
  ]);
  if (step.node.inputs[4]) inputs.set(4, make('steps', spec.steps));
  return step.pass(picked, { inputs });
};

/** True when the axes of a Slice with computed limits are constants that leave the channel axis alone. */
function axesAvoid(step: Step, flow: Flow): boolean {
  const value = step.walk.known.integers(step.node.inputs[3] ?? '');
  return value !== null && value.length > 0 && value.every((a) => a !== null && fromFront(a, flow.rank) !== flow.axis);
}

/**
 * Channels are picked by the map's rows; a scalar index takes the axis out:
 * https://onnx.ai/onnx/operators/onnx__Gather.html
 */
const gather: Rule = async (step) => {
  const flow = step.only();
  if (!flow || flow.gone) return flow ? TAKEN_OUT : 'its indices come from the image itself';
  const axis = step.axis('axis', 0, flow.rank);
  const indices = await step.value(1);
  if (axis !== flow.axis) {
    const dims = indices?.dims ?? step.walk.dimsOf(step.node.inputs[1] ?? '');
    if (!dims) return 'its indices have no known rank';
    const shift = axis < flow.axis ? dims.length - 1 : 0;
    return step.pass(flow, { flow: { axis: flow.axis + shift, rank: flow.rank - 1 + dims.length } });
  }
  if (!indices || !isPlain(flow) || indices.dims.length > 1)
    return 'it picks channels by indices that are not known before the model runs';
  const count = flow.map.m.length;
  if (!isSmall(indices.values.length, flow.base.channels)) return TOO_MANY;
  const rows = [...indices.values].map((i) => fromFront(i, count));
  if (!rows.length || rows.some((row) => !(Number.isInteger(row) && row >= 0 && row < count)))
    return 'it picks channels that are not there';
  const picked = withMap(flow, pickRows(flow.map, rows));
  return step.absorb(indices.dims.length === 0 ? { ...picked, gone: true } : picked);
};

/** Parts of the image along another axis: each output is a base of its own, under the same map. */
function splitPixels(step: Step, flow: Flow): true {
  const { node, walk } = step;
  step.pass(flow);
  const { dims } = withMap({ ...flow, dims: flow.dims.map(() => null) }, flow.map);
  for (const name of node.outputs.slice(1).filter(Boolean)) {
    const base = baseOf(name, flow.base.channels, node);
    walk.flows.set(name, { ...flow, dims, earlier: null, base });
  }
  return true;
}

/** Parts of the same size, of which the last may be smaller, as Split makes them from opset 18 on. */
function evenSizes(length: number, parts: number): number[] {
  const size = Math.ceil(length / parts);
  return range(0, parts).map((part) => Math.max(0, Math.min(size, length - part * size)));
}

/** Parts of the channels are parts of the map's rows: https://onnx.ai/onnx/operators/onnx__Split.html */
const split: Rule = async (step) => {
  const flow = step.only();
  if (!flow || flow.gone) return flow ? TAKEN_OUT : 'its sizes come from the image itself';
  const { node } = step;
  const axis = step.axis('axis', 0, flow.rank);
  const outputs = node.outputs.length;
  if (axis !== flow.axis) return splitPixels(step, flow);
  if (!isPlain(flow)) return 'it cuts through an axis that holds channels and pixels';
  const given = step.ints('split') ?? (node.inputs[1] ? [...((await step.value(1))?.values ?? [])] : null);
  const channels = flow.map.m.length;
  const sizes = given ?? evenSizes(channels, outputs);
  const areSizes = sizes.every((size) => Number.isInteger(size) && size >= 1);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (sizes.length !== outputs || total !== channels || !areSizes)
    return 'its sizes are not known before the model runs';
  let first = 0;
  for (const [output, size] of sizes.entries()) {
    const part = pickRows(flow.map, range(first, first + size));
    step.absorb(withMap(flow, part), output);
    first += size;
  }
  return true;
};

/**
 * Channels of one base stack the map's rows; of different bases they make a new one:
 * https://onnx.ai/onnx/operators/onnx__Concat.html
 */
const concat: Rule = (step) => {
  const flows = step.flows.filter((flow): flow is Flow => flow !== null);
  const first = flows[0];
  if (!first) return NO_FLOW;
  if (flows.some((flow) => !isPlain(flow) || flow.axis !== first.axis || flow.rank !== first.rank))
    return 'tensors with different channel axes meet here';
  const axis = step.axis('axis', 1, first.rank);
  if (axis !== first.axis) {
    if (flows.length !== step.node.inputs.length) return 'it joins the image with another tensor beside it';
    return flows.every((flow) => sameMap(flow.map, first.map))
      ? step.pass(first)
      : 'parts with different channels are joined side by side';
  }
  const together = flows.length === step.node.inputs.length ? overOneBase(flows) : null;
  const rows = flows.reduce((total, flow) => total + flow.map.m.length, 0);
  const columns = flows.reduce((most, flow) => Math.max(most, flow.base.channels), 0);
  if (!isSmall(rows, columns)) return TOO_MANY;
  return together
    ? step.absorb(withMap(together[0] ?? first, stack(together.map((flow) => flow.map))))
    : joinBases(step, first);
};

/** Concat of different bases (YOLO's Focus, coordinate channels): each base once, the map block by block. */
function joinBases(step: Step, first: Flow): true | string {
  const parts: { key: Base | string; channels: number; offset: number }[] = [];
  let width = 0;
  const place = (key: Base | string, channels: number): number => {
    const there = parts.find((part) => part.key === key);
    if (there) return there.offset;
    parts.push({ key, channels, offset: width });
    width += channels;
    return width - channels;
  };
  const blocks: { map: Affine; offset: number }[] = [];
  let rows = 0;
  for (const [i, name] of step.node.inputs.entries()) {
    const flow = step.flows[i];
    const channels = flow ? flow.base.channels : step.walk.dimsOf(name)?.[first.axis];
    if (typeof channels !== 'number') return `the number of channels of ${name} is not known`;
    const offset = place(flow ? flow.base : name, channels);
    rows += flow ? flow.map.m.length : channels;
    if (channels < 0 || !isSmall(rows, width)) return TOO_MANY;
    blocks.push({ map: flow ? flow.map : identityMap(channels), offset });
  }
  const map = stack(blocks.map((block) => widen(block.map, block.offset, width)));
  const base = baseOf(step.node.outputs[0] ?? '', width, step.node);
  const dims = first.dims.map(() => null);
  const joined = withMap({ ...first, base, dims }, map);
  const inputs = parts.map((part) => part.key);
  return step.passAs(base, joined, inputs);
}

/**
 * Copies of channels are rows of the map once more; copies along other axes stay:
 * https://onnx.ai/onnx/operators/onnx__Tile.html
 */
const tile: Rule = async (step) => {
  const flow = step.only();
  const repeats = await step.value(1);
  if (!flow || flow.gone || !repeats || repeats.values.length !== flow.rank)
    return 'its repeats are not known before the model runs';
  const times = repeats.values[flow.axis] ?? 1;
  if (times === 1) return step.pass(flow);
  if (!isPlain(flow) || times < 1 || !isSmall(times * flow.map.m.length, flow.base.channels))
    return 'it repeats channels and pixels at once';
  const copied = withMap(flow, stack(Array.from({ length: times }, () => flow.map)));
  const others = repeats.values.map((value, i) => (i === flow.axis ? 1 : value));
  if (others.every((other) => other === 1)) return step.absorb(copied);
  return step.pass(copied, {
    inputs: new Map([[1, step.walk.constant(`${step.node.outputs[0]}/repeats`, INT64, repeats.dims, others)]]),
  });
};

/**
 * The first entries along one axis turned round, as many as each sequence has: older TensorFlow converters write
 * channel order like this. https://onnx.ai/onnx/operators/onnx__ReverseSequence.html
 */
const reverseSequence: Rule = async (step) => {
  const flow = step.only();
  if (!flow || flow.gone) return flow ? TAKEN_OUT : 'its lengths come from the image itself';
  const [batch, time] = [step.axis('batch_axis', 1, flow.rank), step.axis('time_axis', 0, flow.rank)];
  if (time !== flow.axis)
    return batch === flow.axis
      ? 'it turns pixels round in some channels'
      : step.pass(flow, { flow: { dims: flow.dims } });
  const rows = flow.map.m.length;
  const lengths = (await step.value(1))?.values;
  if (!lengths?.length || !isPlain(flow) || lengths.some((length) => length !== rows))
    return 'it turns some channels round and keeps others';
  const backwards = range(0, rows).reverse();
  return step.absorb(withMap(flow, pickRows(flow.map, backwards)));
};

export const SELECT: Readonly<Record<string, Rule>> = {
  Slice: slice,
  Gather: gather,
  Split: split,
  Concat: concat,
  Tile: tile,
  ReverseSequence: reverseSequence,
};
