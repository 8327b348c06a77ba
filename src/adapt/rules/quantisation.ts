import { FLOAT, UINT8, isNarrowInteger } from '../../tensors/dtypes.ts';
import type { ConstantValue } from '../constants/constantValue.ts';
import { isPlain, type Flow } from '../flow/flow.ts';
import { MIXED_ROUNDING } from '../flow/reasons.ts';
import type { Operand } from '../flow/rewrite.ts';
import type { Rule, Step } from '../flow/step.ts';
import { isSelection, lanes } from '../maps/affine.ts';

/** QuantizeLinear gives the type of its zero point, uint8 without one; DequantizeLinear that of its scale. */
function typeMade({ node, walk }: Step): number {
  const typeOf = (index: number): number | null => walk.known.dtype(node.inputs[index] ?? '');
  return node.opType === 'QuantizeLinear' ? (typeOf(2) ?? UINT8) : (typeOf(1) ?? FLOAT);
}

/**
 * QuantizeLinear with one scale treats all channels alike; DequantizeLinear with one scale is affine besides.
 * https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html
 */
const quantize: Rule = async (step) => {
  const flow = step.only();
  if (!flow) return 'its scale comes from the image itself';
  if (step.int('block_size', 0) !== 0) return 'it has a scale per block';
  if (!isSelection(flow.map))
    return step.node.opType === 'DequantizeLinear' ? dequantizeMixed(step, flow) : MIXED_ROUNDING;
  const inputs = new Map<number, Operand>();
  for (const i of [1, 2]) {
    if (!step.node.inputs[i]) continue;
    const value = await step.value(i);
    if (!value) {
      const dims = step.walk.dimsOf(step.node.inputs[i] ?? '');
      if (dims?.length !== 0) return 'its scale is not known before the model runs';
      continue;
    }
    if (value.values.length === 1) continue;
    const numbers = perBase(step, flow, value);
    if (!numbers) return 'it has a scale or zero point per channel';
    const dims = numbers.length > 1 ? [numbers.length] : [];
    inputs.set(i, step.walk.constant(`${step.node.inputs[i]}/per_channel`, value.dtype, dims, numbers));
  }
  return step.pass(flow, { inputs, flow: { dims: flow.dims, dtype: typeMade(step) } });
};

/** One number per base channel, or one for all, where the old channels that copy a base channel have the same. */
function perBase(step: Step, flow: Flow, value: ConstantValue): number[] | null {
  const first = value.values[0] ?? 0;
  if (value.values.every((v) => v === first)) return [first];
  if (
    !isPlain(flow) ||
    step.axis('axis', 1, flow.rank) !== flow.axis ||
    value.dims.length !== 1 ||
    value.values.length !== flow.map.m.length
  )
    return null;
  const numbers = new Array<number>(flow.base.channels).fill(first);
  const picks = lanes(flow.map);
  picks.forEach((pick, c) => {
    numbers[pick] = value.values[c] ?? 0;
  });
  return picks.every((pick, c) => numbers[pick] === value.values[c]) ? numbers : null;
}

/** (q − z) · s with one scale is affine: m·q + b becomes m·(q − z)·s + s·(Σ m·z + b − z). */
async function dequantizeMixed(step: Step, flow: Flow): Promise<true | string> {
  const scale = await step.value(1);
  const zero = step.node.inputs[2] ? await step.value(2) : null;
  const hasOneZero = zero ? zero.values.length === 1 : !step.node.inputs[2];
  if (scale?.values.length !== 1 || !hasOneZero || !isNarrowInteger(flow.dtype))
    return 'it has a scale or zero point per channel, or one that is not known';
  const [s, z] = [scale.values[0] ?? 0, zero?.values[0] ?? 0];
  const b = flow.map.m.map((row, c) => s * (row.reduce((sum, value) => sum + value * z, 0) + (flow.map.b[c] ?? 0) - z));
  return step.pass(flow, { flow: { dims: flow.dims, dtype: scale.dtype, map: { m: flow.map.m, b } } });
}

/**
 * Its scale and zero point come from the smallest and largest value of the tensor: the same when every base channel is
 * used. https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html
 */
const dynamicQuantize: Rule = (step) => {
  const flow = step.only();
  if (!flow || flow.gone || !isSelection(flow.map)) return MIXED_ROUNDING;
  if (new Set(lanes(flow.map)).size !== flow.base.channels)
    return 'its scale would see channels that the model does not use';
  step.pass(flow, { flow: { dims: flow.dims, dtype: UINT8 } });
  for (const name of step.node.outputs.slice(1)) if (name) step.walk.seam.add(name);
  return true;
};

export const QUANTISATION: Readonly<Record<string, Rule>> = {
  QuantizeLinear: quantize,
  DequantizeLinear: quantize,
  'com.microsoft:QuantizeLinear': quantize,
  'com.microsoft:DequantizeLinear': quantize,
  DynamicQuantizeLinear: dynamicQuantize,
};
