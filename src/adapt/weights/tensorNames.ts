import type { StoredTensor } from '../../tensors/storedTensor.ts';
import { namingForm, type WeightAxes } from './namingForms.ts';

/**
 * Parts in front of a name that say which copy of the network it belongs to: the one that is trained, its running
 * average, a wrapper.
 */
const COPY_PARTS = new Set(
  `module _module model net network ema ema_model model_ema state_dict state_dict_ema ema_state_dict model_state_dict model_state params params_ema
   params-ema weights student teacher online target generator_ema shadow averaged_model _orig_mod`.split(/\s+/),
);
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
  ['prev', 1],
  ['step_size', 0],
]);
const OPTIMIZER_STATE = /^(.*?)state\.(\d+)\.(\w+)$/;
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

/** A name without what tells copies of one network apart: copies have the same one. */
export function networkName(name: string): string {
  const parts = name.split('.');
  const first = parts.findIndex((part, i) => i === parts.length - 1 || !COPY_PARTS.has(part));
  return parts.slice(first).join('.');
}

/**
 * One tensor of an optimizer's state: the optimizer, the number of its parameter, and the power of the gradient that it
 * averages, null where that is not known of its kind.
 */
export interface StateName {
  readonly optimizer: string;
  readonly parameter: number;
  readonly power: number | null;
}

/** null for a name that is no state of an optimizer. */
export function stateName(name: string): StateName | null {
  const [, optimizer, parameter, kind] = OPTIMIZER_STATE.exec(name) ?? [];
  if (optimizer === undefined || parameter === undefined || kind === undefined) return null;
  return { optimizer, parameter: Number(parameter), power: MOMENTS.get(kind) ?? null };
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
  return (
    KERAS_OPTIMIZER.test(name) ||
    OPTIMIZER_STATE.test(name) ||
    /(^|\.)(optimizer|optimizers|optimizer_states|optimizer_state_dict)\./.test(name)
  );
}

/** Tensors by name. */
export function byName(tensors: readonly StoredTensor[]): Map<string, StoredTensor> {
  return new Map(tensors.map((tensor) => [tensor.name, tensor]));
}
