import type { StoredTensor } from '../../tensors/storedTensor.ts';

/**
 * Parts in front of a name that say which copy of the network it belongs to: the one that is trained, its running
 * average, a wrapper.
 */
const COPY_PARTS = new Set(
  `module _module model net network ema ema_model model_ema state_dict state_dict_ema ema_state_dict model_state_dict model_state params params_ema
   params-ema weights student teacher online target generator_ema shadow averaged_model _orig_mod`.split(/\s+/),
);
/** What an optimizer keeps for each number of a weight. Source: torch.optim's state names. */
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
]);
const OPTIMIZER_STATE = /^(.*?)state\.(\d+)\.(\w+)$/;

/** `backbone.conv1` of `backbone.conv1.weight`; '' where the name has one part. */
export function moduleOf(name: string): string {
  return name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : '';
}

/** `weight` of `backbone.conv1.weight`. */
export function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** The tensor of this name in the same module. */
export function siblingName(name: string, part: string): string {
  const module = moduleOf(name);
  return module === '' ? part : `${module}.${part}`;
}

/** A name without what tells copies of one network apart: copies have the same one. */
export function networkName(name: string): string {
  const parts = name.split('.');
  const first = parts.findIndex((part, i) => i === parts.length - 1 || !COPY_PARTS.has(part));
  return parts.slice(first).join('.');
}

/**
 * One tensor of an optimizer's state: the optimizer, the number of its parameter, and the power of the gradient that it
 * averages.
 */
export interface MomentName {
  readonly optimizer: string;
  readonly parameter: number;
  readonly power: number;
}

/** null for a name that is no moment of an optimizer. */
export function momentName(name: string): MomentName | null {
  const [, optimizer, parameter, kind] = OPTIMIZER_STATE.exec(name) ?? [];
  const power = kind === undefined ? undefined : MOMENTS.get(kind);
  if (optimizer === undefined || parameter === undefined || power === undefined) return null;
  return { optimizer, parameter: Number(parameter), power };
}

/** True for whatever an optimizer keeps: it is no part of the network. */
export function isOptimizerState(name: string): boolean {
  return (
    OPTIMIZER_STATE.test(name) || /(^|\.)(optimizer|optimizers|optimizer_states|optimizer_state_dict)\./.test(name)
  );
}

/** Tensors by name. */
export function byName(tensors: readonly StoredTensor[]): Map<string, StoredTensor> {
  return new Map(tensors.map((tensor) => [tensor.name, tensor]));
}
