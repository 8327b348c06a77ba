import { ChannelwiseError } from '../../bytes/errors.ts';
import type { StoredTensor } from '../../tensors/storedTensor.ts';
import { kerasMoments } from './kerasMoments.ts';
import { isOptimizerState, lastPart, moduleOf, stateName, type StateName } from './tensorNames.ts';

/** A moment of a changed weight. */
export interface FoundMoment {
  readonly tensor: StoredTensor;
  /** 1 for an average of the gradient, 2 for one of its square, 0 for a step's size and where names don't tell. */
  readonly power: number;
}

interface State extends StateName {
  readonly tensor: StoredTensor;
}

/** No parameters, so an optimizer has no state for them. */
const BUFFERS = new Set(['running_mean', 'running_var', 'num_batches_tracked']);

/**
 * The moments that optimizers keep for the changed weights. An optimizer numbers its parameters: where only changed
 * weights have their shape, the shape tells which they are; else the order of the parameters does, if the shapes of all
 * moments agree with it. Throws `refused` where neither tells, and of a kind whose fold is not known, since what keeps
 * the old shape would stop the training.
 */
export function optimizerMoments(
  tensors: readonly StoredTensor[],
  changed: ReadonlySet<string>,
): readonly FoundMoment[] {
  const keras = tensors
    .filter(({ name }) => changed.has(name))
    .flatMap((tensor) => {
      const layer = moduleOf(tensor.name).split(/[/\\]/).at(-1) ?? '';
      return kerasMoments(tensors, { name: tensor.name, dims: tensor.dims, layer }, changed);
    });
  if (keras.length > 0) return [...new Set(keras)].map((tensor) => ({ tensor, power: 0 }));
  const network = tensors.filter(({ name }) => !isOptimizerState(name));
  const shapes = new Set(network.filter(({ name }) => changed.has(name)).map(shapeText));
  const isShared = network.some((tensor) => shapes.has(shapeText(tensor)) && !changed.has(tensor.name));
  const states = tensors.flatMap((tensor): State[] => {
    const name = stateName(tensor.name);
    const matters = name !== null && (name.power !== null || shapes.has(shapeText(tensor)));
    return matters ? [{ ...name, tensor }] : [];
  });
  if (!isShared) return states.filter(({ tensor }) => shapes.has(shapeText(tensor))).map(asMoment);
  return byOrder(states, network, changed).map(asMoment);
}

function asMoment({ tensor, power }: State): FoundMoment {
  if (power !== null) return { tensor, power };
  throw new ChannelwiseError(
    'refused',
    'optimizer-state',
    `The file keeps an optimizer, and how its ${tensor.name} follows the changed weight is not known; save the ` +
      'weights without the optimizer.',
  );
}

function byOrder(
  states: readonly State[],
  network: readonly StoredTensor[],
  changed: ReadonlySet<string>,
): readonly State[] {
  const parameters = network.filter(({ name }) => !BUFFERS.has(lastPart(name)));
  const agrees = states.every(({ parameter, tensor }) => {
    const own = parameters[parameter];
    return tensor.dims.length === 0 || (own !== undefined && shapeText(own) === shapeText(tensor));
  });
  if (!agrees)
    throw new ChannelwiseError(
      'refused',
      'optimizer-order',
      'The file keeps an optimizer, and which of its moments belong to the changed weight is not clear; save the ' +
        'weights without it.',
    );
  return states.filter(({ parameter, tensor }) => {
    const own = parameters[parameter];
    return tensor.dims.length > 0 && own !== undefined && changed.has(own.name);
  });
}

function shapeText({ dims }: StoredTensor): string {
  return dims.join('×');
}
