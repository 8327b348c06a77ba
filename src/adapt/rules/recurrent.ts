import { hasNoShift } from '../maps/affine.ts';
import type { Operand } from '../flow/rewrite.ts';
import type { Rule } from '../flow/step.ts';
import { contract, fits } from '../constants/contract.ts';
import { foldWeight } from '../flow/weight.ts';

/**
 * The input weights W [directions, gates · hidden, input] and biases B [directions, 2 · gates · hidden], those of W in
 * front: https://onnx.ai/onnx/operators/onnx__LSTM.html. Texts and rows of an image lie on the last axis of X in both
 * layouts.
 */
const recurrent: Rule = async (step) => {
  const { node, walk } = step;
  const flow = step.only();
  if (!flow || flow.gone || flow.rank !== 3 || flow.axis !== 2) return 'the channels are no part of its input vectors';
  const constant = await step.value(1);
  if (constant?.dims.length !== 3 || constant.dims[2] !== flow.map.m.length * flow.outer * flow.inner)
    return 'its weights do not fit the channels';
  const bias = node.inputs[3] ? await step.value(3) : null;
  const [directions = 0, gates = 0, size = 0] = constant.dims;
  const shifted = !hasNoShift(flow.map);
  if (shifted && node.inputs[3] && bias?.values.length !== directions * 2 * gates)
    return 'a shift has no bias to go into';
  const place = { axis: 2, outer: flow.outer, inner: flow.inner };
  const folded = contract(constant, place, flow.map);
  if (!fits(constant.dtype, folded.values)) return 'the changed weights would leave the range of their type';
  const inputs = new Map<number, Operand>([[0, flow.base]]);
  if (shifted) {
    const sum = bias ? bias.values.slice() : new Float64Array(directions * 2 * gates);
    for (let row = 0; row < directions * gates; row++) {
      const at = Math.floor(row / gates) * 2 * gates + (row % gates);
      for (let i = 0; i < size; i++)
        sum[at] =
          (sum[at] ?? 0) +
          (constant.values[row * size + i] ?? 0) * (flow.map.b[Math.floor(i / flow.inner) % flow.map.b.length] ?? 0);
    }
    if (!fits(constant.dtype, sum)) return 'the changed bias would leave the range of its type';
    inputs.set(
      3,
      bias
        ? await foldWeight(step, 3, { old: bias, dims: bias.dims, values: sum })
        : walk.constant(`${node.outputs.find(Boolean) ?? ''}/bias`, constant.dtype, [directions, 2 * gates], sum),
    );
  }
  const how = { ...place, map: flow.map, bias: node.inputs[3] || null };
  inputs.set(1, await foldWeight(step, 1, { old: constant, ...folded, how }));
  return step.sink(inputs);
};

export const RECURRENT: Readonly<Record<string, Rule>> = { RNN: recurrent, LSTM: recurrent, GRU: recurrent };
