import { hasNoShift, isSelection } from '../affine.ts';
import { isPlain, type Flow } from '../flow.ts';
import type { Operand } from '../rewrite.ts';
import type { Rule, Step } from '../step.ts';
import { contract, fits, newWeight, record } from '../weight.ts';

/** Two terms and an output of single letters, nothing repeated: what exporters write. */
const EQUATION = /^([A-Za-z]+),([A-Za-z]+)->([A-Za-z]*)$/;

/** One term and an output: axes in another order, or summed over. */
const MOVED = /^([A-Za-z]+)->([A-Za-z]*)$/;

function moved(step: Step, flow: Flow, own: string, output: string): true | string {
  const letter = own[flow.axis] ?? '';
  const axis = output.indexOf(letter);
  if (own.length !== flow.rank || new Set(own).size !== own.length || new Set(output).size !== output.length || axis < 0) return 'it sums over the channels';
  if (own.length !== output.length && !hasNoShift(flow.map)) return 'a shift would be summed';
  return step.pass(flow, { flow: { axis, rank: output.length } });
}

/** A product of the image and a constant: https://onnx.ai/onnx/operators/onnx__Einsum.html */
const einsum: Rule = async (step) => {
  const image = step.flows.findIndex((f) => f !== null);
  const flow = step.only(image);
  const equation = step.text('equation', '').replace(/\s+/g, '');
  const turned = MOVED.exec(equation);
  if (turned && flow && isPlain(flow)) return moved(step, flow, turned[1] ?? '', turned[2] ?? '');
  const parts = EQUATION.exec(equation);
  if (!flow || !isPlain(flow) || !parts || step.node.inputs.length !== 2) return 'its equation is more than one product with a constant';
  const terms = [parts[1] ?? '', parts[2] ?? ''];
  const [own = '', other = ''] = [terms[image], terms[1 - image]];
  const output = parts[3] ?? '';
  const letter = own[flow.axis] ?? '';
  if (own.length !== flow.rank || new Set(own).size !== own.length || new Set(other).size !== other.length) return 'its equation repeats an axis';
  const inOutput = output.indexOf(letter);
  const inWeight = other.indexOf(letter);
  if (inWeight < 0 && inOutput >= 0 && (hasNoShift(flow.map) || isSelection(flow.map))) return step.pass(flow, { flow: { axis: inOutput, rank: output.length } });
  const w = await step.value(1 - image);
  if (!w || w.dims.length !== other.length) return 'its weights are not known before the model runs';
  if (inWeight < 0 || inOutput >= 0 || w.dims[inWeight] !== flow.map.m.length) return 'its product keeps the channels apart';
  if (!hasNoShift(flow.map)) return 'a shift has no bias to go into';
  const folded = contract(w, inWeight, 1, 1, flow.map);
  if (!fits(w.dtype, folded.values)) return 'the folded weights leave the range of their type';
  record(step, 1 - image, w, flow.map, { axis: inWeight, newDims: folded.dims, outer: 1, inner: 1 });
  return step.sink(new Map<number, Operand>([[image, flow.base], [1 - image, await newWeight(step, 1 - image, w, folded.dims, folded.values)]]));
};

export const EINSUM: Readonly<Record<string, Rule>> = { Einsum: einsum };
