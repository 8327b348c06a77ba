import { CSV_END, csvText } from '../text/csv.ts';
import { STRING } from './dtypes.ts';
import { streamElements, type StreamOptions } from './elementStream.ts';
import { elementTexts } from './elementText.ts';
import type { StoredTensor } from './storedTensor.ts';

/**
 * Hands a tensor as CSV (RFC 4180, UTF-8) to `write`, part by part. A line is a row along the last axis; a tensor of
 * one axis has one value a line. With more than two axes each line begins with the indices of the others, and a first
 * line names the columns. Throws as streamElements does.
 */
export async function streamCsv(
  tensor: StoredTensor,
  write: (bytes: Uint8Array) => void,
  options: StreamOptions = {},
): Promise<void> {
  const { dims, dtype } = tensor;
  const columns = dims.length < 2 ? 1 : (dims.at(-1) ?? 1);
  const outer = dims.length > 2 ? dims.slice(0, -1) : [];
  const cell = dtype === STRING ? csvText : (number: string): string => number;
  const encoder = new TextEncoder();
  let at = 0;
  await streamElements(
    tensor,
    (part) => {
      // Only now it is known that there are as many columns as dims say.
      if (at === 0 && outer.length && part.values.length)
        for (const piece of headLine(outer, columns)) write(encoder.encode(piece));
      const pieces: string[] = [];
      for (const text of elementTexts(dtype, part)) {
        const column = at % columns;
        if (column === 0 && outer.length) pieces.push(lineIndices(Math.floor(at / columns), outer));
        pieces.push(cell(text), column === columns - 1 ? CSV_END : ',');
        at++;
      }
      write(encoder.encode(pieces.join('')));
    },
    options,
  );
}

/** Columns named in one piece of the head line. */
const HEAD_PIECE = 65_536;

function* headLine(outer: readonly number[], columns: number): Generator<string> {
  yield outer.map((_, axis) => `axis${axis}`).join(',');
  for (let at = 0; at < columns; at += HEAD_PIECE)
    yield Array.from({ length: Math.min(HEAD_PIECE, columns - at) }, (_, i) => `,${at + i}`).join('');
  yield CSV_END;
}

function lineIndices(line: number, outer: readonly number[]): string {
  const indices: number[] = [];
  let rest = line;
  for (const dim of [...outer].reverse()) {
    indices.unshift(rest % dim);
    rest = Math.floor(rest / dim);
  }
  return `${indices.join(',')},`;
}
