import type { ByteSource } from '../../../bytes/byteSource.ts';
import type { Splice } from '../../../bytes/splice.ts';
import type { Fact, ImageUses } from '../../format.ts';
import type { LiteralChange } from '../pickle/pickleEdit.ts';
import type { Pickle } from '../pickle/pickleMachine.ts';

/** A block of elements that tensors are views of. */
export interface TorchStorage {
  readonly key: string;
  readonly byteLength: number;
  /** Elements stand with their highest byte first. */
  readonly bigEndian: boolean;
  /** The storage's bytes as a source of their own. */
  open(): Promise<ByteSource>;
}

/** A pickle in the file, the storages it names, and what its tensors' names begin with. */
export interface PicklePart {
  readonly prefix: string;
  readonly pickle: Pickle;
  /** The storage of a key, `bytes` long. Throws `malformed` where there is none, or one of another length. */
  storage(key: string, bytes: number): TorchStorage;
}

/** New bytes of one storage, all of them or ranges that keep its length. */
export interface StorageEdit {
  readonly storage: TorchStorage;
  readonly splices: readonly Splice[];
  /** Elements that it holds afterwards. */
  readonly count: number;
}

/** What changes in a file: literals of its pickles, and storages. */
export interface ContainerEdit {
  readonly literals: ReadonlyMap<PicklePart, readonly LiteralChange[]>;
  readonly storages: readonly StorageEdit[];
}

/** A file that torch wrote, whatever its form. */
export interface TorchContainer {
  /** What a person reads: "PyTorch, zip". */
  readonly title: string;
  /** It holds the network's code too, as torch.jit writes it. */
  readonly isScript: boolean;
  /** What that code does with the image; undefined where there is none. */
  readonly imageUses: ImageUses | undefined;
  readonly facts: readonly Fact[];
  readonly parts: readonly PicklePart[];
  /** Splices of the file that make the edit. */
  splices(edit: ContainerEdit): Promise<Splice[]>;
}
