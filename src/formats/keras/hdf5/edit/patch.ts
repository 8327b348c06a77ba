import { ChannelwiseError } from '../../../../bytes/errors.ts';
import type { Splice } from '../../../../bytes/splice.ts';
import { blockChecksum, type ChecksumBlock } from '../checksum.ts';
import type { Hdf5Tree } from '../trees/tree.ts';

/** Appended data begins at multiples of this, as the library itself aligns what it allocates. */
const ALIGNMENT = 8;

interface Change {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/**
 * Changes to an HDF5 file that leave everything else where it is: bytes in place, and data behind the end.
 * Checksums of the blocks that were touched, and the superblock's end of file, follow.
 */
export class Hdf5Patch {
  private readonly tree: Hdf5Tree;
  private readonly changes: Change[] = [];
  private readonly blocks = new Map<number, ChecksumBlock>();
  private readonly appended: Uint8Array[] = [];
  private end: number;

  constructor(tree: Hdf5Tree) {
    this.tree = tree;
    this.end = tree.file.source.size;
  }

  /** Overwrites bytes; `block` is the block with a checksum around them. */
  put(at: number, bytes: Uint8Array, block: ChecksumBlock | null): void {
    this.changes.push({ at, bytes });
    if (block) this.blocks.set(block.start, block);
  }

  /** Overwrites a number of `width` bytes. */
  putUint(at: number, value: number, { width, block }: { width: number; block: ChecksumBlock | null }): void {
    this.put(at, littleEndian(value, width), block);
  }

  /** Puts data behind the end of the file and gives its address. */
  append(bytes: Uint8Array): number {
    const gap = (ALIGNMENT - (this.end % ALIGNMENT)) % ALIGNMENT;
    const place = this.end + gap;
    this.appended.push(new Uint8Array(gap), bytes);
    this.end = place + bytes.length;
    return place - this.tree.file.base;
  }

  /** Bytes of the file as the changes so far leave them. */
  async changedBytes(start: number, length: number): Promise<Uint8Array> {
    const bytes = (await this.tree.file.block(start, length)).bytes.slice();
    for (const change of this.changes) overlay(bytes, start, change);
    return bytes;
  }

  /** The changes as splices of the file. Throws RangeError where two changes overlap. */
  async splices(): Promise<Splice[]> {
    const { superblock, file } = this.tree;
    if (this.appended.length > 0)
      this.putUint(superblock.endAt, this.end, { width: file.widths.offset, block: superblock.checksum });
    for (const block of this.blocks.values()) {
      const bytes = await this.changedBytes(block.start, block.end - block.start);
      this.putUint(block.at, blockChecksum(block, bytes), { width: 4, block: null });
    }
    const inPlace = this.changes.map(({ at, bytes }) => ({ start: at, end: at + bytes.length, bytes }));
    const { size } = file.source;
    const behind = this.appended.map((bytes) => ({ start: size, end: size, bytes }));
    return [...inPlace, ...behind];
  }
}

function overlay(target: Uint8Array, start: number, { at, bytes }: Change): void {
  const from = Math.max(0, start - at);
  const to = Math.min(bytes.length, start + target.length - at);
  if (to > from) target.set(bytes.subarray(from, to), at + from - start);
}

/** An unsigned number in little-endian bytes. Throws `refused` where it does not fit. */
export function littleEndian(value: number, width: number): Uint8Array {
  const bytes = new Uint8Array(width);
  let rest = value;
  for (let i = 0; i < width; i++) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  if (rest > 0)
    throw new ChannelwiseError(
      'refused',
      'hdf5-size',
      `The file would get sizes above ${width} bytes, which its form can't hold.`,
    );
  return bytes;
}
