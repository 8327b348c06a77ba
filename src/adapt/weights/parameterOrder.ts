import { addTo } from '../../bytes/lists.ts';
import { DTYPES } from '../../tensors/dtypes.ts';
import type { StoredTensor } from '../../tensors/storedTensor.ts';
import { wordsOf } from './copyNames.ts';
import { lastPart, withoutFurtherNames } from './tensorNames.ts';

/** Tensors of one network in order, and the name that all of theirs begin with. */
interface NetworkList {
  readonly prefix: string;
  readonly tensors: readonly StoredTensor[];
}

/** A tensor that stands for the parameter of a number. */
export interface Numbered {
  readonly number: number;
  readonly tensor: StoredTensor;
}

/** No parameters, so optimizers and averages skip them. */
const BUFFERS = new Set(['running_mean', 'running_var', 'num_batches_tracked']);
/** `state_dict.model.generator` is as deep as a checkpoint keeps one of its networks. */
const MAX_PREFIX_PARTS = 3;

/**
 * The networks that may lie in a file: all of its tensors, and those below each container. Of each its parameters, with
 * and without further names of the same one, which optimizers know once, and all its tensors.
 */
export function networkLists(network: readonly StoredTensor[]): NetworkList[] {
  const lists = new Map<string, StoredTensor[]>();
  for (const tensor of network) {
    const parts = tensor.name.split('.');
    for (let depth = 0; depth <= MAX_PREFIX_PARTS && depth < parts.length; depth++)
      addTo(lists, parts.slice(0, depth).join('.'), tensor);
  }
  const whole = [...lists].map(([prefix, tensors]): NetworkList => ({ prefix, tensors }));
  const parameters = whole.map(({ prefix, tensors }) => ({ prefix, tensors: tensors.filter(isParameter) }));
  const once = parameters.map(({ prefix, tensors }) => ({ prefix, tensors: withoutFurtherNames(tensors) }));
  return [...parameters, ...once, ...whole];
}

/**
 * Which numbers stand for the changed weights, by the order of a network's tensors: of a network where all that is
 * numbered has the shape of its tensor. Where several fit and say different things, the one whose name is akin to
 * `owner` decides. null where none does.
 */
export function changedNumbers(
  numbered: readonly Numbered[],
  { lists, changed, owner }: { lists: readonly NetworkList[]; changed: ReadonlySet<string>; owner: string },
): ReadonlySet<number> | null {
  const count = 1 + numbered.reduce((most, { number }) => Math.max(most, number), -1);
  const fitting = lists.filter(({ tensors }) => tensors.length >= count && numbered.every((one) => fits(one, tensors)));
  const answerOf = ({ tensors }: NetworkList): number[] =>
    [...tensors.keys()].filter((number) => changed.has(tensors[number]?.name ?? ''));
  // Behind the last number a list may go on with another network.
  const used = (list: NetworkList): string =>
    answerOf(list)
      .filter((number) => number < count)
      .join();
  const answers = new Map(fitting.map((list) => [used(list), list]));
  const akin = new Map(fitting.filter(({ prefix }) => isAkin(prefix, owner)).map((list) => [used(list), list]));
  const [only, ...others] = answers.size > 1 ? akin.values() : answers.values();
  return only && others.length === 0 ? new Set(answerOf(only).filter((number) => number < count)) : null;
}

function isParameter({ name, dtype }: StoredTensor): boolean {
  return !BUFFERS.has(lastPart(name)) && DTYPES[dtype]?.kind === 'float';
}

function fits({ number, tensor }: Numbered, tensors: readonly StoredTensor[]): boolean {
  return tensors[number]?.dims.join() === tensor.dims.join();
}

/** `optimizer_G` belongs to `netG`, `disc_optim` to `discriminator`. */
function isAkin(prefix: string, owner: string): boolean {
  const own = wordsOf(owner);
  return wordsOf(prefix).some((word) => own.some((other) => word.startsWith(other) || other.startsWith(word)));
}
