import { convolutionOrder } from '../../adapt/weights/tensorNames.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import { basename } from '../../files/paths.ts';
import { withOpenFile } from '../../jobs/open/openFile.ts';
import { inputLayers } from '../../jobs/weights/inputLayers.ts';
import type { InputLayerMethods, PageFilterSet, PageInputLayerFacts } from '../../protocol/inputLayer.ts';
import type { CallContext } from '../../rpc/messages.ts';
import { permuted } from '../../tensors/permuted.ts';
import type { ElementRange, StoredTensor } from '../../tensors/storedTensor.ts';
import { encodedFilters, filtersEnd, filterValues } from '../filterPictures.ts';
import { weightsMadeFrom } from './weightsAdaptation.ts';

/**
 * A weight whose filters can be drawn: outputs, inputs, rows and columns, with one more axis for volumes and one less
 * for signals.
 */
const DRAWN_RANKS = [3, 4, 5];

/** States of an original whose filters belong beside those of the file. */
const MATCHING: ReadonlySet<string> = new Set(['same', 'likely']);

type Signal = Pick<CallContext, 'signal'>;

/**
 * What a file of weights says about a tensor that sees the image: its filters, and those of the file it was made from.
 */
export async function weightsLayerFacts(path: string, index: number, { signal }: Signal): Promise<PageInputLayerFacts> {
  const tensor = await layerTensor(path, index, signal);
  const filters = filterSet(tensor);
  return {
    inputs: [],
    field: null,
    downsampling: null,
    filters,
    why: filters ? null : `A weight of shape [${tensor.dims.join(', ')}] can't be drawn as pictures.`,
    stored: tensor.name,
    note: 'How the network moves this weight over the image stands in its code, not in the file.',
    original: await originalFilters(path, tensor.name, signal),
  };
}

/** The values of some filters, of the file itself or of the original beside it. Reads only their bytes. */
export async function weightsLayerFilters(
  path: string,
  args: InputLayerMethods['layerFilters']['args'],
  { signal }: Signal,
): Promise<InputLayerMethods['layerFilters']['result']> {
  const { name } = await layerTensor(path, args.layer, signal);
  const from = args.of === 'original' ? await originalPath(path, signal) : path;
  if (from === null)
    throw new ChannelwiseError('refused', 'no-original', 'The original is not beside this file.', { tensor: name });
  return withOpenFile(from, signal, async ({ file }) => {
    const tensor = file.tensors.find((stored) => stored.name === name);
    const set = tensor && filterSet(tensor);
    if (!set)
      throw new ChannelwiseError('refused', 'no-pictures', `${name} can't be drawn as pictures.`, { tensor: name });
    const to = filtersEnd(set, args.from);
    const [outputs] = convolutionOrder(tensor);
    const ranges = tensor.dims.map((dim, axis) => (axis === outputs ? { from: args.from, to } : { from: 0, to: dim }));
    const values = await filterValues(tensor, ranges);
    return { from: args.from, to, values: encodedFilters(inDrawingOrder(tensor, ranges, values)) };
  });
}

async function layerTensor(path: string, index: number, signal: AbortSignal): Promise<StoredTensor> {
  return withOpenFile(path, signal, async (open) => {
    const name = (await inputLayers(open))[index]?.name;
    const tensor = open.file.tensors.find((stored) => stored.name === name);
    if (tensor) return tensor;
    throw new ChannelwiseError('refused', 'no-layer', 'The file has no such input layer any more; reopen the editor.');
  });
}

/** A block of a weight as [outputs, channels, kernel…]. */
function inDrawingOrder(tensor: StoredTensor, ranges: readonly ElementRange[], values: Float64Array): Float64Array {
  const dims = ranges.map(({ from, to }) => to - from);
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const ordered = permuted(bytes, values.BYTES_PER_ELEMENT, { dims, order: convolutionOrder(tensor) });
  return new Float64Array(ordered.buffer, ordered.byteOffset, values.length);
}

function filterSet(tensor: StoredTensor): PageFilterSet | null {
  const { dims } = tensor;
  if (!DRAWN_RANKS.includes(dims.length) || dims.includes(0)) return null;
  const [count = 0, channels = 0, ...kernel] = convolutionOrder(tensor).map((axis) => dims[axis] ?? 0);
  const depth = kernel.length === 3 ? (kernel[0] ?? 1) : 1;
  const height = kernel.length > 1 ? (kernel.at(-2) ?? 1) : 1;
  return { count, channels: channels * depth, height, width: kernel.at(-1) ?? 1 };
}

async function originalPath(path: string, signal: AbortSignal): Promise<string | null> {
  const made = await weightsMadeFrom(path, signal);
  return made && MATCHING.has(made.original.state) ? made.original.path : null;
}

async function originalFilters(
  path: string,
  name: string,
  signal: AbortSignal,
): Promise<PageInputLayerFacts['original']> {
  const original = await originalPath(path, signal);
  if (original === null) return null;
  return withOpenFile(original, signal, async ({ source, file }) => {
    const tensor = file.tensors.find((stored) => stored.name === name);
    const filters = tensor ? filterSet(tensor) : null;
    const fileName = basename(source.path);
    return { file: fileName, filters, why: filters ? null : `${fileName} has no ${name} to draw.` };
  });
}
