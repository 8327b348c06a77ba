import { addTo } from '../../bytes/lists.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import { elementCount, type StoredTensor } from '../../tensors/storedTensor.ts';
import { networkName } from './copyNames.ts';
import { kerasMoments } from './kerasMoments.ts';
import { changedNumbers, networkLists } from './parameterOrder.ts';
import { isOptimizerState, KERAS_OPTIMIZER, moduleOf, stateName, type StateName } from './tensorNames.ts';

/** A state dict numbers its parameters; a pickled optimizer has them here. */
const OWN_PARAMETERS = /\.param_groups\.\d+\.params\./;

/** A moment of a changed weight. */
export interface FoundMoment {
  readonly tensor: StoredTensor;
  /** 1 for an average of the gradient, 2 for one of its square, 0 for a step's size and where names don't tell. */
  readonly power: number;
}

interface State extends StateName {
  readonly tensor: StoredTensor;
  /** The number of its parameter; NaN where it has a name. */
  readonly number: number;
  /** The name of its parameter is none of the network's. */
  readonly isUnknown: boolean;
}

/** What the states of a file are compared with. */
interface Changed {
  readonly names: ReadonlySet<string>;
  /** Shapes of the changed weights. */
  readonly shapes: ReadonlySet<string>;
  readonly network: readonly StoredTensor[];
}

/**
 * The moments that optimizers keep for the changed weights. An optimizer names its parameters or numbers them: where
 * only changed weights have their shape, the shape tells which numbers they are; else the order of the parameters does,
 * if the shapes of all moments agree with it. Throws `refused` where neither tells, and of what is kept in a way whose
 * fold is not known, since that would stop the training.
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
  const kept = keptByOptimizers(tensors, network);
  return [...kept].flatMap(([optimizer, states]) =>
    ofOptimizer(optimizer, states, { names: changed, shapes, network }),
  );
}

/** What each optimizer keeps for its parameters. A number alone is no part of a weight's shape. */
function keptByOptimizers(tensors: readonly StoredTensor[], network: readonly StoredTensor[]): Map<string, State[]> {
  const names = new Set(network.map(({ name }) => networkName(name)));
  const kept = new Map<string, State[]>();
  for (const tensor of tensors) {
    if (!isOptimizerState(tensor.name) || KERAS_OPTIMIZER.test(tensor.name) || elementCount(tensor) <= 1) continue;
    const state = stateName(tensor.name);
    if (!state) throw unknownState(tensor);
    const isNamed = names.has(networkName(state.parameter));
    const number = isNamed ? NaN : Number(state.parameter.split('.')[0]);
    addTo(kept, state.optimizer, { ...state, tensor, number, isUnknown: !isNamed && Number.isNaN(number) });
  }
  return kept;
}

function ofOptimizer(optimizer: string, states: readonly State[], changed: Changed): FoundMoment[] {
  const named = new Set([...changed.names].map(networkName));
  const numbered = states.filter(({ number }) => !Number.isNaN(number));
  const numbers = numbered.length > 0 ? ownNumbers(optimizer, numbered, changed) : new Set<number>();
  const own = states.filter(({ number, parameter }) => numbers.has(number) || named.has(networkName(parameter)));
  const strange = states.find((state) => state.isUnknown && changed.shapes.has(shapeText(state.tensor)));
  if (strange) throw unknownState(strange.tensor);
  return own.map(({ tensor, power }) => {
    if (power === null || !changed.shapes.has(shapeText(tensor))) throw unknownState(tensor);
    return { tensor, power };
  });
}

/** The numbers under which an optimizer keeps the changed weights. */
function ownNumbers(optimizer: string, states: readonly State[], changed: Changed): ReadonlySet<number> {
  const { names, shapes, network } = changed;
  const unchanged = new Set(network.filter(({ name }) => !names.has(name)).map(shapeText));
  const isShared = [...shapes].some((shape) => unchanged.has(shape));
  if (isShared) return numbersByOrder(optimizer, states, changed);
  const numbers = new Set(states.filter(({ tensor }) => shapes.has(shapeText(tensor))).map(({ number }) => number));
  const isMoment = ({ power, tensor }: State): boolean => power !== null && unchanged.has(shapeText(tensor));
  const others = new Set(states.filter(isMoment).map(({ number }) => number));
  const strange = states.find(({ number }) => !others.has(number));
  if (numbers.size === 0 && strange) throw unknownState(strange.tensor);
  return numbers;
}

function numbersByOrder(optimizer: string, states: readonly State[], { names, network }: Changed): ReadonlySet<number> {
  const moments = states.filter(({ power }) => power !== null);
  const lists = networkLists(network);
  const numbers = moments.length > 0 ? changedNumbers(moments, { lists, changed: names, owner: optimizer }) : null;
  const strange = states.find(({ power }) => power === null);
  if (numbers === null && moments.length === 0 && strange) throw unknownState(strange.tensor);
  if (numbers !== null) return numbers;
  throw new ChannelwiseError(
    'refused',
    'optimizer-order',
    'The file keeps an optimizer, and which of its moments belong to the changed weight is not clear; save the ' +
      'weights without it.',
  );
}

function unknownState({ name }: StoredTensor): ChannelwiseError {
  if (OWN_PARAMETERS.test(name))
    return new ChannelwiseError(
      'refused',
      'optimizer-object',
      "The file keeps a whole optimizer, which holds the network's parameters themselves; save its state_dict() in " +
        'its place, or the weights without it.',
      { tensor: name },
    );
  return new ChannelwiseError(
    'refused',
    'optimizer-state',
    `The file keeps an optimizer, and how its ${name} follows the changed weight is not known; save the weights ` +
      'without the optimizer.',
    { tensor: name },
  );
}

function shapeText({ dims }: StoredTensor): string {
  return dims.join('×');
}
