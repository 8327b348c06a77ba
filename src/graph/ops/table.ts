import { operatorKey } from '../operatorKey.ts';
import type { Dim, Node } from '../../formats/onnx/model.ts';
import { inferredTensor, unknownValue, type Inferred } from '../shapes/inferred.ts';
import { applyTensors, dtypeOf, type Rule, type RuleInput, MAX_RANK } from '../shapes/shapeRule.ts';
import { ATTENTION } from './layers/attention.ts';
import { CONSTANTS } from './movement/constant.ts';
import { CONTRIB } from './contrib/contrib.ts';
import { CONTRIB_ATTENTION } from './contrib/contribAttention.ts';
import { CONTRIB_QUANTISED } from './contrib/contribQuantised.ts';
import { ELEMENTWISE } from './arithmetic/elementwise.ts';
import { IMAGE } from './movement/image.ts';
import { KERAS_LAYERS } from './kerasLayers.ts';
import { LAYOUT } from './movement/layout.ts';
import { LEGACY } from './legacy.ts';
import { MATRIX } from './arithmetic/matrix.ts';
import { ML } from './ml.ts';
import { NORMALISATION } from './layers/normalisation.ts';
import { QUANTISATION } from './arithmetic/quantisation.ts';
import { RANDOM } from './arithmetic/random.ts';
import { RECURRENT } from './layers/recurrent.ts';
import { REDUCE } from './arithmetic/reduce.ts';
import { SELECT } from './movement/select.ts';
import { SEQUENCE } from './movement/sequence.ts';
import { SIGNAL } from './arithmetic/signal.ts';
import { SPATIAL } from './layers/spatial.ts';
import { TEXT } from './text.ts';
import { TRAINING } from './training.ts';

const FAMILIES = [
  CONSTANTS,
  ELEMENTWISE,
  LAYOUT,
  SELECT,
  SPATIAL,
  IMAGE,
  MATRIX,
  REDUCE,
  NORMALISATION,
  RECURRENT,
  ATTENTION,
  SEQUENCE,
  QUANTISATION,
  RANDOM,
  SIGNAL,
  TEXT,
  TRAINING,
  LEGACY,
  ML,
  CONTRIB,
  CONTRIB_ATTENTION,
  CONTRIB_QUANTISED,
  KERAS_LAYERS,
];
/** Rules by operator; other domains as `domain:Operator`. A new operator's rule goes into its family's file. */
export const RULES: ReadonlyMap<string, Rule> = new Map(FAMILIES.flatMap((family) => Object.entries(family)));

/**
 * What follows for a node's outputs, in order. `contradiction` says how its inputs contradict the operator; then shapes
 * are unknown.
 */
export interface Applied {
  readonly outputs: readonly Inferred[];
  readonly contradiction?: string;
}

/** Applies the rule of a node's operator. One without a rule yields unknown values that say so. */
export function applyRule(input: RuleInput): Applied {
  const key = operatorKey(input.node);
  const rule = RULES.get(key);
  if (!rule) return { outputs: unknowns(input.node, `there is no shape rule for ${key}`) };
  try {
    const outputs = typeof rule === 'function' ? rule(input) : applyTensors(rule, input);
    return { outputs: input.node.outputs.map((_, o) => checked(outputs[o])) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const reason = `${input.node.opType} ${input.node.name}: ${error.message}`;
    const outputs =
      typeof rule === 'function'
        ? unknowns(input.node, reason)
        : input.node.outputs.map((_, o) => inferredTensor(dtypeOf(rule, input, o), null, reason));
    return { outputs, contradiction: error.message };
  }
}

function unknowns(node: Node, reason: string): Inferred[] {
  return node.outputs.map(() => unknownValue(reason));
}

/** Numbers that are no sizes become unknown. */
function checked(value: Inferred | undefined): Inferred {
  if (value?.kind !== 'tensor') return value ?? unknownValue('its operator has no such output');
  const dims = value.dims;
  if (!dims || (dims.length <= MAX_RANK && dims.every(isDim))) return value;
  return inferredTensor(
    value.dtype,
    dims.length <= MAX_RANK ? dims.map((dim) => (isDim(dim) ? dim : null)) : null,
    value.reason ?? 'it would be too large for a tensor',
  );
}

function isDim(dim: Dim): boolean {
  return typeof dim !== 'number' || (Number.isSafeInteger(dim) && dim >= 0);
}
