import type { ByteSource } from '../../bytes/byteSource.ts';
import type { Splice } from '../../bytes/splice.ts';
import { Turns } from '../../bytes/turns.ts';
import { checkRange, type StoredTensor } from '../../tensors/storedTensor.ts';
import type { Fact, ImageUses, TensorChange } from '../format.ts';
import { tensorEdit } from './changeTensors.ts';
import { readCheckpoint, type FoundTensor, type FoundText } from './checkpoint.ts';
import { openLegacy } from './container/legacyFile.ts';
import type { GlobalValue } from './pickle/pickleValue.ts';
import { storageBytes } from './container/storageName.ts';
import { streamTensor } from './tensorData.ts';
import type { TorchContainer } from './container/torchContainer.ts';
import { openTorchZip } from './container/zipFile.ts';

/** What is looked at to tell the two forms apart. */
const ZIP_SIGNATURE = [0x50, 0x4b];

/** A tensor of a file, named by its path in the checkpoint. */
export interface TorchTensor extends StoredTensor {
  /** Stored with a scale and a zero point: the numbers are those that are stored. */
  readonly quantised: boolean;
}

/** A file that torch wrote, opened lazily; nothing in it was executed. */
export interface TorchFile {
  readonly title: string;
  /** It holds the network's code too, as torch.jit writes it. */
  readonly isScript: boolean;
  /** What that code does with the image; undefined where there is none. */
  readonly imageUses: ImageUses | undefined;
  readonly facts: readonly Fact[];
  readonly tensors: readonly TorchTensor[];
  /** Other values of the checkpoint, as text. */
  readonly texts: readonly FoundText[];
  /** Tensors of a kind that isn't read, and why. */
  readonly unread: readonly FoundText[];
  /** What loading the file in Python would import. */
  readonly imports: readonly GlobalValue[];
  /** Splices of the file that change tensors. Throws `refused` where one can't be changed alone, see tensorEdit. */
  splices(changes: readonly TensorChange[]): Promise<Splice[]>;
}

/**
 * Opens any file of torch's: zip, legacy, TorchScript, whole modules. Reads its pickles and directory; reading a tensor
 * later ends with the signal. Throws `malformed` and `unsupported`.
 */
export async function openTorch(source: ByteSource, signal?: AbortSignal): Promise<TorchFile> {
  const head = await source.read(0, Math.min(source.size, ZIP_SIGNATURE.length));
  const isZip = ZIP_SIGNATURE.every((byte, i) => head[i] === byte);
  const container = isZip ? await openTorchZip(source) : await openLegacy(source);
  const checkpoints = container.parts.map(readCheckpoint);
  const found = withUniqueNames(checkpoints.flatMap((checkpoint) => checkpoint.tensors));
  return {
    title: container.title,
    isScript: container.isScript,
    imageUses: container.imageUses,
    facts: container.facts,
    tensors: found.map((one) => storedTensor(one, container.parts.indexOf(one.part), signal)),
    texts: checkpoints.flatMap((checkpoint) => checkpoint.texts),
    unread: checkpoints.flatMap((checkpoint) => checkpoint.unread),
    imports: uniqueImports(container),
    splices: (changes) => fileSplices(container, found, changes),
  };
}

function storedTensor({ name, tensor, part }: FoundTensor, partNumber: number, signal?: AbortSignal): TorchTensor {
  const { dtype, dims, quantised, storage, strides } = tensor;
  const start = storage.viewOffset + tensor.offset;
  const numbersAt = JSON.stringify([partNumber, storage.key, start, dtype, dims, strides]);
  const held = part.storage(storage.key, storageBytes(storage));
  const place = { tensor: name };
  const turns = new Turns(signal);
  return {
    ...{ name, dtype, dims, place, quantised, numbersAt },
    stream: async (range, visit) => {
      checkRange({ name, dims }, range);
      await streamTensor(tensor, held, { ...range, turns }, visit);
    },
  };
}

/** Two paths can spell the same name: {'a.b': …} beside {'a': {'b': …}}. The later ones get a number. */
function withUniqueNames(tensors: readonly FoundTensor[]): FoundTensor[] {
  const taken = new Set<string>();
  return tensors.map((found) => {
    let { name } = found;
    for (let copy = 2; taken.has(name); copy++) name = `${found.name} (${copy})`;
    taken.add(name);
    return { ...found, name };
  });
}

function uniqueImports(container: TorchContainer): GlobalValue[] {
  const all = container.parts.flatMap((part) => part.pickle.imports);
  return [...new Map(all.map((value) => [`${value.module}\n${value.name}`, value])).values()];
}

async function fileSplices(
  container: TorchContainer,
  found: readonly FoundTensor[],
  changes: readonly TensorChange[],
): Promise<Splice[]> {
  const byName = new Map(found.map((one) => [one.name, one]));
  const news = changes.map(({ tensor, dims, bytes }) => {
    const one = byName.get(tensor);
    if (!one) throw new RangeError(`no tensor ${tensor}`);
    return { found: one, dims, bytes };
  });
  return news.length === 0 ? [] : container.splices(tensorEdit(found, news));
}
