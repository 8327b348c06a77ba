import type { StoredTensor } from '../../tensors/storedTensor.ts';
import { wordsOf } from './copyNames.ts';
import { namingForm, type WeightAxes } from './namingForms.ts';

/**
 * What an optimizer keeps for each number of a weight, and the power of the gradient in it. Source: torch.optim's state
 * names. ASGD's `ax` is none of them: it averages the weight itself.
 */
const MOMENTS = new Map([
  ['exp_avg', 1],
  ['momentum_buffer', 1],
  ['grad_avg', 1],
  ['mu_product', 1],
  ['exp_inf', 1],
  ['exp_avg_sq', 2],
  ['max_exp_avg_sq', 2],
  ['square_avg', 2],
  ['sum', 2],
  ['acc_delta', 2],
  ['exp_avg_var', 2],
  ['prev', 1],
  ['step_size', 0],
]);
const STATE_PART = 'state';
/** A network may itself lie under `state`. */
const NETWORK_PARTS = new Set(['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked']);
const OPTIMIZER_WORDS = new Set(['optimizer', 'optimizers', 'optimiser', 'optimisers', 'optim', 'optims']);
/** `optimizer_weights` before Keras 3, `optimizer` since, `_optimizer` in some files between. */
export const KERAS_OPTIMIZER = /^_?optimizer(_weights)?[/\\]/;

/** `backbone.conv1` of `backbone.conv1.weight`, `conv1` of Keras's `conv1/kernel:0`; '' where the name has one part. */
export function moduleOf(name: string): string {
  return namingForm(name).module(name);
}

/** `weight` of `backbone.conv1.weight` and of Keras's `conv1/kernel:0`. */
export function lastPart(name: string): string {
  return namingForm(name).part(name);
}

/** The tensor that is the `bias`, … of the same module. */
export function siblingName(name: string, part: string): string {
  return namingForm(name).sibling(name, part);
}

/** Which axes of a convolution's weight hold its input channels and its outputs. */
export function weightAxes({ name, dims }: Pick<StoredTensor, 'name' | 'dims'>): WeightAxes {
  return namingForm(name).axes(dims.length);
}

/** The axes of a convolution's weight in the order [outputs, channels, kernel…]. */
export function convolutionOrder(tensor: Pick<StoredTensor, 'name' | 'dims'>): number[] {
  const { outputs, channels } = weightAxes(tensor);
  const kernel = [...tensor.dims.keys()].filter((axis) => axis !== outputs && axis !== channels);
  return [outputs, channels, ...kernel];
}

/** One tensor of an optimizer's state. */
export interface StateName {
  /** The name in front of `state`: one for each optimizer. */
  readonly optimizer: string;
  /** The parameter: its number, or its name; in front of what lies deeper in its state. */
  readonly parameter: string;
  /** The power of the gradient that it averages; null where that is not known of its kind. */
  readonly power: number | null;
}

/** null for a name that is no state of an optimizer. */
export function stateName(name: string): StateName | null {
  const parts = name.split('.');
  const at = parts.lastIndexOf(STATE_PART, -3);
  if (at < 0) return null;
  const [optimizer, parameter] = [parts.slice(0, at).join('.'), parts.slice(at + 1, -1).join('.')];
  const kind = parts.at(-1) ?? '';
  const power = MOMENTS.get(kind) ?? null;
  const isNumbered = /^\d+(\.|$)/.test(parameter);
  const isState = isInOptimizer(name) || power !== null || (isNumbered && !NETWORK_PARTS.has(kind));
  return isState ? { optimizer, parameter, power } : null;
}

/**
 * The power of the gradient that a moment averages; null for what is none. Keras's names tell no power, so theirs is 0:
 * they take the plain mean.
 */
export function momentPower(name: string): number | null {
  if (KERAS_OPTIMIZER.test(name)) return 0;
  return stateName(name)?.power ?? null;
}

/** True for whatever an optimizer keeps: it is no part of the network. */
export function isOptimizerState(name: string): boolean {
  return KERAS_OPTIMIZER.test(name) || isInOptimizer(name) || stateName(name) !== null;
}

function isInOptimizer(name: string): boolean {
  if (!/optim/i.test(name)) return false;
  const parts = name.split('.').slice(0, -1);
  return parts.some((part) => wordsOf(part).some((word) => OPTIMIZER_WORDS.has(word)));
}

/** Tensors by name. */
export function byName(tensors: readonly StoredTensor[]): Map<string, StoredTensor> {
  return new Map(tensors.map((tensor) => [tensor.name, tensor]));
}

/** Each tensor once, under the first of its names. */
export function withoutFurtherNames(tensors: readonly StoredTensor[]): StoredTensor[] {
  const seen = new Set<string>();
  return tensors.filter(({ name, numbersAt = name }) => {
    const isFirst = !seen.has(numbersAt);
    seen.add(numbersAt);
    return isFirst;
  });
}

/**
 * The same text for names of one layer, as nnU-Net keeps them: the weights are one tensor, and so are the biases. null
 * of weights alone, which layers of different kinds share too, such as a convolution and the transposed one behind it.
 */
export function layerPlace(weight: StoredTensor, names: ReadonlyMap<string, StoredTensor>): string | null {
  const bias = names.get(siblingName(weight.name, 'bias'))?.numbersAt;
  return weight.numbersAt === undefined || bias === undefined ? null : `${weight.numbersAt} ${bias}`;
}
