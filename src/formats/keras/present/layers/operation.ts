import { entries, items, member, number, text, type Json } from '../../../../bytes/json/json.ts';
import { tensorRef, tensorsIn } from '../../network/inbound.ts';
import { numberList } from '../../network/inputShape.ts';
import type { Call } from '../../network/network.ts';
import { type LayerRule, Unpresentable } from '../layerBuilder.ts';
import { aligned } from './merging.ts';

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
  Add: 'Add',
  Subtract: 'Sub',
  Multiply: 'Mul',
  TrueDivide: 'Div',
  Divide: 'Div',
};

/** What an operator is given: values in order, by position or by name. */
function operands(given: Json | undefined): Json[] {
  const args = member(given, 'args');
  if (args) return [...items(args), ...entries(member(given, 'kwargs')).values()].filter((json) => json.value !== null);
  // Before Keras 3: [tensor] or tensor, with the arguments by name behind it.
  const first = tensorRef(given) ? given : items(given)[0];
  const named = [...entries(items(first)[3])].filter(([name, json]) => name !== 'name' && json.value !== null);
  return first ? [first, ...named.map(([, json]) => json)] : [];
}

function arithmetic(opType: string): LayerRule {
  return (builder, inputs) => {
    const given = operands(builder.call.given);
    if (given.length !== 2) throw new Unpresentable(`it is given ${given.length} values`);
    if (inputs.length === 2) {
      const { names, rank, moved } = aligned(builder, inputs);
      return [{ name: builder.node(opType, names), rank, moved }];
    }
    const x = builder.only(inputs);
    const isFirst = tensorsIn(given[0] as Json, 0).length > 0;
    const constant = isFirst ? given[1] : given[0];
    const one = number(constant);
    const list = one === undefined ? numberList(constant) : undefined;
    if (one === undefined && !list) throw new Unpresentable('it is given what is no number');
    const start = list ? builder.plain(x) : x.name;
    const operand = list ? builder.floats('constant', [list.length], list) : builder.scalar('constant', one ?? 0);
    const name = builder.node(opType, isFirst ? [start, operand] : [operand, start]);
    return [{ ...x, name, moved: list ? false : x.moved }];
  };
}

/** The function that an operation stands for; null for what is a layer. */
export function operationName({ layer }: Call): string | null {
  if (layer.className === 'TFOpLambda') return text(member(layer.config, 'function')) ?? '';
  return layer.module.startsWith('keras.src.ops') || layer.module.startsWith('keras.ops') ? layer.className : null;
}

/** The rule of an operation; undefined where there is none. */
export function operationRule(name: string): LayerRule | undefined {
  const opType = Object.hasOwn(ARITHMETIC, name) ? ARITHMETIC[name] : undefined;
  return opType === undefined ? undefined : arithmetic(opType);
}
