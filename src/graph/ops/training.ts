import { unknownValue } from '../shapes/inferred.ts';
import type { Rule } from '../shapes/shapeRule.ts';

/**
 * Optimizers read R, T, then for n tensors the values, the gradients, and one or two states; they give the new values
 * and the new states. https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Adam.html
 */
function optimizer(groups: number): Rule {
  return (input) => {
    const n = Math.floor((input.node.inputs.length - 2) / groups);
    return input.node.outputs.map((_, o) => input.inferred(o < n ? 2 + o : 2 + n + o) ?? unknownValue());
  };
}

/** A gradient looks like what it is taken by; those come first among the inputs. */
const gradient: Rule = (input) => input.node.outputs.map((_, o) => input.inferred(o) ?? unknownValue());

export const TRAINING: Readonly<Record<string, Rule>> = {
  'ai.onnx.preview.training:Adagrad': optimizer(3),
  'ai.onnx.preview.training:Momentum': optimizer(3),
  'ai.onnx.preview.training:Adam': optimizer(4),
  'ai.onnx.preview.training:Gradient': gradient,
  'ai.onnx.training:Gradient': gradient,
};
