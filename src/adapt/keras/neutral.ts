import { ChannelwiseError } from '../../bytes/errors.ts';
import { entries, items, member, number, type Json } from '../../bytes/json/json.ts';
import type { TextEdit } from '../../bytes/json/jsonEdit.ts';
import { tensorRef } from '../../formats/keras/network/inbound.ts';
import type { Call } from '../../formats/keras/network/network.ts';
import { operationName } from '../../formats/keras/present/layers/operations/operation.ts';
import { flipStep } from '../../formats/keras/present/layers/operations/indexing.ts';

/**
 * A layer that weights took in, as one that passes everything on. Datasets by the weight's name: each gets one number
 * for every channel.
 */
export interface Neutral {
  readonly config: readonly TextEdit[];
  readonly weights: ReadonlyMap<string, number>;
}

/** What a rule is told: the call, and which of its nodes vanished, by operator. */
export interface AbsorbedLayer {
  readonly call: Call;
  readonly gone: ReadonlySet<string>;
  /** Nodes of the layer that stay. */
  readonly left: ReadonlySet<string>;
  /** Of the new image. */
  readonly channels: number;
}

type NeutralRule = (layer: AbsorbedLayer) => Neutral | null;

function replaced(json: Json | undefined, text: string): TextEdit[] {
  return json ? [{ start: json.start, end: json.end, text }] : [];
}

const NO_WEIGHTS: ReadonlyMap<string, number> = new Map();

/** x · scale + offset: each half by itself. */
function rescaling({ call, gone }: AbsorbedLayer): Neutral {
  const { config } = call.layer;
  return {
    config: [
      ...(gone.has('Mul') ? replaced(member(config, 'scale'), '1.0') : []),
      ...(gone.has('Add') ? replaced(member(config, 'offset'), '0.0') : []),
    ],
    weights: NO_WEIGHTS,
  };
}

/** (x − mean) / √variance is x with mean 0 and variance 1. */
function normalization({ call, left }: AbsorbedLayer): Neutral | null {
  if (left.has('Sub') || left.has('Div')) return null;
  const { config } = call.layer;
  const [mean, variance] = [member(config, 'mean'), member(config, 'variance')];
  const isGiven = mean !== undefined && mean.value !== null;
  if (isGiven) return { config: [...replaced(mean, '0.0'), ...replaced(variance, '1.0')], weights: NO_WEIGHTS };
  return {
    config: [],
    weights: new Map([
      ['mean', 0],
      ['variance', 1],
    ]),
  };
}

const DEFAULT_EPSILON = 1e-3;

/** γ (x − mean) / √(variance + ε) + β is x, up to rounding, with variance 1 − ε. */
function batchNormalization({ call }: AbsorbedLayer): Neutral {
  const epsilon = number(member(call.layer.config, 'epsilon')) ?? DEFAULT_EPSILON;
  return {
    config: [],
    weights: new Map([
      ['gamma', 1],
      ['beta', 0],
      ['moving_mean', 0],
      ['moving_variance', 1 - epsilon],
    ]),
  };
}

/** An operator with a number: x + 0, x · 1. A number in front of − or / is another function. */
function arithmetic({ call, gone }: AbsorbedLayer): Neutral | null {
  const constant = constantOf(call.given);
  if (!constant) return null;
  const isProduct = gone.has('Mul') || gone.has('Div');
  return { config: replaced(constant, isProduct ? '1.0' : '0.0'), weights: NO_WEIGHTS };
}

/** What stands beside the tensor that an operator is given; null where the tensor does not come first. */
function constantOf(given: Json | undefined): Json | null {
  const args = member(given, 'args');
  if (args) {
    const [first, second] = items(args);
    const isTensor = tensorRef(first) !== null;
    return isTensor && second && tensorRef(second) === null ? second : null;
  }
  const first = tensorRef(given) ? given : items(given)[0];
  const named = [...entries(items(first)[3])].find(([name, json]) => name !== 'name' && json.value !== null);
  return named && tensorRef(named[1]) === null ? named[1] : null;
}

/** A number for each channel is added: as many zeros. */
function biasAdd({ call, channels }: AbsorbedLayer): Neutral | null {
  const bias = member(items(tensorRef(call.given) ? call.given : items(call.given)[0])[3], 'bias');
  if (!bias) return null;
  const zeros = new Array<string>(channels).fill('0.0').join(', ');
  return { config: replaced(bias, `[${zeros}]`), weights: NO_WEIGHTS };
}

/** x[..., ::-1] turns nothing round where there is one channel, and with a step of 1. */
function flip({ call, channels }: AbsorbedLayer): Neutral | null {
  const step = flipStep(call.given);
  if (!step) return null;
  return { config: channels === 1 ? [] : replaced(step, '1'), weights: NO_WEIGHTS };
}

/** Other ways to turn the channels round have no idle form, and need none for one channel. */
function reverse({ channels }: AbsorbedLayer): Neutral | null {
  return channels === 1 ? { config: [], weights: NO_WEIGHTS } : null;
}

const RULES: Readonly<Record<string, NeutralRule>> = {
  Rescaling: rescaling,
  Normalization: normalization,
  BatchNormalization: batchNormalization,
};

/** Operations by the function's name in TensorFlow, and the class in Keras 3. */
const OPERATIONS: Readonly<Record<string, NeutralRule>> = {
  '__operators__.add': arithmetic,
  'math.add': arithmetic,
  'math.subtract': arithmetic,
  'math.multiply': arithmetic,
  'math.truediv': arithmetic,
  'math.divide': arithmetic,
  Add: arithmetic,
  Subtract: arithmetic,
  Multiply: arithmetic,
  TrueDivide: arithmetic,
  Divide: arithmetic,
  'nn.bias_add': biasAdd,
  '__operators__.getitem': flip,
  GetItem: flip,
  reverse,
  Flip: reverse,
};

/** Operators that only find a shape. */
const SIZES = new Set(['Shape', 'Concat']);

/** The layer with its absorbed nodes made idle. Throws `refused` where Keras has no way to say so. */
export function neutralLayer(layer: AbsorbedLayer): Neutral {
  const { className, path } = layer.call.layer;
  // What only works in training stands as Identity, and is idle already.
  if ([...layer.gone].every((operator) => operator === 'Identity')) return { config: [], weights: NO_WEIGHTS };
  // TimeDistributed finds its sizes by itself; what the graph asks for them may go.
  if (layer.call.part && [...layer.gone].every((operator) => SIZES.has(operator)))
    return { config: [], weights: NO_WEIGHTS };
  const operation = operationName(layer.call);
  const [rules, key] = operation === null ? [RULES, className] : [OPERATIONS, operation];
  const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
  const neutral = rule?.(layer) ?? null;
  if (!neutral)
    throw new ChannelwiseError(
      'refused',
      'keras-absorbed',
      `The layer ${path} (${className}) would have to go from in front of the first weights, and can't be made ` +
        'idle in its place.',
      { node: path },
    );
  return neutral;
}
