import { flag, member, number, text, type Json } from '../../../../../bytes/json/json.ts';
import { KERAS_TYPES } from '../../../elementTypes.ts';
import { tensorsIn } from '../../../network/inbound.ts';
import type { Call } from '../../../network/network.ts';
import type { LayerBuilder, LayerRule, Value } from '../../layerBuilder.ts';
import { applied } from '../activation.ts';
import { aligned } from '../merging.ts';
import { allArguments, argument, BY_NAME } from './call.ts';
import { constantOf, type Constant } from './constant.ts';
import { IMAGE_OPERATIONS } from './image.ts';
import { SHAPE_OPERATIONS } from './shape.ts';
import { Unpresentable } from '../../unpresentable.ts';

/**
 * Python's operators on Keras tensors: functions of TensorFlow before Keras 3, classes of keras.ops since:
 * https://keras.io/api/ops/numpy/
 */
const ARITHMETIC: Readonly<Record<string, string>> = {
  '__operators__.add': 'Add',
  'math.add': 'Add',
  'math.subtract': 'Sub',
  'math.multiply': 'Mul',
  'math.truediv': 'Div',
  'math.divide': 'Div',
  'math.maximum': 'Max',
  'math.minimum': 'Min',
  'math.pow': 'Pow',
  Add: 'Add',
  Subtract: 'Sub',
  Multiply: 'Mul',
  TrueDivide: 'Div',
  Divide: 'Div',
  Maximum: 'Max',
  Minimum: 'Min',
  Power: 'Pow',
};

function arithmetic(opType: string): LayerRule {
  return (builder, inputs) => {
    const given = allArguments(builder.call.given);
    if (given.length !== 2) throw new Unpresentable(`it is given ${given.length} values`);
    if (inputs.length === 2) {
      const { names, rank, moved } = aligned(builder, inputs);
      return [{ name: builder.node(opType, names), rank, moved }];
    }
    const x = builder.only(inputs);
    const isFirst = tensorsIn(given[0] as Json, 0).length > 0;
    const constant = constantOf(isFirst ? given[1] : given[0]);
    if (!constant) throw new Unpresentable('it is given what is no number');
    return withConstant(builder, x, { opType, constant, isFirst });
  };
}

interface ConstantOperand {
  readonly opType: string;
  readonly constant: Constant;
  /** The tensor stands in front of the constant. */
  readonly isFirst: boolean;
}

function withConstant(builder: LayerBuilder, x: Value, { opType, constant, isFirst }: ConstantOperand): Value[] {
  const { dims, values } = constant;
  const isScalar = dims.length === 0;
  const start = isScalar ? x.name : builder.plain(x);
  const operand = builder.floats('constant', dims, values);
  const name = builder.node(opType, isFirst ? [start, operand] : [operand, start]);
  const rank = x.rank === null ? null : Math.max(x.rank, dims.length);
  return [{ name, rank, moved: isScalar && x.moved }];
}

/** A number for each channel: https://www.tensorflow.org/api_docs/python/tf/nn/bias_add */
function biasAdd(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const x = builder.only(inputs);
  const bias = constantOf(argument(builder, 1, 'bias'));
  if (bias?.dims.length !== 1) throw new Unpresentable('its bias is not a list of numbers');
  const isFirst = (text(argument(builder, BY_NAME, 'data_format')) ?? '').startsWith('NC');
  const behind = isFirst ? new Array<number>(builder.rank(x) - 2).fill(1) : [];
  const constant = { dims: [...bias.dims, ...behind], values: bias.values };
  return withConstant(builder, x, { opType: 'Add', constant, isFirst: true });
}

/** The function that an operation stands for; null for what is a layer. */
export function operationName({ layer }: Call): string | null {
  if (layer.className === 'TFOpLambda' || layer.className === 'SlicingOpLambda')
    return text(member(layer.config, 'function')) ?? '';
  return layer.module.startsWith('keras.src.ops') || layer.module.startsWith('keras.ops') ? layer.className : null;
}

/** Each number by itself: https://keras.io/api/ops/nn/ */
const UNARY: Readonly<Record<string, string>> = {
  'nn.relu': 'Relu',
  Relu: 'Relu',
  'math.sigmoid': 'Sigmoid',
  Sigmoid: 'Sigmoid',
  'math.tanh': 'Tanh',
  Tanh: 'Tanh',
  'math.exp': 'Exp',
  Exp: 'Exp',
  'math.log': 'Log',
  Log: 'Log',
  'math.sqrt': 'Sqrt',
  Sqrt: 'Sqrt',
  'math.abs': 'Abs',
  Absolute: 'Abs',
  Abs: 'Abs',
  'math.negative': 'Neg',
  Negative: 'Neg',
  'math.softplus': 'Softplus',
  Softplus: 'Softplus',
  'math.erf': 'Erf',
  Erf: 'Erf',
  'math.sin': 'Sin',
  Sin: 'Sin',
  'math.cos': 'Cos',
  Cos: 'Cos',
  'math.floor': 'Floor',
  Floor: 'Floor',
  'math.ceil': 'Ceil',
  Ceil: 'Ceil',
  'math.round': 'Round',
  Round: 'Round',
  identity: 'Identity',
  Identity: 'Identity',
};

function unary(opType: string): LayerRule {
  return (builder, inputs) => {
    const x = builder.only(inputs);
    return [{ ...x, name: builder.node(opType, [x.name]) }];
  };
}

/** Functions that are activations of layers too. */
const ACTIVATIONS: Readonly<Record<string, string>> = {
  'nn.relu6': 'relu6',
  Relu6: 'relu6',
  'nn.silu': 'silu',
  Silu: 'silu',
  'nn.softmax': 'softmax',
  Softmax: 'softmax',
  'nn.log_softmax': 'log_softmax',
  LogSoftmax: 'log_softmax',
  'nn.elu': 'elu',
  Elu: 'elu',
  'nn.selu': 'selu',
  Selu: 'selu',
  HardSigmoid: 'hard_sigmoid',
  HardSilu: 'hard_silu',
};

function activationOf(name: string): LayerRule {
  return (builder, inputs) => {
    const axis = number(argument(builder, 1, 'axis')) ?? -1;
    if (axis !== -1) throw new Unpresentable(`it works along axis ${axis}`);
    return [applied(builder, builder.only(inputs), name)];
  };
}

/** x · x */
function square(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const x = builder.only(inputs);
  return [{ ...x, name: builder.node('Mul', [x.name, x.name]) }];
}

function matmul(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const [first, second] = inputs;
  if (!first || !second) throw new Unpresentable(`it is given ${inputs.length} tensors`);
  const isTurned = ['transpose_a', 'transpose_b', 'adjoint_a', 'adjoint_b'].some((name) =>
    flag(argument(builder, BY_NAME, name)),
  );
  if (isTurned) throw new Unpresentable('it turns what it is given');
  const name = builder.node('MatMul', [builder.plain(first), builder.plain(second)]);
  return [{ name, rank: Math.max(builder.rank(first), builder.rank(second)), moved: false }];
}

function cast(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const x = builder.only(inputs);
  const name = text(argument(builder, 1, 'dtype')) ?? text(member(builder.config, 'dtype')) ?? '';
  const dtype = KERAS_TYPES[name];
  if (dtype === undefined) throw new Unpresentable(`its type ${name} is not known`);
  return [{ ...x, name: builder.node('Cast', [x.name], [{ name: 'to', int: dtype }]) }];
}

const OTHERS: Readonly<Record<string, LayerRule>> = {
  'nn.bias_add': biasAdd,
  'math.square': square,
  Square: square,
  matmul,
  'linalg.matmul': matmul,
  Matmul: matmul,
  cast,
  Cast: cast,
};

function rules(names: Readonly<Record<string, string>>, rule: (name: string) => LayerRule): [string, LayerRule][] {
  return Object.entries(names).map(([name, of]) => [name, rule(of)]);
}

const OPERATIONS: ReadonlyMap<string, LayerRule> = new Map([
  ...rules(ARITHMETIC, arithmetic),
  ...rules(UNARY, unary),
  ...rules(ACTIVATIONS, activationOf),
  ...Object.entries(SHAPE_OPERATIONS),
  ...Object.entries(IMAGE_OPERATIONS),
  ...Object.entries(OTHERS),
]);

/** The rule of an operation; undefined where there is none. */
export function operationRule(name: string): LayerRule | undefined {
  return OPERATIONS.get(name);
}
