import { rawBytes } from '../tensors/dtypes.ts';
import { knownRow } from '../tensors/elements.ts';
import type { MessageRef, Model, Node, Tensor } from '../formats/onnx/model.ts';
import { elementCount } from '../tensors/storedTensor.ts';
import { heldTensors, type ModelFile } from './wiring.ts';
import { sameBytes } from '../bytes/sameBytes.ts';
import { sameNumbers } from '../bytes/sameNumbers.ts';

/**
 * Two files are compared in steps of this size, a multiple of four: small enough to be compared while they are in the
 * processor's cache.
 */
const STEP_BYTES = 512 * 1024;

/** Nodes are shorter, and there can be a million of them: setting up a stream for each took ten times as long. */
const SHORT_BYTES = 1024;

/** Where bytes of one file are known to stand in another: null where they are not, or were not looked at. */
export interface KnownCopies {
  /** The offset in the second file at which the bytes [start, end) of the first stand. */
  offsetOf(start: number, end: number): number | null;
}

/**
 * Compares parts of two models byte for byte, streaming, and counts what it compared. What is known to be a copy is not
 * read again.
 */
export class ByteComparer {
  private readonly a: ModelFile;
  private readonly b: ModelFile;
  private readonly copies: KnownCopies | null;
  private readonly tensors = new Map<Tensor, Map<Tensor, boolean>>();
  /** Bytes found to be the same. */
  bytes = 0;

  constructor(a: ModelFile, b: ModelFile, copies: KnownCopies | null = null) {
    this.a = a;
    this.b = b;
    this.copies = copies;
  }

  /** The bodies of two messages hold the same bytes. */
  async sameMessage(a: MessageRef, b: MessageRef): Promise<boolean> {
    return this.sameRanges([a.bodyStart, a.end], [b.bodyStart, b.end]);
  }

  /** Two models have the same functions, in the same order, with what these keep in files beside the models. */
  async sameFunctions(a: Model, b: Model): Promise<boolean> {
    if (a.functions.length !== b.functions.length) return false;
    for (const [i, definition] of a.functions.entries()) {
      const other = b.functions[i];
      if (!other || !(await this.sameMessage(definition.ref, other.ref))) return false;
      for (const [n, node] of definition.nodes.entries())
        if (!(await this.sameBeside(node, other.nodes[n]))) return false;
    }
    return true;
  }

  /** Two nodes are the same bytes, and so is what they keep in files beside the models. */
  async sameNode(a: Node, b: Node): Promise<boolean> {
    if (!(await this.sameMessage(a.ref, b.ref))) return false;
    return this.sameBeside(a, b);
  }

  /** Two nodes of the same bytes keep the same in files beside the models. */
  private async sameBeside(a: Node, b: Node | undefined): Promise<boolean> {
    if (a.attributes.length === 0) return true;
    const held = b ? heldTensors(b) : [];
    for (const [i, tensor] of heldTensors(a).entries()) {
      if (tensor.storage.kind === 'external' && !(await this.sameTensor(tensor, held[i]))) return false;
    }
    return true;
  }

  /**
   * Two tensors have the same type, dims and data bytes. Tensors stored in different forms count as different here,
   * except that raw data may lie in either file or beside it.
   */
  async sameTensor(a: Tensor, b: Tensor | undefined): Promise<boolean> {
    if (!b) return false;
    const known = this.tensors.get(a)?.get(b);
    if (known !== undefined) return known;
    const same = await this.compareTensors(a, b);
    const row = this.tensors.get(a) ?? new Map<Tensor, boolean>();
    this.tensors.set(a, row.set(b, same));
    return same;
  }

  private async compareTensors(a: Tensor, b: Tensor): Promise<boolean> {
    if (a.dtype !== b.dtype || !sameNumbers(a.dims, b.dims)) return false;
    const [x, y] = [a.storage, b.storage];
    if (x.kind === 'typed' && y.kind === 'typed') return this.sameTyped(x, y);
    if (x.kind === 'raw' && y.kind === 'raw') return this.sameRanges([x.start, x.end], [y.start, y.end]);
    if (x.kind === 'external' && y.kind === 'external' && (await this.sameFile(x, y))) return true;
    const first = rawReader(this.a, a);
    const second = rawReader(this.b, b);
    if (first && second) return this.sameStreams(first, second);
    return x.kind === 'none' && y.kind === 'none';
  }

  /** Numbers in the same field of a TensorProto, cut into the same pieces. */
  private async sameTyped(a: StorageOf<'typed'>, b: StorageOf<'typed'>): Promise<boolean> {
    if (a.field !== b.field || a.pieces.length !== b.pieces.length) return false;
    for (const [i, piece] of a.pieces.entries()) {
      const other = b.pieces[i];
      if (!other || piece.packed !== other.packed) return false;
      if (!(await this.sameRanges([piece.start, piece.end], [other.start, other.end]))) return false;
    }
    return true;
  }

  /** The same part of one file, which need not be read. */
  private async sameFile(a: StorageOf<'external'>, b: StorageOf<'external'>): Promise<boolean> {
    if (a.offset !== b.offset || a.length !== b.length) return false;
    const [one, other] = [await this.a.identity?.(a.location), await this.b.identity?.(b.location)];
    return Boolean(one) && one === other;
  }

  private async sameRanges(a: readonly [number, number], b: readonly [number, number]): Promise<boolean> {
    const length = a[1] - a[0];
    if (length === b[1] - b[0] && this.copies?.offsetOf(a[0], a[1]) === b[0]) {
      this.bytes += length;
      return true;
    }
    if (length <= SHORT_BYTES && length === b[1] - b[0]) return this.sameShort(a, b);
    return this.sameStreams(
      { length, readInto: (target, at) => this.a.ctx.wire.bytesInto(target, a[0] + at) },
      { length: b[1] - b[0], readInto: (target, at) => this.b.ctx.wire.bytesInto(target, b[0] + at) },
    );
  }

  private async sameShort(a: readonly [number, number], b: readonly [number, number]): Promise<boolean> {
    const same = sameBytes(await shortBytes(this.a, a), await shortBytes(this.b, b));
    if (same) this.bytes += a[1] - a[0];
    return same;
  }

  private async sameStreams(a: ByteStream, b: ByteStream): Promise<boolean> {
    const same = await sameStreams(a, b, () => this.a.ctx.wire.breathe());
    if (same) this.bytes += a.length;
    return same;
  }
}

type StorageOf<K extends Tensor['storage']['kind']> = Extract<Tensor['storage'], { readonly kind: K }>;

/** Bytes of a short range; those that are at hand are not copied. */
function shortBytes({ ctx }: ModelFile, [start, end]: readonly [number, number]): Uint8Array | Promise<Uint8Array> {
  return ctx.wire.holds(start, end - start) ? ctx.wire.view(start, end) : ctx.wire.bytes(start, end);
}

/** Bytes that are read in steps. */
export interface ByteStream {
  readonly length: number;
  readInto(target: Uint8Array, at: number): Promise<void>;
}

/**
 * Two streams hold the same bytes. The next step is read while this one is compared, into two pairs of buffers that
 * take turns. `breathe` is waited for at each step: it yields to other work, and throws on a cancel.
 */
export async function sameStreams(a: ByteStream, b: ByteStream, breathe: () => Promise<void>): Promise<boolean> {
  if (a.length !== b.length) return false;
  const pair = (): [Uint8Array, Uint8Array] => [
    new Uint8Array(Math.min(STEP_BYTES, a.length)),
    new Uint8Array(Math.min(STEP_BYTES, a.length)),
  ];
  const read = async (into: readonly [Uint8Array, Uint8Array], at: number): Promise<[Uint8Array, Uint8Array]> => {
    const n = Math.min(STEP_BYTES, a.length - at);
    const [x, y] = [into[0].subarray(0, n), into[1].subarray(0, n)];
    await Promise.all([a.readInto(x, at), b.readInto(y, at)]);
    return [x, y];
  };
  const step = (...args: Parameters<typeof read>): ReturnType<typeof read> => {
    const reading = read(...args);
    // A cancel ends the comparison before this is waited for; a failure that nobody waits for would end the whole
    // thread.
    reading.catch(() => undefined);
    return reading;
  };
  let [now, next] = [pair(), a.length > STEP_BYTES ? pair() : null];
  let reading = step(now, 0);
  let same = true;
  for (let at = 0; same && at < a.length; at += STEP_BYTES) {
    await breathe();
    const [x, y] = await reading;
    if (next && at + STEP_BYTES < a.length) {
      [now, next] = [next, now];
      reading = step(now, at + STEP_BYTES);
    }
    same = sameBytes(x, y);
  }
  await reading;
  return same;
}

/** Raw data, in the file or beside it. null for other forms, and where it can't be read. */
function rawReader({ ctx }: ModelFile, tensor: Tensor): ByteStream | null {
  const { storage } = tensor;
  if (storage.kind === 'raw')
    return {
      length: storage.end - storage.start,
      readInto: (target, at) => ctx.wire.bytesInto(target, storage.start + at),
    };
  const { external } = ctx;
  if (storage.kind !== 'external' || !external) return null;
  const length = storage.length ?? rawBytes(knownRow(tensor.dtype, tensor.name), elementCount(tensor));
  return {
    length,
    readInto: async (target, at) =>
      target.set(await external.read(storage.location, storage.offset + at, target.length)),
  };
}
