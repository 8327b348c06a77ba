import type { ByteSource } from '../../../bytes/byteSource.ts';
import { ChannelwiseError } from '../../../bytes/errors.ts';
import { PartSource } from '../../../bytes/partSource.ts';
import { movedBy, type Splice } from '../../../bytes/splice.ts';
import { MAX_PICKLE_BYTES } from '../pickle/pickleLimits.ts';
import { pickleSplices } from '../pickle/pickleEdit.ts';
import type { Pickle } from '../pickle/pickleMachine.ts';
import { PickleCut, pickleUnsupported } from '../pickle/pickleReader.ts';
import { integerOf, itemsOf, textOf } from '../pickle/pickleValue.ts';
import { storageBytes, storageName, type StorageName } from './storageName.ts';
import type { ContainerEdit, PicklePart, TorchContainer, TorchStorage } from './torchContainer.ts';
import { readPickle } from '../pickle/readPickle.ts';

/** The first pickle of such a file is this number. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
/** The second one: no other was ever written. */
const LEGACY_PROTOCOL = 1001;
/** How much is read at first; four times as much each time it does not suffice. */
const FIRST_READ = 64 * 1024;
/** Each storage begins with the count of its elements. */
const COUNT_BYTES = 8;

/** A storage's place in the file, with the count in front of it. */
interface LegacyStorage extends TorchStorage {
  readonly countAt: number;
  readonly count: number;
}

/**
 * Opens what torch wrote before 1.6, and later with `_use_new_zipfile_serialization=False`: five pickles (a magic
 * number, a protocol, what the machine was like, the object, the storages' keys), then each storage as a count and its
 * elements, lowest byte first. Only the pickles are read. Throws `malformed` and `unsupported`.
 */
export async function openLegacy(source: ByteSource): Promise<TorchContainer> {
  const pickles = new PickleSequence(source);
  const magic = await pickles.next();
  if (magic.root.value.kind !== 'int' || magic.root.value.value !== MAGIC) {
    throw new ChannelwiseError(
      'unsupported',
      'plain-pickle',
      'This is a Python pickle, but none that torch.save wrote; load it in Python and save its state dict with ' +
        'torch.save.',
      { offset: 0 },
    );
  }
  const protocol = integerOf((await pickles.next()).root.value);
  if (protocol !== LEGACY_PROTOCOL) throw pickleUnsupported(`torch's protocol is ${protocol ?? 'missing'}`, 0);
  await pickles.next();
  const base = pickles.at;
  const pickle = await pickles.next();
  const keys = itemsOf((await pickles.next()).root.value) ?? [];
  const names = keys.map((key) => textOf(key.value));
  const storages = placeStorages(source, { pickle, names, from: pickles.at });
  const part: PicklePart = {
    prefix: '',
    pickle,
    storage: (key, bytes) => {
      const storage = storages.get(key);
      if (storage?.byteLength !== bytes) throw damaged(`the storage ${key} is missing`, pickles.at);
      return storage;
    },
  };
  return {
    title: 'PyTorch, legacy (before 1.6)',
    isScript: false,
    imageUses: undefined,
    facts: [{ label: 'Pickle protocol', value: `${pickle.protocol}` }],
    parts: [part],
    splices: (edit) => legacySplices(edit, { part, base, storages }),
  };
}

function damaged(what: string, offset: number): ChannelwiseError {
  return new ChannelwiseError('malformed', 'torch-file', `The file is damaged: ${what} (byte ${offset}).`, { offset });
}

/** Reads one pickle after the other from the beginning of a file, and no more of it than they need. */
class PickleSequence {
  at = 0;
  private readonly source: ByteSource;
  private bytes = new Uint8Array(0);

  constructor(source: ByteSource) {
    this.source = source;
  }

  async next(): Promise<Pickle> {
    const limit = this.source.size - this.at;
    for (;;) {
      try {
        const pickle = readPickle(this.bytes.subarray(this.at), { base: this.at, limit });
        this.at += pickle.bytes.length;
        return pickle;
      } catch (error) {
        if (!(error instanceof PickleCut)) throw error;
        await this.readMore();
      }
    }
  }

  private async readMore(): Promise<void> {
    if (this.bytes.length >= MAX_PICKLE_BYTES)
      throw pickleUnsupported(`it has more than ${MAX_PICKLE_BYTES} bytes`, this.at);
    const length = Math.min(this.source.size, Math.max(FIRST_READ, 4 * this.bytes.length));
    const more = new Uint8Array(length);
    more.set(this.bytes);
    more.set(await this.source.read(this.bytes.length, length - this.bytes.length), this.bytes.length);
    this.bytes = more;
  }
}

interface Placing {
  readonly pickle: Pickle;
  readonly names: readonly (string | null)[];
  readonly from: number;
}

/** Where each storage lies: they follow one another in the order of the keys, each as long as the pickle says. */
function placeStorages(source: ByteSource, { pickle, names, from }: Placing): Map<string, LegacyStorage> {
  const named = namedStorages(pickle, from);
  const storages = new Map<string, LegacyStorage>();
  let at = from;
  for (const key of names) {
    const name = key === null ? undefined : named.get(key);
    if (!name) throw damaged('the object does not name one of its storages', at);
    const byteLength = storageBytes(name);
    const end = at + COUNT_BYTES + byteLength;
    if (end > source.size) throw damaged(`it ends in the storage ${name.key}`, at);
    const place = { countAt: at, byteLength, count: name.count };
    const open = (): Promise<ByteSource> => openStorage(source, place);
    storages.set(name.key, { key: name.key, bigEndian: false, open, ...place });
    at = end;
  }
  return storages;
}

function namedStorages(pickle: Pickle, offset: number): Map<string, StorageName> {
  try {
    const names = pickle.persistent.flatMap((value) => storageName(value) ?? []);
    return new Map(names.map((name) => [name.key, name]));
  } catch (error) {
    throw error instanceof RangeError ? damaged(`a storage is impossible: ${error.message}`, offset) : error;
  }
}

type Place = Pick<LegacyStorage, 'countAt' | 'byteLength' | 'count'>;

async function openStorage(source: ByteSource, { countAt, byteLength, count }: Place): Promise<ByteSource> {
  const head = await source.read(countAt, COUNT_BYTES);
  const stored = new DataView(head.buffer, head.byteOffset, COUNT_BYTES).getBigInt64(0, true);
  if (stored !== BigInt(count)) throw damaged(`a storage has ${stored} elements in place of ${count}`, countAt);
  return new PartSource(source, countAt + COUNT_BYTES, byteLength);
}

interface LegacyFile {
  readonly part: PicklePart;
  /** Where the object's pickle begins. */
  readonly base: number;
  readonly storages: ReadonlyMap<string, LegacyStorage>;
}

async function legacySplices(edit: ContainerEdit, { part, base, storages }: LegacyFile): Promise<Splice[]> {
  const out = movedBy(base, await pickleSplices(part.pickle, edit.literals.get(part) ?? []));
  for (const { storage, splices, count } of edit.storages) {
    const place = storages.get(storage.key);
    if (!place) throw new RangeError(`no storage ${storage.key}`);
    const { countAt } = place;
    await place.open();
    const bytes = new Uint8Array(COUNT_BYTES);
    new DataView(bytes.buffer).setBigInt64(0, BigInt(count), true);
    out.push({ start: countAt, end: countAt + COUNT_BYTES, bytes }, ...movedBy(countAt + COUNT_BYTES, splices));
  }
  return out;
}
