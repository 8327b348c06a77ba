import type { StoredTensor } from '../../../tensors/storedTensor.ts';
import type { AdaptationPlan } from '../../report/plan.ts';
import { plannedLayer } from '../patchOrder.ts';
import { isOptimizerState, lastPart, moduleOf } from '../tensorNames.ts';
import { LIBRARIES, type Library, type NetworkShape } from './libraries.ts';
import { readLines, type WeightsReader } from './readLines.ts';
import { countOf } from '../../../text/numbers.ts';

/** What a person needs to load an adapted file: its name, how it is read, and the tensors in it. */
export interface LoadedFile {
  readonly fileName: string;
  readonly reader: WeightsReader;
  readonly tensors: readonly Pick<StoredTensor, 'name' | 'dims'>[];
}

/** A library that a person can choose. */
export interface PythonLibrary {
  readonly id: string;
  readonly title: string;
}

/** The libraries there is code for, those that know names like these first. */
export function weightsLibraries(names: readonly string[]): readonly PythonLibrary[] {
  const isLikely = ({ knows, prefix }: Library): boolean =>
    names.some((name) => {
      const front = lastPart(name) === 'weight' ? prefix(name) : null;
      return front !== null && knows(ownNames(names, front));
    });
  const likely = LIBRARIES.find(isLikely);
  const others = LIBRARIES.filter((library) => library !== likely);
  return [...(likely ? [likely] : []), ...others].map(({ id, title }) => ({ id, title }));
}

function ownNames(names: readonly string[], prefix: string): Set<string> {
  return new Set(names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)));
}

/**
 * Python that builds the network with the new number of channels and loads the adapted file into it, strictly. Names
 * from the file stand in it as quoted texts only.
 */
export function weightsPython(plan: AdaptationPlan, file: LoadedFile, libraryId: string): string {
  const channels = plan.inputs[0]?.newChannels ?? 1;
  const layers = plan.folds.filter((fold) => plannedLayer(fold) !== null);
  const [first] = layers;
  const library = LIBRARIES.find(({ id }) => id === libraryId) ?? LIBRARIES.at(-1);
  const prefix = library?.prefix(first?.tensor ?? '') ?? '';
  const own = file.tensors.filter(({ name }) => name.startsWith(prefix) && !isOptimizerState(name));
  const network: NetworkShape = {
    names: ownNames(
      own.map(({ name }) => name),
      prefix,
    ),
    layers: layers
      .filter(({ tensor }) => tensor.startsWith(prefix))
      .map(({ tensor, newDims }) => ({ module: moduleOf(tensor.slice(prefix.length)), dims: newDims })),
    channels,
    classes: own.findLast(({ name, dims }) => dims.length === 2 && lastPart(name) === 'weight')?.dims[0] ?? null,
  };
  return [
    `# ${library?.title ?? ''}: a network that takes ${countOf(channels, 'channel')}.`,
    ...(library?.build(network) ?? []),
    '',
    ...readLines(file.reader, file.fileName, prefix),
    'network.load_state_dict(state)',
    '',
  ].join('\n');
}
