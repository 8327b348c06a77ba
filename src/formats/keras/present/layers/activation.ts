import { member, memberAt, text, type Json } from '../../../../bytes/json/json.ts';
import { type LayerBuilder, type LayerRule, Unpresentable, type Value } from '../layerBuilder.ts';

/** What an activation makes of a tensor. Source: https://keras.io/api/layers/activations/ */
type Activation = (b: LayerBuilder, x: string) => string;

function simple(opType: string): Activation {
  return (b, x) => b.node(opType, [x]);
}

function hardSigmoid(b: LayerBuilder, x: string): string {
  // Keras 3 has relu6(x + 3) / 6, Keras before it 0.2 x + 0.5 between 0 and 1.
  const alpha = b.major >= 3 ? 1 / 6 : 0.2;
  return b.node(
    'HardSigmoid',
    [x],
    [
      { name: 'alpha', float: alpha },
      { name: 'beta', float: 0.5 },
    ],
  );
}

function timesItself(of: Activation): Activation {
  return (b, x) => b.node('Mul', [x, of(b, x)]);
}

/** x Φ(x), by the error function: https://keras.io/api/layers/activations/#gelu-function */
function gelu(b: LayerBuilder, x: string): string {
  const erf = b.node('Erf', [b.node('Mul', [x, b.scalar('sqrt_half', Math.SQRT1_2)])]);
  const twice = b.node('Mul', [x, b.node('Add', [erf, b.scalar('one', 1)])]);
  return b.node('Mul', [twice, b.scalar('half', 0.5)]);
}

function clip(b: LayerBuilder, x: string, { low, high }: { low: number | null; high: number | null }): string {
  const bound = (part: string, value: number | null): string => (value === null ? '' : b.scalar(part, value));
  return b.node('Clip', [x, bound('low', low), bound('high', high)]);
}

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  linear: (_, x) => x,
  relu: simple('Relu'),
  relu6: (b, x) => clip(b, x, { low: 0, high: 6 }),
  leaky_relu: (b, x) => b.node('LeakyRelu', [x], [{ name: 'alpha', float: 0.2 }]),
  elu: simple('Elu'),
  selu: simple('Selu'),
  celu: simple('Celu'),
  sigmoid: simple('Sigmoid'),
  hard_sigmoid: hardSigmoid,
  tanh: simple('Tanh'),
  softplus: simple('Softplus'),
  softsign: simple('Softsign'),
  exponential: simple('Exp'),
  mish: simple('Mish'),
  gelu,
  silu: timesItself(simple('Sigmoid')),
  swish: timesItself(simple('Sigmoid')),
  hard_silu: timesItself(hardSigmoid),
  hard_swish: timesItself(hardSigmoid),
};
/** These look along the last axis, so they need the order of Keras. */
const ALONG_LAST: Readonly<Record<string, string>> = { softmax: 'Softmax', log_softmax: 'LogSoftmax' };

/** The name of a function: a text, or since Keras 3 an object whose configuration is the name. */
export function functionName(json: Json | undefined): string {
  return (
    text(json) ??
    text(member(json, 'config')) ??
    text(memberAt(json, 'config', 'name')) ??
    text(member(json, 'class_name')) ??
    'linear'
  );
}

/** Puts an activation behind a value. Throws Unpresentable for functions that are code. */
export function activated(b: LayerBuilder, value: Value, json: Json | undefined): Value {
  const name = functionName(json);
  if (Object.hasOwn(ALONG_LAST, name)) return alongLast(b, value, { opType: ALONG_LAST[name] ?? '', axis: -1 });
  const activation = Object.hasOwn(ACTIVATIONS, name) ? ACTIVATIONS[name] : undefined;
  if (!activation) throw new Unpresentable(`its activation ${name} is not known`);
  return { ...value, name: activation(b, value.name) };
}

function alongLast(b: LayerBuilder, value: Value, { opType, axis }: { opType: string; axis: number }): Value {
  return { ...value, moved: false, name: b.node(opType, [b.plain(value)], [{ name: 'axis', int: axis }]) };
}

/** max_value, negative_slope and threshold: https://keras.io/api/layers/activation_layers/relu/ */
function relu(b: LayerBuilder, inputs: readonly Value[]): Value[] {
  const x = b.only(inputs);
  const high = b.setting('max_value') ? b.number(0, 'max_value') : null;
  const slope = b.number(0, 'negative_slope');
  if (b.number(0, 'threshold') !== 0) throw new Unpresentable('it has a threshold');
  if (slope === 0)
    return [{ ...x, name: high === null ? b.node('Relu', [x.name]) : clip(b, x.name, { low: 0, high }) }];
  const leaky = b.node('LeakyRelu', [x.name], [{ name: 'alpha', float: slope }]);
  return [{ ...x, name: high === null ? leaky : clip(b, leaky, { low: null, high }) }];
}

function prelu(b: LayerBuilder, inputs: readonly Value[]): Value[] {
  const x = b.only(inputs);
  const [alpha] = b.stored('alpha');
  if (!alpha) throw new Unpresentable('it has no weight');
  return [{ ...x, moved: false, name: b.node('PRelu', [b.plain(x), b.weight(alpha)]) }];
}

function softmax(b: LayerBuilder, inputs: readonly Value[]): Value[] {
  return [alongLast(b, b.only(inputs), { opType: 'Softmax', axis: b.number(-1, 'axis') })];
}

function withAlpha(opType: string, fallback: number): LayerRule {
  return (b, inputs) => {
    const x = b.only(inputs);
    return [
      {
        ...x,
        name: b.node(opType, [x.name], [{ name: 'alpha', float: b.number(fallback, 'negative_slope', 'alpha') }]),
      },
    ];
  };
}

/** https://keras.io/api/layers/activation_layers/ */
export const ACTIVATION_LAYERS: Readonly<Record<string, LayerRule>> = {
  Activation: (b, inputs) => [activated(b, b.only(inputs), b.setting('activation'))],
  ReLU: relu,
  LeakyReLU: withAlpha('LeakyRelu', 0.3),
  ELU: withAlpha('Elu', 1),
  PReLU: prelu,
  Softmax: softmax,
};
