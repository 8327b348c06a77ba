import { ChannelwiseError } from '../../bytes/errors.ts';
import { KERAS_OPTIMIZER } from './tensorNames.ts';
import { sameNumbers } from '../../bytes/sameNumbers.ts';

/** What is needed of a tensor to tell whose it is. */
export interface NamedShape {
  readonly name: string;
  readonly dims: readonly number[];
}

export interface ChangedShape extends NamedShape {
  /** The layer's own name, which some optimizers' variables carry. */
  readonly layer: string;
}

/**
 * The variables of a Keras optimizer that belong to a changed weight: all of its shape where only changed weights have
 * it, else those that carry its layer's name. Throws `refused` where neither tells, since a variable of the old shape
 * would keep the file from loading.
 */
export function kerasMoments<T extends NamedShape>(
  tensors: readonly T[],
  weight: ChangedShape,
  changed: ReadonlySet<string>,
): readonly T[] {
  const alike = tensors.filter(({ dims }) => sameNumbers(dims, weight.dims));
  const variables = alike.filter(({ name }) => KERAS_OPTIMIZER.test(name));
  if (variables.length === 0) return [];
  refuseRows(tensors, weight);
  if (alike.every(({ name }) => KERAS_OPTIMIZER.test(name) || changed.has(name))) return variables;
  const named = variables.filter(({ name }) => name.split(/[/\\]/).includes(weight.layer));
  if (named.length > 0) return named;
  throw new ChannelwiseError(
    'refused',
    'keras-optimizer',
    `The file keeps the optimizer's variables, and which of them belong to ${weight.name} can't be told; save the ` +
      'model without its optimizer first.',
    { tensor: weight.name },
  );
}

/** Adafactor keeps means over the outputs, which are no averages that a sum of channels can be told from. */
function refuseRows(tensors: readonly NamedShape[], { name: weight, dims }: ChangedShape): void {
  const rows = tensors.filter((tensor) => sameNumbers(tensor.dims, dims.slice(0, -1)));
  const [first] = rows;
  if (!first || !rows.every(({ name }) => KERAS_OPTIMIZER.test(name))) return;
  throw new ChannelwiseError(
    'refused',
    'keras-optimizer',
    `The file keeps an optimizer's ${first.name}, which seems to average ${weight} over its outputs (Adafactor); save ` +
      'the model without its optimizer first.',
    { tensor: weight },
  );
}
