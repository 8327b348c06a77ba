import type { ByteSource } from '../../../bytes/byteSource.ts';
import { pieces, type Splice } from '../../../bytes/splice.ts';
import { sameStreams, type KnownCopies } from '../../sameBytes.ts';
import { lastUpTo } from '../../../bytes/lists.ts';

interface Copied {
  readonly start: number;
  readonly end: number;
  /** Where `start` comes to stand in the written file. */
  readonly at: number;
}

/** The ranges of a file that splices leave as they are, and where they come to stand. */
export class CopiedRanges implements KnownCopies {
  private readonly ranges: readonly Copied[];

  constructor(size: number, splices: readonly Splice[]) {
    const ranges: Copied[] = [];
    let at = 0;
    for (const piece of pieces(size, splices)) {
      const length = 'bytes' in piece ? piece.bytes.length : piece.end - piece.start;
      if (!('bytes' in piece)) ranges.push({ start: piece.start, end: piece.end, at });
      at += length;
    }
    this.ranges = ranges;
  }

  offsetOf(start: number, end: number): number | null {
    const range = this.ranges[lastUpTo(start, this.ranges.length, (i) => this.ranges[i]?.start ?? 0)];
    return range && start >= range.start && end <= range.end ? range.at + start - range.start : null;
  }
}

/** Two files hold the same bytes; neither is held in memory. */
export function sameSources(a: ByteSource, b: ByteSource, breathe: () => Promise<void>): Promise<boolean> {
  return sameStreams(
    { length: a.size, readInto: (target, at) => a.readInto(target, at) },
    { length: b.size, readInto: (target, at) => b.readInto(target, at) },
    breathe,
  );
}
