/** Replaces source bytes [start, end) with `bytes`. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

/** A piece of the output: a range of the source, or new bytes. */
export type Piece = { readonly start: number; readonly end: number } | { readonly bytes: Uint8Array };

/** Turns splices into the output's pieces, in order. Throws a RangeError if two overlap or one leaves the source. */
export function pieces(size: number, splices: readonly Splice[]): Piece[] {
  const sorted = splices
    .map((splice, i) => ({ ...splice, i }))
    .sort((a, b) => a.start - b.start || a.end - b.end || a.i - b.i);
  const out: Piece[] = [];
  let at = 0;
  for (const s of sorted) {
    if (s.start < at || s.end < s.start || s.end > size) throw new RangeError(`splices overlap at byte ${s.start}`);
    if (s.start > at) out.push({ start: at, end: s.start });
    if (s.bytes.length) out.push({ bytes: s.bytes });
    at = s.end;
  }
  if (at < size) out.push({ start: at, end: size });
  return out;
}

/** How much longer the output is than the source; negative where it is shorter. */
export function growth(splices: readonly Splice[]): number {
  return splices.reduce((sum, { start, end, bytes }) => sum + bytes.length - (end - start), 0);
}

/** Splices of a part of a file as splices of the file, in which the part begins at `by`. */
export function movedBy(by: number, splices: readonly Splice[]): Splice[] {
  return splices.map(({ start, end, bytes }) => ({ start: start + by, end: end + by, bytes }));
}
