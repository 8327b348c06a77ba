import { isTellable } from '../../bytes/errors.ts';
import { isConstant } from '../../formats/onnx/attributes.ts';
import type { Model, Node, SparseTensor, Tensor } from '../../formats/onnx/model.ts';
import type { TensorContext } from '../../formats/onnx/tensors/tensorContext.ts';
import { decodeTensor } from '../../formats/onnx/tensors/tensorData.ts';
import { allGraphs } from '../../graph/nested.ts';
import type { SteeringConstants } from '../../graph/shapes/steering.ts';
import { storedTensors } from '../../graph/storedTensors.ts';
import type { SmallTensor } from '../../graph/values/smallTensor.ts';
import { isInteger } from '../../tensors/dtypes.ts';
import type { StoringGraph } from './pageValue.ts';
import { throughIdentities } from './throughIdentities.ts';

/** Integers steer what operators do: pads of rank 6 are twelve. Of other numbers few are worth their room. */
const MOST_INTEGERS = 12;
const MOST_NUMBERS = 6;
/** Constants read for display: a file of more small ones shows the rest by their shapes. */
const MOST_READ = 4096;
/** Exporters write "to the end" as the largest integer or one near it, and "back to the start" as its negative. */
const TO_THE_END = 2 ** 31 - 1;

/** Small constants as texts: `1`, `[2, 3]`, by the tensor of the scan. */
export type SmallConstants = ReadonlyMap<Tensor, string>;

/**
 * Reads the constants of few elements in all graphs. Those that steer shapes were read before; what can't be read is
 * left out.
 */
export async function smallConstants(
  model: Model,
  ctx: TensorContext,
  known: SteeringConstants,
): Promise<SmallConstants> {
  const texts = new Map<Tensor, string>();
  let read = 0;
  for (const graph of allGraphs(model)) {
    for (const [name, tensor] of storedTensors(graph)) {
      if (!isSmall(tensor)) continue;
      const steering = known.get(tensor);
      if (!steering && ++read > MOST_READ) continue;
      const values = steering ? numbersOf(steering) : await valuesOf(tensor, name, ctx);
      if (values) texts.set(tensor, constantText(tensor, values));
    }
  }
  return texts;
}

/**
 * The small constants of one graph by name: those that were read, and numbers that a Constant holds as an attribute.
 */
export function constantsByName(graph: StoringGraph, constants: SmallConstants): Map<string, string> {
  const byName = new Map<string, string>();
  for (const [name, tensor] of storedTensors(graph)) {
    const text = 'indices' in tensor ? undefined : constants.get(tensor);
    if (text !== undefined) byName.set(name, text);
  }
  for (const node of graph.nodes) {
    const output = node.outputs[0];
    const text = output && isConstant(node) ? attributeConstant(node) : null;
    if (output && text) byName.set(output, text);
  }
  throughIdentities(graph, byName);
  return byName;
}

function attributeConstant({ attributes }: Node): string | null {
  for (const { name, int, ints, float, floats } of attributes) {
    if (name === 'value_int' && int !== undefined) return numberText(Number(int));
    if (name === 'value_float' && float !== undefined) return numberText(float);
    const listed = name === 'value_ints' ? ints?.map(Number) : floats;
    const wanted = name === 'value_ints' || name === 'value_floats';
    if (wanted && listed && listed.length <= MOST_INTEGERS) return `[${listed.map(numberText).join(', ')}]`;
  }
  return null;
}

/** Data beside the model is left alone: opening reads the model file only. */
function isSmall(tensor: Tensor | SparseTensor): tensor is Tensor {
  if ('indices' in tensor || tensor.storage.kind === 'external') return false;
  const count = tensor.dims.reduce((product, dim) => product * dim, 1);
  return count > 0 && count <= (isInteger(tensor.dtype) ? MOST_INTEGERS : MOST_NUMBERS);
}

/** A stored constant has no entries that are not numbers. */
function numbersOf({ values }: SmallTensor): number[] {
  return values.map(Number);
}

async function valuesOf(tensor: Tensor, name: string, ctx: TensorContext): Promise<ArrayLike<number> | null> {
  try {
    const { values } = await decodeTensor(ctx, tensor, name);
    return values;
  } catch (error) {
    // Texts, types of later versions, data that doesn't fit its shape: the shape is shown instead.
    if (isTellable(error)) return null;
    throw error;
  }
}

function constantText({ dims }: Tensor, values: ArrayLike<number>): string {
  const texts = Array.from(values, numberText);
  return dims.length === 0 && texts.length === 1 ? texts.join() : `[${texts.join(', ')}]`;
}

function numberText(value: number): string {
  if (Number.isInteger(value) && value >= TO_THE_END) return 'end';
  if (Number.isInteger(value) && value <= -TO_THE_END) return 'start';
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}
