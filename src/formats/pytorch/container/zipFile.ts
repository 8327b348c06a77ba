import type { ByteSource } from '../../../bytes/byteSource.ts';
import { ChannelwiseError } from '../../../bytes/errors.ts';
import type { ZipEntry } from '../../zip/centralDirectory.ts';
import { openZip, type ZipArchive } from '../../zip/zipArchive.ts';
import { TORCH_ALIGNMENT, zipSplices, type EntryChange } from '../../zip/zipEdit.ts';
import type { Splice } from '../../../bytes/splice.ts';
import type { ImageUses } from '../../format.ts';
import { pickleSplices } from '../pickle/pickleEdit.ts';
import { MAX_PICKLE_BYTES } from '../pickle/pickleLimits.ts';
import { globalName } from '../pickle/pickleValue.ts';
import { PickleCut, pickleMalformed, pickleUnsupported } from '../pickle/pickleReader.ts';
import { imageUses } from '../script/imageUses.ts';
import { serializationIdChange } from './serializationId.ts';
import type { ContainerEdit, PicklePart, TorchContainer, TorchStorage } from './torchContainer.ts';
import { readPickle } from '../pickle/readPickle.ts';

/** Entries that say one word, like `byteorder`: nobody has longer ones. */
const MAX_WORD_BYTES = 64;
/** What names of tensors begin with that code holds. */
const CONSTANTS = 'constants';
/** What `.storage_alignment` may ask for. */
const MAX_ALIGNMENT = 65536;
/** torch.jit writes a file for each class, of some kilobytes; code is read up to so much of it in all. */
const MAX_CODE_BYTES = 16 * 1024 * 1024;

/** A pickle of an archive and the folder in which its storages lie. */
interface ZipPart extends PicklePart {
  readonly entry: ZipEntry;
}

interface ZipStorage extends TorchStorage {
  readonly entry: ZipEntry;
}

/**
 * Opens what torch.save and torch.jit.save write since 1.6: a ZIP archive with `NAME/data.pkl` and a stored entry per
 * storage. Reads the directory and the pickles. Throws `malformed` and `unsupported`.
 */
export async function openTorchZip(source: ByteSource): Promise<TorchContainer> {
  const archive = await openZip(source);
  const main = archive.entries.find((entry) => /^[^/]+\/data\.pkl$/.test(entry.name));
  if (!main) {
    throw new ChannelwiseError(
      'unsupported',
      'no-torch-file',
      'This is a ZIP archive, but none that torch.save wrote: it has no data.pkl.',
      { offset: 0 },
    );
  }
  const root = main.name.slice(0, -'data.pkl'.length);
  const byteOrder = await word(archive, `${root}byteorder`);
  const bigEndian = byteOrder === 'big';
  const isScript = archive.entries.some((entry) => entry.name.startsWith(`${root}code/`));
  const parts = [await readPart(archive, main, { prefix: '', folder: `${root}data/`, bigEndian })];
  const constants = archive.entry(`${root}constants.pkl`);
  if (constants)
    parts.push(await readPart(archive, constants, { prefix: CONSTANTS, folder: `${root}constants/`, bigEndian }));
  const alignment = await alignmentOf(archive, root);
  const version = await word(archive, `${root}version`);
  return {
    title: isScript ? 'TorchScript' : 'PyTorch, zip',
    isScript,
    imageUses: isScript ? await usesInCode(archive, root, parts) : undefined,
    facts: [
      { label: 'Pickle protocol', value: `${parts[0]?.pickle.protocol ?? 0}` },
      ...(version === null ? [] : [{ label: 'Archive version', value: version }]),
      ...(byteOrder === null ? [] : [{ label: 'Byte order', value: byteOrder }]),
    ],
    parts,
    splices: (edit) => torchZipSplices(archive, edit, { root, alignment, parts }),
  };
}

/** The network is the root of the archive's pickle, an instance of a class of its code. */
async function usesInCode(archive: ZipArchive, root: string, [main]: readonly ZipPart[]): Promise<ImageUses> {
  const network = main?.pickle.root.value;
  const name = network?.kind === 'call' ? globalName(network.callee.value) : null;
  let left = MAX_CODE_BYTES;
  return imageUses(name ?? '', async (path) => {
    const entry = archive.entry(`${root}code/${path}`);
    if (!entry || entry.size > left) return null;
    left -= entry.size;
    const data = await archive.data(entry);
    return new TextDecoder().decode(await data.read(0, data.size));
  });
}

async function word(archive: ZipArchive, name: string): Promise<string | null> {
  const entry = archive.entry(name);
  if (!entry || entry.size > MAX_WORD_BYTES) return null;
  const data = await archive.data(entry);
  return new TextDecoder().decode(await data.read(0, data.size)).trim();
}

async function alignmentOf(archive: ZipArchive, root: string): Promise<number> {
  const text = await word(archive, `${root}.storage_alignment`);
  const alignment = text !== null && /^\d{1,5}$/.test(text) ? Number(text) : TORCH_ALIGNMENT;
  return alignment >= 1 && alignment <= MAX_ALIGNMENT ? alignment : TORCH_ALIGNMENT;
}

interface PartPlace {
  readonly prefix: string;
  readonly folder: string;
  readonly bigEndian: boolean;
}

async function readPart(archive: ZipArchive, entry: ZipEntry, place: PartPlace): Promise<ZipPart> {
  if (entry.size > MAX_PICKLE_BYTES)
    throw pickleUnsupported(`it has more than ${MAX_PICKLE_BYTES} bytes`, entry.headerStart);
  const data = await archive.data(entry);
  const bytes = await data.read(0, data.size);
  try {
    const pickle = readPickle(bytes);
    return {
      prefix: place.prefix,
      pickle,
      entry,
      storage: (key, length) => zipStorage(archive, place, { key, bytes: length }),
    };
  } catch (error) {
    throw error instanceof PickleCut ? pickleMalformed('it is cut short', bytes.length) : error;
  }
}

/** torch's records have the name of the key, in a folder beside the pickle. */
function zipStorage(archive: ZipArchive, place: PartPlace, { key, bytes }: { key: string; bytes: number }): ZipStorage {
  const entry = archive.entry(`${place.folder}${key}`);
  if (entry?.size !== bytes) {
    const offset = entry?.headerStart ?? 0;
    const what = entry ? `has ${entry.size} bytes in place of ${bytes}` : 'is missing';
    throw new ChannelwiseError('malformed', 'torch-file', `The file is damaged: the storage ${key} ${what}.`, {
      offset,
    });
  }
  return { key, byteLength: bytes, bigEndian: place.bigEndian, entry, open: () => archive.data(entry) };
}

interface ZipEdit {
  readonly root: string;
  readonly alignment: number;
  readonly parts: readonly ZipPart[];
}

/** The mobile interpreter's own program holds the constants a second time, in a form of its own. */
function refuseMobileConstants(
  archive: ZipArchive,
  edit: ContainerEdit,
  { root, parts }: Omit<ZipEdit, 'alignment'>,
): void {
  const constants = parts.find(({ prefix }) => prefix === CONSTANTS);
  if (!constants || !edit.literals.has(constants) || !archive.entry(`${root}bytecode.pkl`)) return;
  throw new ChannelwiseError(
    'refused',
    'mobile-constants',
    "This file is for torch's mobile interpreter too, which has a copy of the frozen weights in a program of its own. " +
      'Convert the file that torch.jit.save writes, or the network before it is frozen, and save it for mobile again.',
    { offset: constants.entry.headerStart },
  );
}

async function torchZipSplices(
  archive: ZipArchive,
  edit: ContainerEdit,
  { root, alignment, parts }: ZipEdit,
): Promise<Splice[]> {
  const changes: EntryChange[] = [];
  refuseMobileConstants(archive, edit, { root, parts });
  for (const part of parts) {
    const literals = edit.literals.get(part);
    if (literals) changes.push({ entry: part.entry, splices: await pickleSplices(part.pickle, literals) });
  }
  for (const { storage, splices } of edit.storages) {
    if (!('entry' in storage)) throw new RangeError('a storage of another file');
    changes.push({ entry: (storage as ZipStorage).entry, splices });
  }
  const id = await serializationIdChange(archive, root, changes);
  return zipSplices(archive, id ? [...changes, id] : changes, alignment);
}
