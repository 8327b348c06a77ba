import type { Dim } from '../../../formats/onnx/model.ts';
import { each, like, tensors, type Rule, type RuleInput, type ShapeRule } from '../../shapes/shapeRule.ts';

/** The size of the hidden state: an attribute, or the last axis of the recurrence weight. */
function hiddenSize(input: RuleInput, recurrence: number | null): Dim {
  const given = input.int('hidden_size', 0);
  if (given > 0) return given;
  return recurrence === null ? null : (input.dims(recurrence)?.[2] ?? null);
}

/**
 * Y has every step's state, Y_h (and Y_c) the last: https://onnx.ai/onnx/operators/onnx__LSTM.html. layout 1 puts the
 * batch first.
 */
function recurrent(recurrence: number | null): ShapeRule {
  return (input) => {
    const x = input.dims(0);
    if (x && x.length !== 3) throw new RangeError(`it takes tensors of rank 3, not ${x.length}`);
    const batchFirst = input.int('layout', 0) !== 0;
    const [steps, batch] = batchFirst ? [x?.[1] ?? null, x?.[0] ?? null] : [x?.[0] ?? null, x?.[1] ?? null];
    const directions = input.text('direction', 'forward') === 'bidirectional' ? 2 : 1;
    const hidden = hiddenSize(input, recurrence);
    const last = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden];
    return [batchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden], last, last];
  };
}

export const RECURRENT: Readonly<Record<string, Rule>> = {
  ...each('RNN GRU LSTM', tensors(recurrent(2), like(0))),
  'com.microsoft:DynamicQuantizeLSTM': tensors(recurrent(null), like(0)),
  'com.microsoft:AttnLSTM': tensors(recurrent(2), like(0)),
  // An experimental cell of opset 1, with the previous state first.
  GRUUnit: tensors((input) => [input.dims(0)], like(0)),
};
