import { hasNoShift, isSelection, lanes } from '../../maps/affine.ts';
import type { ConstantValue } from '../../constants/constantValue.ts';
import { axisLength, isPlain, type Flow } from '../../flow/flow.ts';
import type { Operand } from '../../flow/rewrite.ts';
import type { Rule, Step } from '../../flow/step.ts';
import { BROADCASTING } from '../../flow/walk.ts';
import { contract, fits, shiftThrough } from '../../constants/contract.ts';
import { foldBias, foldWeight, storageFault, sinkPlus, withoutOnes } from '../../flow/weight.ts';
import {
  TAKEN_OUT,
  WEIGHTS_UNKNOWN,
  WEIGHTS_DO_NOT_FIT,
  BIAS_OUT_OF_RANGE,
  NO_BIAS,
  INTEGERS_TAKE_COPIES,
  INTEGERS_OVERFLOW,
} from '../../flow/reasons.ts';

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

const ALONG_PIXELS = 'it multiplies along pixels, not along channels';

/** The flow of A whose channels lie on its last axis, where nothing else of the node is a flow; else the reason. */
function rowsOf(step: Step): Flow | string {
  const flow = step.only();
  if (!flow || flow.gone) return flow ? TAKEN_OUT : 'its weights come from the image itself';
  return flow.axis === flow.rank - 1 ? flow : ALONG_PIXELS;
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
  const weight = await step.value(1);
  if (!weight || weight.dims.length === 0) return WEIGHTS_UNKNOWN;
  const length = weight.dims.length;
  const axis = length === 1 ? 0 : length - (step.int('transB', 0) === 0 ? 2 : 1);
  if (weight.dims[axis] !== axisLength(given)) return WEIGHTS_DO_NOT_FIT;
  const place = { axis, outer: given.outer, inner: given.inner };
  const folded = contract(weight, place, given.map);
  const fault = await storageFault(step, 1, { old: weight, ...folded });
  if (fault) return fault;
  const alpha = step.float('alpha', 1);
  const shifted = !hasNoShift(given.map);
  if (shifted && walk.known.opset < BROADCASTING) return NO_BIAS;
  const how = { ...place, map: given.map, biasFactor: alpha };
  const inputs = new Map<number, Operand>([
    [0, given.base],
    [1, await foldWeight(step, 1, { old: weight, ...folded, how })],
  ]);
  if (!shifted) return step.sink(inputs);
  const kept = weight.dims.map((_, i) => i).filter((i) => i !== axis);
  const values = shiftThrough(weight, place, given.map.b, kept).map((value) => value * alpha);
  // A matrix per batch gives a row per batch; a plain matrix or vector gives one row or number.
  const columns = length === 1 ? 1 : (weight.dims[2 * length - 3 - axis] ?? 1);
  const rows = [...weight.dims.slice(0, -2), 1, columns];
  return sinkPlus(step, inputs, { dtype: weight.dtype, dims: withoutOnes(rows), values });
};

/** A product along other axes than the channels is linear per channel, when the constant side is a plain matrix. */
async function alongPixels(step: Step): Promise<true | string> {
  const [left, right] = [step.only(), step.only(1)];
  if (right && right.axis >= right.rank - 2) return fromTheLeft(step, right);
  const flow = left ?? right;
  if (!flow || !isPlain(flow) || flow.axis >= flow.rank - 2) return ALONG_PIXELS;
  const other = step.node.inputs[left ? 1 : 0] ?? '';
  const otherDims = step.walk.known.constants.isFixed(other) ? step.walk.dimsOf(other) : null;
  return otherDims?.length === 2 && (hasNoShift(flow.map) || isSelection(flow.map)) ? step.pass(flow) : ALONG_PIXELS;
}

/** A constant matrix times the image: its columns meet the channels when they lie on the axis before the last. */
async function fromTheLeft(step: Step, flow: Flow): Promise<true | string> {
  const weight = await step.value(0);
  if (flow.gone || flow.axis !== flow.rank - 2 || !weight || weight.dims.length !== 2) return ALONG_PIXELS;
  if (weight.dims[1] !== axisLength(flow)) return WEIGHTS_DO_NOT_FIT;
  const place = { axis: 1, outer: flow.outer, inner: flow.inner };
  const folded = contract(weight, place, flow.map);
  const shifted = !hasNoShift(flow.map);
  if (shifted && step.walk.known.opset < BROADCASTING) return NO_BIAS;
  const fault = await storageFault(step, 0, { old: weight, ...folded });
  if (fault) return fault;
  const inputs = new Map<number, Operand>([
    [0, await foldWeight(step, 0, { old: weight, ...folded, how: { ...place, map: flow.map } })],
    [1, flow.base],
  ]);
  if (!shifted) return step.sink(inputs);
  const values = shiftThrough(weight, place, flow.map.b, [0]);
  return sinkPlus(step, inputs, { dtype: weight.dtype, dims: [values.length, 1], values });
}

/** y = alpha · A · B + beta · C: https://onnx.ai/onnx/operators/onnx__Gemm.html */
const gemm: Rule = async (step) => {
  const flow = rowsOf(step);
  if (typeof flow === 'string') return flow;
  const weight = await step.value(1);
  if (step.int('transA', 0) !== 0 || !weight || weight.dims.length !== 2)
    return 'its weights are not known before the model runs, or its image is transposed';
  const transB = step.int('transB', 0) !== 0;
  const axis = transB ? 1 : 0;
  if (weight.dims[axis] !== axisLength(flow)) return WEIGHTS_DO_NOT_FIT;
  const place = { axis, outer: flow.outer, inner: flow.inner };
  const folded = contract(weight, place, flow.map);
  const fault = await storageFault(step, 1, { old: weight, ...folded });
  if (fault) return fault;
  const [alpha, beta] = [step.float('alpha', 1), step.float('beta', 1)];
  const how = { ...place, map: flow.map, bias: step.node.inputs[2] || null, biasFactor: alpha / (beta || 1) };
  const inputs = new Map<number, Operand>([[0, flow.base]]);
  const newWeight = (): Promise<Operand> => foldWeight(step, 1, { old: weight, ...folded, how });
  if (hasNoShift(flow.map)) return step.sink(inputs.set(1, await newWeight()));
  const outputs = weight.dims[1 - axis] ?? 0;
  const bias = step.node.inputs[2] ? await step.value(2) : null;
  const added = shiftThrough(weight, place, flow.map.b, [1 - axis]).map((value) => value * alpha);
  // A bias may also differ per row, be computed or be switched off; then the shift stands behind.
  if (beta === 0 || !isPerOutput(step, bias, outputs)) {
    if (!takesAdd(step)) return NO_BIAS;
    inputs.set(1, await newWeight());
    return sinkPlus(step, inputs, { dtype: weight.dtype, dims: [outputs], values: added });
  }
  const values = added.map((value, o) => value / beta + numberFor(bias, o));
  if (!fits(weight.dtype, values)) return BIAS_OUT_OF_RANGE;
  const old = bias?.values.length === outputs ? bias : null;
  inputs.set(2, await foldBias(step, 2, { old, dtype: weight.dtype, dims: [outputs], values }));
  return step.sink(inputs.set(1, await newWeight()));
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

/**
 * Integer products: `Σ_c (w − z) + z` must be whole and fit the type; then the sum is exact, else the image is rebuilt.
 * https://onnx.ai/onnx/operators/onnx__MatMulInteger.html
 */
const integerMatMul: Rule = async (step) => {
  const flow = rowsOf(step);
  if (typeof flow === 'string') return flow;
  const at = INTEGER[step.key];
  if (!at) return WEIGHTS_UNKNOWN;
  if (!isSelection(flow.map)) return INTEGERS_TAKE_COPIES;
  if (at.dynamic && new Set(lanes(flow.map)).size !== flow.base.channels)
    return 'its scale would see channels that the model does not use';
  const weight = await step.value(at.weight);
  const zero = step.node.inputs[at.zero] ? await step.value(at.zero) : null;
  if (!weight || weight.dims.length !== 2 || (step.node.inputs[at.zero] && !zero)) return WEIGHTS_UNKNOWN;
  if (weight.dims[0] !== axisLength(flow)) return WEIGHTS_DO_NOT_FIT;
  const columns = weight.dims[1] ?? 1;
  const zeroOf = (i: number): number => numberFor(zero, i % columns);
  const centred: ConstantValue = { ...weight, values: weight.values.map((value, i) => value - zeroOf(i)) };
  const place = { axis: 0, outer: flow.outer, inner: flow.inner };
  const folded = contract(centred, place, flow.map);
  const values = folded.values.map((value, i) => value + zeroOf(i));
  if (!fits(weight.dtype, values)) return INTEGERS_OVERFLOW;
  const how = { ...place, map: flow.map, quantised: true };
  return step.sink(
    new Map<number, Operand>([
      [0, flow.base],
      [at.weight, await foldWeight(step, at.weight, { old: weight, dims: folded.dims, values, how })],
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
