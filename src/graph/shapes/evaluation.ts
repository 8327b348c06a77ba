import { isConstant } from '../../formats/onnx/attributes.ts';
import type { Node, Tensor } from '../../formats/onnx/model.ts';
import { EVALUATE } from '../values/evaluate.ts';
import { isSmall, MAX_ENTRIES, small, vector, type Reading, type SmallTensor } from '../values/smallTensor.ts';
import type { GraphScope } from './graphScope.ts';
import type { RuleInput } from './shapeRule.ts';
import type { SteeringConstants } from './steering.ts';

/** Evaluates the small tensors that steer shapes, as far as their entries are known. */
export class Evaluation {
  private readonly constants: SteeringConstants;

  constructor(constants: SteeringConstants) {
    this.constants = constants;
  }

  /** The entries of a stored tensor; null where it is large or could not be read. */
  stored(tensor: Tensor | undefined): SmallTensor | null {
    return (tensor && this.constants.get(tensor)) ?? null;
  }

  /**
   * What the outputs of a node hold, in order, once their shapes are known: null, or left out, where that is not known.
   * Notes in the scope what ConstantOfShape fills tensors with, however large these are.
   */
  outputs(node: Node, input: RuleInput, scope: GraphScope): readonly (SmallTensor | null)[] {
    if (node.domain !== '') return [];
    if (isConstant(node)) return [this.constant(node)];
    if (node.opType === 'ConstantOfShape') this.noteFill(node, input, scope);
    const rule = Object.hasOwn(EVALUATE, node.opType) ? EVALUATE[node.opType] : undefined;
    if (!rule) return [];
    const reading = this.reading(node, input, scope);
    if (!node.outputs.some((_, output) => reading.out(output))) return [];
    try {
      return rule(reading).map((value, o) => (value && reading.out(o)?.join() === value.dims.join() ? value : null));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return [];
    }
  }

  private reading(node: Node, input: RuleInput, scope: GraphScope): Reading {
    return {
      rule: input,
      small: (index) => (node.inputs[index] ? scope.small(node.inputs[index]) : null),
      attribute: (name) => this.stored(input.attribute(name)?.tensor),
      out: (index) => {
        const dims = scope.tensors.get(node.outputs[index] ?? '')?.dims;
        return isSmall(dims) ? dims : null;
      },
      outDtype: (index) => scope.tensors.get(node.outputs[index] ?? '')?.dtype ?? null,
    };
  }

  private noteFill(node: Node, input: RuleInput, scope: GraphScope): void {
    const value = input.attribute('value')?.tensor;
    const fill = value ? this.stored(value)?.values[0] : 0;
    if (node.outputs[0] && typeof fill === 'number') scope.fills.set(node.outputs[0], fill);
  }

  private constant(node: Node): SmallTensor | null {
    for (const { name, tensor, int, ints, float, floats } of node.attributes) {
      if (tensor) return this.stored(tensor);
      if (name === 'value_int' && int !== undefined) return small([], [Number(int)]);
      if (name === 'value_float' && float !== undefined) return small([], [float]);
      if (name === 'value_ints' && ints && ints.length <= MAX_ENTRIES) return vector(ints.map(Number));
      if (name === 'value_floats' && floats && floats.length <= MAX_ENTRIES) return vector(floats);
    }
    return null;
  }
}
