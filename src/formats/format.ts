import type { ByteSource } from '../bytes/byteSource.ts';
import type { Splice } from '../bytes/splice.ts';
import type { StoredTensor } from '../tensors/storedTensor.ts';
import type { ExternalReader } from './onnx/externalData.ts';
import type { Model } from './onnx/model.ts';
import type { TensorContext } from './onnx/tensors/tensorContext.ts';

/** One kind of file: how it is recognised and opened. What its files are called is in endings.ts. */
export interface Format {
  readonly id: 'onnx' | 'safetensors' | 'pytorch' | 'sharded' | 'keras';
  /** What a person reads. */
  readonly title: string;
  /** A graph with its weights, or weights alone. */
  readonly holds: 'graph' | 'weights';
  /** By the first HEAD_BYTES bytes, whatever the file is called. */
  recognise(head: Uint8Array): boolean;
  /** Whether this file holds a graph; where it is absent, all files of the format are alike. */
  readonly holdsGraph?: (source: ByteSource, signal?: AbortSignal) => Promise<boolean>;
  /** Reads what describes the file, never the data of its tensors. Throws ChannelwiseError for what it can't read. */
  open(source: ByteSource, context: OpenContext): Promise<OpenedFile>;
}

/** Under this name a file's metadata tells of its adaptation. */
export const RECORD_KEY = 'channelwise.adaptation';

/** Bytes that every `recognise` needs at most. */
export const HEAD_BYTES = 64;

export interface OpenContext {
  /** The file's own name, without its folder. */
  readonly name: string;
  readonly signal?: AbortSignal | undefined;
  /** A file in the same folder, null where there is none. Whoever opened the first file closes these too. */
  readonly beside?: ((name: string) => Promise<ByteSource | null>) | undefined;
  /** Reads the files that hold the data of an ONNX model's tensors. */
  readonly external?: ExternalReader | undefined;
}

/** A line of the summary. */
export interface Fact {
  readonly label: string;
  readonly value: string;
}

/** An open file: what it says about itself, its tensors, and how they are changed. */
export interface OpenedFile {
  readonly facts: readonly Fact[];
  /** A sentence each. */
  readonly warnings: readonly string[];
  readonly tensors: readonly StoredTensor[];
  /** null for weights alone. */
  readonly graph: GraphOfFile | null;
  /** The file holds the network's code too, and is loaded with it. */
  readonly hasCode?: boolean;
  /** What that code does with the image; absent where it is not known. */
  readonly imageUses?: ImageUses | undefined;
  /** The files that hold the tensors, where this one is an index of several; absent where it holds them itself. */
  readonly shards?: readonly Shard[];
  /** How changed tensors are written back, or a sentence that says why this file can't be changed. */
  readonly writer: TensorWriter | { readonly refused: string };
}

/** One file of a model that lies in several. */
export interface Shard {
  readonly name: string;
  readonly size: number;
  readonly file: OpenedFile;
}

/** What the code of a network does with the image that it is given. */
export interface ImageUses {
  /** Weights of the convolutions that read it, by the names of the file's tensors: `conv1.weight`, `constants.0`. */
  readonly weights: readonly string[];
  /** What else happens to it, a text each. */
  readonly others: readonly string[];
}

/** A graph, in ONNX's terms. */
export interface GraphOfFile {
  readonly model: Model;
  readonly ctx: TensorContext;
}

/** A tensor with other numbers, of the type it is stored in. */
export interface TensorChange {
  /** Its name. */
  readonly tensor: string;
  readonly dims: readonly number[];
  /** Little-endian, row-major. */
  readonly bytes: Uint8Array;
}

export interface TensorWriter {
  /**
   * Splices of the untouched source that make the file in which only these tensors differ, and `record` tells of it
   * where the format has a place for it. null leaves out the record: of a shard, whose index has it. Of an index these
   * are the splices of the index; each shard has its own writer.
   */
  splices(changes: readonly TensorChange[], record: string | null): Promise<Splice[]>;
  /** What an adapted file recorded, null where it has no record. */
  readonly record: string | null;
  /** What a changed file still says of the old tensors, a sentence each. */
  readonly notes?: readonly string[];
}

/** True for a writer, false for the reason why there is none. */
export function canWrite(writer: OpenedFile['writer']): writer is TensorWriter {
  return 'splices' in writer;
}
