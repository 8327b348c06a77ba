import { hasNoShift, isSelection, lanes } from '../maps/affine.ts';
import type { ConstantValue } from '../constants/constantValue.ts';
import { axisLength, TAKEN_OUT, type Flow } from '../flow/flow.ts';
import type { Operand } from '../flow/rewrite.ts';
import type { Rule, Step } from '../flow/step.ts';
import { BROADCASTING } from '../flow/walk.ts';
import { contract, fits, shiftThrough } from '../constants/contract.ts';
import { foldBias, foldWeight, storageFault, sinkPlus, withoutOnes } from '../flow/weight.ts';

/**
 * Where quantised products have their weight and its zero point; whether they quantise the image themselves, by its
 * smallest and largest value.
 */
const INTEGER: Readonly<Record<string, { weight: number; zero: number; dynamic?: true }>> = {
  MatMulInteger: { weight: 1, zero: 3 },
  QLinearMatMul: { weight: 3, zero: 5 },
  'com.microsoft:MatMulIntegerToFloat': { weight: 1, zero: 5 },
  'com.microsoft:DynamicQuantizeMatMul': { weight: 1, zero: 3, dynamic: true },
};

const UNKNOWN = 'its weights are not known before the model runs';

/** The flow's channels lie on the last axis of A, and nobody else reads them. */
function rowsOf(step: Step): Flow | string {
  const flow = step.only();
  if (!flow || flow.gone) return flow ? TAKEN_OUT : 'its weights come from the image itself';
  return flow.axis === flow.rank - 1 ? flow : 'it multiplies along pixels, not along channels';
}

/**
 * alpha · A · B, where FusedMatMul may transpose B:
 * https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
 */
const matMul: Rule = async (step) => {
  const { node, walk } = step;
  if (['transA', 'transBatchA', 'transBatchB'].some((name) => step.int(name, 0) !== 0))
    return 'it transposes the image';
  const given = rowsOf(step);
  if (typeof given === 'string') return node.domain ? given : alongPixels(step);
  const constant = await step.value(1);
  if (!constant || constant.dims.length === 0) return UNKNOWN;
  const length = constant.dims.length;
  const axis = length === 1 ? 0 : length - (step.int('transB', 0) === 0 ? 2 : 1);
  if (constant.dims[axis] !== axisLength(given)) return 'its weights do not fit the channels';
  const place = { axis, outer: given.outer, inner: given.inner };
  const folded = contract(constant, place, given.map);
  const fault = await storageFault(step, 1, { old: constant, ...folded });
  if (fault) return fault;
  const alpha = step.float('alpha', 1);
  const shifted = !hasNoShift(given.map);
  if (shifted && walk.known.opset < BROADCASTING) return 'a shift has no bias to go into';
  const how = { ...place, map: given.map, biasFactor: alpha };
  const inputs = new Map<number, Operand>([
    [0, given.base],
    [1, await foldWeight(step, 1, { old: constant, ...folded, how })],
  ]);
  if (!shifted) return step.sink(inputs);
  const kept = constant.dims.map((_, i) => i).filter((i) => i !== axis);
  const values = shiftThrough(constant, place, given.map.b, kept).map((v) => v * alpha);
  // A matrix per batch gives a row per batch; a plain matrix or vector gives one row or number.
  const columns = length === 1 ? 1 : (constant.dims[2 * length - 3 - axis] ?? 1);
  const rows = [...constant.dims.slice(0, -2), 1, columns];
  return sinkPlus(step, inputs, { dtype: constant.dtype, dims: withoutOnes(rows), values });
};

/** A product along other axes than the channels is linear per channel, when the constant side is a plain matrix. */
async function alongPixels(step: Step): Promise<true | string> {
  if (step.only(1)) return fromTheLeft(step);
  const flow = step.only();
  if (!flow || flow.gone || flow.outer !== 1 || flow.inner !== 1 || flow.rank < 3)
    return 'it multiplies along pixels, not along channels';
  const other = step.node.inputs[1] ?? '';
  const w = step.walk.known.constants.isFixed(other) ? step.walk.dimsOf(other) : null;
  if (w?.length !== 2 || flow.axis >= flow.rank - 2 || !(hasNoShift(flow.map) || isSelection(flow.map)))
    return 'it multiplies along pixels, not along channels';
  return step.pass(flow);
}

/** A constant matrix times the image: its columns meet the channels when they lie on the axis before the last. */
async function fromTheLeft(step: Step): Promise<true | string> {
  const flow = step.only(1);
  const constant = await step.value(0);
  if (!flow || flow.gone || flow.axis !== flow.rank - 2 || !constant || constant.dims.length !== 2)
    return 'it multiplies along pixels, not along channels';
  if (constant.dims[1] !== axisLength(flow)) return 'its weights do not fit the channels';
  const place = { axis: 1, outer: flow.outer, inner: flow.inner };
  const folded = contract(constant, place, flow.map);
  const shifted = !hasNoShift(flow.map);
  if (shifted && step.walk.known.opset < BROADCASTING) return 'a shift has no bias to go into';
  const fault = await storageFault(step, 0, { old: constant, ...folded });
  if (fault) return fault;
  const inputs = new Map<number, Operand>([
    [0, await foldWeight(step, 0, { old: constant, ...folded, how: { ...place, map: flow.map } })],
    [1, flow.base],
  ]);
  if (!shifted) return step.sink(inputs);
  const values = shiftThrough(constant, place, flow.map.b, [0]);
  return sinkPlus(step, inputs, { dtype: constant.dtype, dims: [values.length, 1], values });
}

/** y = alpha · A · B + beta · C: https://onnx.ai/onnx/operators/onnx__Gemm.html */
const gemm: Rule = async (step) => {
  const flow = rowsOf(step);
  if (typeof flow === 'string') return flow;
  const constant = await step.value(1);
  if (step.int('transA', 0) !== 0 || !constant || constant.dims.length !== 2)
    return 'its weights are not known before the model runs, or its image is transposed';
  const transB = step.int('transB', 0) !== 0;
  const axis = transB ? 1 : 0;
  if (constant.dims[axis] !== axisLength(flow)) return 'its weights do not fit the channels';
  const place = { axis, outer: flow.outer, inner: flow.inner };
  const folded = contract(constant, place, flow.map);
  const fault = await storageFault(step, 1, { old: constant, ...folded });
  if (fault) return fault;
  const [alpha, beta] = [step.float('alpha', 1), step.float('beta', 1)];
  const how = { ...place, map: flow.map, bias: step.node.inputs[2] || null, biasFactor: alpha / (beta || 1) };
  const inputs = new Map<number, Operand>([[0, flow.base]]);
  const weight = (): Promise<Operand> => foldWeight(step, 1, { old: constant, ...folded, how });
  if (hasNoShift(flow.map)) return step.sink(inputs.set(1, await weight()));
  const outputs = constant.dims[1 - axis] ?? 0;
  const bias = step.node.inputs[2] ? await step.value(2) : null;
  const added = shiftThrough(constant, place, flow.map.b, [1 - axis]).map((v) => v * alpha);
  // A bias may also differ per row, be computed or be switched off; then the shift stands behind.
  if (beta === 0 || !isPerOutput(step, bias, outputs)) {
    if (!takesAdd(step)) return 'a shift has no bias to go into';
    inputs.set(1, await weight());
    return sinkPlus(step, inputs, { dtype: constant.dtype, dims: [outputs], values: added });
  }
  const values = added.map((v, o) => v / beta + numberFor(bias, o));
  if (!fits(constant.dtype, values)) return 'the changed bias would leave the range of its type';
  const old = bias?.values.length === outputs ? bias : null;
  inputs.set(2, await foldBias(step, 2, { old, dtype: constant.dtype, dims: [outputs], values }));
  return step.sink(inputs.set(1, await weight()));
};

/** An Add of its own can stand behind: the operator is the standard one, and Add broadcasts. */
function takesAdd({ node, walk }: Step): boolean {
  return node.domain === '' && walk.known.opset >= BROADCASTING;
}

/** The number that stands for an output: its own, or the one for all. */
function numberFor(numbers: ConstantValue | null, output: number): number {
  if (!numbers) return 0;
  return numbers.values[numbers.values.length === 1 ? 0 : output] ?? 0;
}

/** True for a bias that is one number for all outputs or one for each, or none. */
function isPerOutput(step: Step, bias: ConstantValue | null, outputs: number): boolean {
  if (!bias) return !step.node.inputs[2];
  return bias.values.length === 1 || (bias.values.length === outputs && bias.dims.at(-1) === outputs);
}

const integerMatMul: Rule = async (step) => {
  const flow = rowsOf(step);
  const at = INTEGER[step.key];
  if (typeof flow === 'string' || !at) return typeof flow === 'string' ? flow : 'its weights are not known';
  if (!isSelection(flow.map)) return 'quantised weights take only copies of channels';
  if (at.dynamic && new Set(lanes(flow.map)).size !== flow.base.channels)
    return 'its scale would see channels that the model does not use';
  const constant = await step.value(at.weight);
  const zero = step.node.inputs[at.zero] ? await step.value(at.zero) : null;
  if (!constant || constant.dims.length !== 2 || (step.node.inputs[at.zero] && !zero)) return UNKNOWN;
  if (constant.dims[0] !== axisLength(flow)) return 'its weights do not fit the channels';
  const columns = constant.dims[1] ?? 1;
  const zeroOf = (i: number): number => numberFor(zero, i % columns);
  const centred: ConstantValue = { ...constant, values: constant.values.map((value, i) => value - zeroOf(i)) };
  const place = { axis: 0, outer: flow.outer, inner: flow.inner };
  const folded = contract(centred, place, flow.map);
  const values = folded.values.map((value, i) => value + zeroOf(i));
  if (!fits(constant.dtype, values)) return 'the sum of its integer weights would overflow their type';
  const how = { ...place, map: flow.map, quantised: true };
  return step.sink(
    new Map<number, Operand>([
      [0, flow.base],
      [at.weight, await foldWeight(step, at.weight, { old: constant, dims: folded.dims, values, how })],
    ]),
  );
};

export const MATMUL: Readonly<Record<string, Rule>> = {
  MatMul: matMul,
  'com.microsoft:FusedMatMul': matMul,
  Gemm: gemm,
  'com.microsoft:FusedGemm': gemm,
  ...Object.fromEntries(Object.keys(INTEGER).map((op) => [op, integerMatMul])),
};
