import { ChannelwiseError } from '../../bytes/errors.ts';
import { DTYPES } from '../../tensors/dtypes.ts';
import type { StoredTensor } from '../../tensors/storedTensor.ts';
import { averagedName, networkName } from './copyNames.ts';
import { changedNumbers, networkLists } from './parameterOrder.ts';
import { isOptimizerState, lastPart } from './tensorNames.ts';

/** The names of layers' own weights: of the same shape by chance, and copies only where their names say so. */
const LAYER_PARTS = new Set([
  'weight',
  'transposed_kernel',
  'depthwise_kernel',
  'pointwise_kernel',
  'recurrent_kernel',
]);
/** `ema.shadow_params.0`: the list, and the number in it. */
const LIST_ITEM = /^(.+)\.(\d+)$/;

/**
 * Copies of changed weights that don't have their names: running averages kept as a list in the order of the
 * parameters, as torch_ema does, or under names without dots, as LitEma and mmcv's EMAHook do. Throws `refused` where a
 * tensor has the shape of a changed weight and what it is to it is not known: a mask, a list in another order.
 */
export function formlessCopies(tensors: readonly StoredTensor[], changed: readonly StoredTensor[]): StoredTensor[] {
  const names = new Set(changed.map(({ name }) => name));
  const shapes = new Set(changed.filter(({ dims }) => dims.length > 2).map(shapeText));
  const network = tensors.filter(({ name }) => !isOptimizerState(name));
  const alike = network.filter(
    (tensor) =>
      shapes.has(shapeText(tensor)) &&
      !names.has(tensor.name) &&
      !LAYER_PARTS.has(lastPart(tensor.name)) &&
      DTYPES[tensor.dtype]?.kind === 'float',
  );
  if (alike.length === 0) return [];
  const bare = new Set(changed.map(({ name }) => bareName(networkName(name))));
  return alike.filter((tensor) => {
    const own = networkName(tensor.name);
    const averaged = averagedName(own);
    if (averaged !== null && bare.has(bareName(averaged))) return true;
    if (own !== tensor.name && bare.has(bareName(own))) return true;
    return isListedCopy(tensor, network, names);
  });
}

/** Whether a list's tensor is a copy of a changed weight, by the order of the other networks' parameters. */
function isListedCopy(tensor: StoredTensor, network: readonly StoredTensor[], changed: ReadonlySet<string>): boolean {
  const [, list, number] = LIST_ITEM.exec(tensor.name) ?? [];
  if (list === undefined) throw unknownCopy(tensor);
  const isItem = ({ name }: StoredTensor): boolean => LIST_ITEM.exec(name)?.[1] === list;
  const items = network
    .filter(isItem)
    .map((item) => ({ number: Number(LIST_ITEM.exec(item.name)?.[2]), tensor: item }));
  const lists = networkLists(network.filter((other) => !isItem(other)));
  const numbers = changedNumbers(items, { lists, changed, owner: list });
  if (numbers === null) throw unknownCopy(tensor);
  return numbers.has(Number(number));
}

function bareName(name: string): string {
  return name.replace(/[._]/g, '');
}

function unknownCopy({ name }: StoredTensor): ChannelwiseError {
  return new ChannelwiseError(
    'refused',
    'copy',
    `${name} has the shape of the changed weight, and whether it is a copy of it is not known; save the file without ` +
      'it (a mask: after applying it to the weight), or name both with --layer.',
    { tensor: name },
  );
}

function shapeText({ dims }: StoredTensor): string {
  return dims.join('×');
}
