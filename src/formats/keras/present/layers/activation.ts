import { member, memberAt, text, type Json } from '../../../../bytes/json/json.ts';
import type { LayerBuilder, LayerRule, Value } from '../layerBuilder.ts';
import { Unpresentable } from '../unpresentable.ts';

/** What an activation makes of a tensor. Source: https://keras.io/api/layers/activations/ */
type Activation = (builder: LayerBuilder, x: string) => string;

function simple(opType: string): Activation {
  return (builder, x) => builder.node(opType, [x]);
}

function hardSigmoid(builder: LayerBuilder, x: string): string {
  // Keras 3 has relu6(x + 3) / 6, Keras before it 0.2 x + 0.5 between 0 and 1.
  const alpha = builder.major >= 3 ? 1 / 6 : 0.2;
  return builder.node(
    'HardSigmoid',
    [x],
    [
      { name: 'alpha', float: alpha },
      { name: 'beta', float: 0.5 },
    ],
  );
}

function timesItself(of: Activation): Activation {
  return (builder, x) => builder.node('Mul', [x, of(builder, x)]);
}

/** x Φ(x), by the error function: https://keras.io/api/layers/activations/#gelu-function */
function gelu(builder: LayerBuilder, x: string): string {
  const erf = builder.node('Erf', [builder.node('Mul', [x, builder.scalar('sqrt_half', Math.SQRT1_2)])]);
  const twice = builder.node('Mul', [x, builder.node('Add', [erf, builder.scalar('one', 1)])]);
  return builder.node('Mul', [twice, builder.scalar('half', 0.5)]);
}

function clip(builder: LayerBuilder, x: string, { low, high }: { low: number | null; high: number | null }): string {
  const bound = (part: string, value: number | null): string => (value === null ? '' : builder.scalar(part, value));
  return builder.node('Clip', [x, bound('low', low), bound('high', high)]);
}

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  linear: (_, x) => x,
  relu: simple('Relu'),
  relu6: (builder, x) => clip(builder, x, { low: 0, high: 6 }),
  leaky_relu: (builder, x) => builder.node('LeakyRelu', [x], [{ name: 'alpha', float: 0.2 }]),
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
export function activated(builder: LayerBuilder, value: Value, json: Json | undefined): Value {
  return applied(builder, value, functionName(json));
}

/** Puts a function behind a value by its name. Throws Unpresentable for functions that are code. */
export function applied(builder: LayerBuilder, value: Value, name: string): Value {
  if (Object.hasOwn(ALONG_LAST, name)) return alongLast(builder, value, { opType: ALONG_LAST[name] ?? '', axis: -1 });
  const activation = Object.hasOwn(ACTIVATIONS, name) ? ACTIVATIONS[name] : undefined;
  if (!activation) throw new Unpresentable(`its activation ${name} is not known`);
  return { ...value, name: activation(builder, value.name) };
}

function alongLast(builder: LayerBuilder, value: Value, { opType, axis }: { opType: string; axis: number }): Value {
  return { ...value, moved: false, name: builder.node(opType, [builder.plain(value)], [{ name: 'axis', int: axis }]) };
}

/** max_value, negative_slope and threshold: https://keras.io/api/layers/activation_layers/relu/ */
function relu(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const x = builder.only(inputs);
  const high = builder.setting('max_value') ? builder.number(0, 'max_value') : null;
  const slope = builder.number(0, 'negative_slope');
  if (builder.number(0, 'threshold') !== 0) throw new Unpresentable('it has a threshold');
  if (slope === 0)
    return [{ ...x, name: high === null ? builder.node('Relu', [x.name]) : clip(builder, x.name, { low: 0, high }) }];
  const leaky = builder.node('LeakyRelu', [x.name], [{ name: 'alpha', float: slope }]);
  return [{ ...x, name: high === null ? leaky : clip(builder, leaky, { low: null, high }) }];
}

function prelu(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const x = builder.only(inputs);
  const [alpha] = builder.stored('alpha');
  if (!alpha) throw new Unpresentable('it has no weight');
  return [{ ...x, moved: false, name: builder.node('PRelu', [builder.plain(x), builder.weight(alpha)]) }];
}

function softmax(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  return [alongLast(builder, builder.only(inputs), { opType: 'Softmax', axis: builder.number(-1, 'axis') })];
}

function withAlpha(opType: string, fallback: number): LayerRule {
  return (builder, inputs) => {
    const x = builder.only(inputs);
    return [
      {
        ...x,
        name: builder.node(
          opType,
          [x.name],
          [{ name: 'alpha', float: builder.number(fallback, 'negative_slope', 'alpha') }],
        ),
      },
    ];
  };
}

/** x where it is more than theta: Keras 2's thresholded_relu. */
function withTheta(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const x = builder.only(inputs);
  const alpha = { name: 'alpha', float: builder.number(1, 'theta') };
  return [{ ...x, name: builder.node('ThresholdedRelu', [x.name], [alpha]) }];
}

/** https://keras.io/api/layers/activation_layers/ */
export const ACTIVATION_LAYERS: Readonly<Record<string, LayerRule>> = {
  Activation: (builder, inputs) => [activated(builder, builder.only(inputs), builder.setting('activation'))],
  ReLU: relu,
  LeakyReLU: withAlpha('LeakyRelu', 0.3),
  ELU: withAlpha('Elu', 1),
  PReLU: prelu,
  Softmax: softmax,
  ThresholdedReLU: withTheta,
};
