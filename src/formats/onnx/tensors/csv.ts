import { streamElements, type StreamOptions } from './elementStream.ts';
import { elementTexts } from './elementText.ts';
import { DTYPES } from '../../../tensors/dtypes.ts';
import type { SparseTensor, Tensor } from '../model.ts';
import type { TensorContext } from './tensorData.ts';

/**
 * Hands a tensor as CSV (RFC 4180, UTF-8) to `write`, part by part. A line is a row along the last axis; a tensor of one axis has one value a line.
 * With more than two axes each line begins with the indices of the others, and a first line names the columns. Throws as streamElements does.
 */
export async function streamCsv(
  ctx: TensorContext,
  tensor: Tensor | SparseTensor,
  label: string,
  write: (bytes: Uint8Array) => void,
  options: StreamOptions = {},
): Promise<void> {
  const { dims } = tensor;
  const dtype = 'indices' in tensor ? tensor.values.dtype : tensor.dtype;
  const columns = dims.length < 2 ? 1 : (dims.at(-1) ?? 1);
  const outer = dims.length > 2 ? dims.slice(0, -1) : [];
  const texts = DTYPES[dtype]?.kind === 'string';
  const encoder = new TextEncoder();
  let at = 0;
  await streamElements(
    ctx,
    tensor,
    label,
    (part) => {
      // Only now it is known that there are as many columns as dims say.
      if (at === 0 && outer.length && part.values.length)
        for (const piece of headLine(outer, columns)) write(encoder.encode(piece));
      const pieces: string[] = [];
      for (const text of elementTexts(dtype, part)) {
        const column = at % columns;
        if (column === 0 && outer.length) pieces.push(lineIndices(Math.floor(at / columns), outer));
        pieces.push(texts ? quoted(text) : text, column === columns - 1 ? '\n' : ',');
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
  yield '\n';
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

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
