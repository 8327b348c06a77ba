import { hasNoShift } from '../../maps/affine.ts';
import { axisLength } from '../../flow/flow.ts';
import type { Operand } from '../../flow/rewrite.ts';
import type { Rule } from '../../flow/step.ts';
import { contract, fits, shiftThrough } from '../../constants/contract.ts';
import { foldBias, foldWeight, storageFault } from '../../flow/weight.ts';
import { product } from '../../../tensors/dims.ts';
import { WEIGHTS_DO_NOT_FIT, BIAS_OUT_OF_RANGE, NO_BIAS } from '../../flow/reasons.ts';

/**
 * The input weights W [directions, gates · hidden, input] and biases B [directions, 2 · gates · hidden], those of W in
 * front: https://onnx.ai/onnx/operators/onnx__LSTM.html. Texts and rows of an image lie on the last axis of X in both
 * layouts.
 */
const recurrent: Rule = async (step) => {
  const { node } = step;
  const flow = step.only();
  if (!flow || flow.gone || flow.rank !== 3 || flow.axis !== 2) return 'the channels are no part of its input vectors';
  const constant = await step.value(1);
  if (constant?.dims.length !== 3 || constant.dims[2] !== axisLength(flow)) return WEIGHTS_DO_NOT_FIT;
  const [directions = 0, gates = 0] = constant.dims;
  const biasDims = [directions, 2 * gates];
  const bias = node.inputs[3] ? await step.value(3) : null;
  const biasFits = !node.inputs[3] || bias?.values.length === product(biasDims);
  const shifted = !hasNoShift(flow.map);
  if (shifted && !biasFits) return NO_BIAS;
  const place = { axis: 2, outer: flow.outer, inner: flow.inner };
  const folded = contract(constant, place, flow.map);
  const fault = await storageFault(step, 1, { old: constant, ...folded });
  if (fault) return fault;
  const inputs = new Map<number, Operand>([[0, flow.base]]);
  if (shifted) {
    const values = bias ? bias.values.slice() : new Float64Array(product(biasDims));
    shiftThrough(constant, place, flow.map.b, [0, 1]).forEach((added, row) => {
      const at = Math.floor(row / gates) * 2 * gates + (row % gates);
      values[at] = (values[at] ?? 0) + added;
    });
    if (!fits(constant.dtype, values)) return BIAS_OUT_OF_RANGE;
    inputs.set(3, await foldBias(step, 3, { old: bias, dtype: constant.dtype, dims: biasDims, values }));
  }
  const how = { ...place, map: flow.map, bias: node.inputs[3] || null };
  inputs.set(1, await foldWeight(step, 1, { old: constant, ...folded, how }));
  return step.sink(inputs);
};

export const RECURRENT: Readonly<Record<string, Rule>> = { RNN: recurrent, LSTM: recurrent, GRU: recurrent };
