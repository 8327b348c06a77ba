import { isOfKind } from '../../bytes/errors.ts';
import type { StoredTensor } from '../../tensors/storedTensor.ts';
import type { Fact, Format, GraphOfFile, OpenedFile } from '../format.ts';
import { datasetTensor } from './datasetTensor.ts';
import { elementType } from './elementTypes.ts';
import type { Hdf5Object, Hdf5Tree } from './hdf5/trees/tree.ts';
import { isKerasHead, openKerasFile, type KerasFile } from './kerasFile.ts';
import { isModel } from './network/network.ts';
import { openNetwork, type OpenedNetwork } from './openNetwork.ts';
import { weightsByName } from './present/weightSource.ts';
import { weightsSplices } from './writeWeights.ts';

/** What Keras writes: `.keras` archives and HDF5 files. HDF5 files that hold something else show their datasets. */
export const kerasFormat: Format = {
  id: 'keras',
  title: 'Keras model',
  holds: 'graph',
  recognise: isKerasHead,
  holdsGraph: async (source, signal) => isModel((await openKerasFile(source, signal)).config?.json),
  open: async (source, { signal }) => {
    const file = await openKerasFile(source, signal);
    const { network, warnings } = await networkOf(file, signal);
    const graph: GraphOfFile | null = network ? { model: network.presented.model, ctx: network.ctx } : null;
    return {
      facts: facts(file, network),
      warnings: [...warnings, ...unread(file.tree), ...opaqueLayers(network)],
      tensors: await storedTensors(file.tree),
      graph,
      writer: writer(file, network),
    };
  },
};

/** The network of a file; weights alone, and graphs that are code, are no reason not to show the tensors. */
async function networkOf(
  file: KerasFile,
  signal: AbortSignal | undefined,
): Promise<{ network: OpenedNetwork | null; warnings: string[] }> {
  if (!file.config) return { network: null, warnings: holdsLayers(file.tree) ? [] : [NO_NETWORK] };
  try {
    return { network: await openNetwork(file, signal), warnings: [] };
  } catch (error) {
    if (isOfKind(error, 'unsupported')) return { network: null, warnings: [error.message] };
    throw error;
  }
}

const NO_NETWORK = 'This HDF5 file holds no Keras network; its datasets are shown as they are.';

/** Groups that only Keras makes. */
function holdsLayers({ objects }: Hdf5Tree): boolean {
  const root = objects.get('')?.attributes;
  const isNamed = root?.has('layer_names') === true || root?.has('layer_names0') === true;
  const groups = ['layers', '_layer_checkpoint_dependencies', 'model_weights'];
  return isNamed || [...objects.keys()].some((path) => groups.includes(path) || /^(_?layers?\w*)\\/.test(path));
}

function facts({ version, backend, archive }: KerasFile, network: OpenedNetwork | null): Fact[] {
  return [
    { label: 'Container', value: archive ? 'Keras archive' : 'HDF5' },
    { label: 'Keras version', value: version },
    { label: 'Backend', value: backend },
    { label: 'Model class', value: network?.network.className ?? '' },
    { label: 'Layers', value: network ? String(network.network.calls.length) : '' },
  ].filter(({ value }) => value !== '');
}

/** More names than these say nothing in a sentence. */
const MAX_SHOWN = 3;

function unread({ objects }: Hdf5Tree): string[] {
  const found = [...objects.values()].filter(
    (object) => object.trouble !== null || (object.dataset && !isTensor(object)),
  );
  if (found.length === 0) return [];
  const names = found.slice(0, MAX_SHOWN).map((hdf5Object) => hdf5Object.path);
  return [
    `${found.length} datasets hold no numbers that can be shown: ` +
      `${names.join(', ')}${found.length > MAX_SHOWN ? ', …' : ''}.`,
  ];
}

function opaqueLayers(network: OpenedNetwork | null): string[] {
  const opaque = [...(network?.presented.opaque ?? [])];
  if (opaque.length === 0) return [];
  const shown = opaque.slice(0, MAX_SHOWN).map(([name, why]) => `${name} (${why})`);
  const more = opaque.length > MAX_SHOWN ? `, … ${opaque.length} in all` : '';
  return [`Layers shown by their class alone: ${shown.join(', ')}${more}.`];
}

function isTensor({ dataset }: Hdf5Object): boolean {
  return dataset !== null && elementType(dataset.datatype) !== null;
}

/** Every dataset of numbers, under its path: in the order of the layers where the file lists them, numbers counting. */
async function storedTensors(tree: Hdf5Tree): Promise<StoredTensor[]> {
  const listed = new Map(
    [...((await weightsByName(tree)) ?? [])].flatMap(([, paths]) => paths).map((path, i) => [path, i]),
  );
  const place = ({ name }: StoredTensor): number => listed.get(name) ?? listed.size;
  const tensors = [...tree.objects.values()].flatMap((object) => datasetTensor(tree, object) ?? []);
  return tensors.sort((a, b) => place(a) - place(b) || byParts(a.name, b.name));
}

const NUMBERS = new Intl.Collator('en', { numeric: true });

/** `conv2d_2` in front of `conv2d_10`, which the file has the other way round. */
function byParts(a: string, b: string): number {
  const [one, two] = [a.split(/[/\\]/), b.split(/[/\\]/)];
  const at = one.findIndex((part, i) => part !== two[i]);
  return at < 0 ? one.length - two.length : NUMBERS.compare(one[at] ?? '', two[at] ?? '');
}

/** Where the file has a graph, what its layers say of their shapes follows from that, not from here. */
function writer(file: KerasFile, network: OpenedNetwork | null): OpenedFile['writer'] {
  if (network) return { refused: 'A model with a graph is changed through its graph.' };
  return { record: file.record, splices: (changes, record) => weightsSplices(file, changes, record) };
}
