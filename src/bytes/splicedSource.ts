import { checkRange, type ByteSource } from './byteSource.ts';
import { pieces, type Piece, type Splice } from './splice.ts';
import { lastUpTo } from './lists.ts';

/** A source with splices applied, read as if it had been written: an adapted model that was never saved. */
export class SplicedSource implements ByteSource {
  readonly size: number;
  private readonly source: ByteSource;
  private readonly parts: readonly { readonly piece: Piece; readonly at: number; readonly length: number }[];

  constructor(source: ByteSource, splices: readonly Splice[]) {
    this.source = source;
    let at = 0;
    this.parts = pieces(source.size, splices).map((piece) => {
      const length = 'bytes' in piece ? piece.bytes.length : piece.end - piece.start;
      const part = { piece, at, length };
      at += length;
      return part;
    });
    this.size = at;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this.size, offset, length);
    const out = new Uint8Array(length);
    await this.readInto(out, offset);
    return out;
  }

  async readInto(target: Uint8Array, offset: number): Promise<void> {
    const { length } = target;
    checkRange(this.size, offset, length);
    const first = lastUpTo(offset, this.parts.length, (i) => this.parts[i]?.at ?? 0);
    for (let i = first; i < this.parts.length; i++) {
      const part = this.parts[i];
      if (!part || part.at >= offset + length) break;
      const from = Math.max(0, offset - part.at);
      const to = Math.min(part.length, offset + length - part.at);
      if (to <= from) continue;
      const { piece } = part;
      const place = target.subarray(part.at + from - offset, part.at + to - offset);
      if ('bytes' in piece) place.set(piece.bytes.subarray(from, to));
      else await this.source.readInto(place, piece.start + from);
    }
  }
}
