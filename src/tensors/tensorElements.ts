import { STRING, type DtypeRow } from './dtypes.ts';
import { decodeRaw } from './elements.ts';
import { elementsInTurn } from './parts.ts';
import {
  checkHeld,
  checkRange,
  elementCount,
  holdsTexts,
  numericRow,
  wholeRange,
  type ElementRange,
  type StoredTensor,
} from './storedTensor.ts';

/**
 * Some elements, without loss: `numbers` has two per element for complex types, `integers` holds the 64-bit types,
 * `texts` the bytes of each string (UTF-8 if the writer kept to the standard).
 */
export type Elements =
  | { readonly kind: 'numbers'; readonly values: Float64Array }
  | { readonly kind: 'integers'; readonly values: BigInt64Array | BigUint64Array }
  | { readonly kind: 'texts'; readonly values: readonly Uint8Array[] };

/**
 * Elements [from, to) of any tensor of any type, for display. Reads only what the range needs.
 * Throws RangeError for a range outside the tensor, otherwise as readNumbers does.
 */
export async function readElements(tensor: StoredTensor, range: ElementRange): Promise<Elements> {
  checkRange(tensor, range);
  if (tensor.dtype === STRING) return { kind: 'texts', values: await readTexts(tensor, range) };
  const row = numericRow(tensor);
  if (isWide(row)) return { kind: 'integers', values: await readWide(tensor, row, range) };
  return { kind: 'numbers', values: await readNumbers(tensor, range) };
}

/**
 * The values of a range at once, the whole tensor when absent: one number per element, two (real, imaginary) for
 * complex types. 64-bit integers beyond 2^53 are rounded. Throws `refused` for texts, `unsupported` beyond 2^28
 * numbers, and what the tensor's own reading throws.
 */
export async function readNumbers(
  tensor: StoredTensor,
  range: ElementRange = wholeRange(tensor),
): Promise<Float64Array> {
  const numbers = (range.to - range.from) * numericRow(tensor).lanes;
  checkHeld(numbers, tensor);
  let values = new Float64Array(0);
  let at = 0;
  await streamNumbers(
    tensor,
    (part) => {
      // Made when the first part is there: by then the stored size was checked against dims.
      if (at === 0) values = new Float64Array(numbers);
      values.set(part, at);
      at += part.length;
    },
    range,
  );
  return values;
}

/**
 * Hands the values of a numeric tensor of any size, or those of a range, to `visit`, part by part and in order; two per
 * element for complex types. Throws as readNumbers does.
 */
export async function streamNumbers(
  tensor: StoredTensor,
  visit: (values: Float64Array) => void,
  range: ElementRange = wholeRange(tensor),
): Promise<void> {
  const row = numericRow(tensor);
  checkRange(tensor, range);
  const width = (row.bits ?? 8) / row.lanes;
  // Elements below a byte are read from one that begins with a byte.
  let drop = range.from % elementsInTurn(width);
  const from = range.from - drop;
  let left = (range.to - from) * row.lanes;
  await tensor.stream({ from, to: range.to }, (raw) => {
    const count = Math.min(left, Math.floor((raw.length * 8) / width));
    const values = new Float64Array(count);
    decodeRaw(tensor.dtype, raw, values);
    left -= count;
    visit(values.subarray(drop));
    drop = 0;
  });
}

async function readTexts(tensor: StoredTensor, range: ElementRange): Promise<Uint8Array[]> {
  elementCount(tensor);
  if (!tensor.texts) throw holdsTexts(tensor.name, tensor.place);
  return tensor.texts(range);
}

async function readWide(
  tensor: StoredTensor,
  row: DtypeRow,
  range: ElementRange,
): Promise<BigInt64Array | BigUint64Array> {
  const count = range.to - range.from;
  checkHeld(count, tensor);
  let values = emptyWide(row, 0);
  let at = 0;
  await tensor.stream(range, (raw) => {
    if (at === 0) values = emptyWide(row, count);
    const part = wideElements(row, raw);
    for (const value of part) values[at++] = value;
  });
  return values;
}

/** The 64-bit integers in some little-endian bytes. */
export function wideElements(row: DtypeRow, raw: Uint8Array): BigInt64Array | BigUint64Array {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  const values = emptyWide(row, raw.length / 8);
  for (let i = 0; i < values.length; i++)
    values[i] = row.kind === 'int' ? view.getBigInt64(i * 8, true) : view.getBigUint64(i * 8, true);
  return values;
}

function emptyWide(row: DtypeRow, count: number): BigInt64Array | BigUint64Array {
  return row.kind === 'int' ? new BigInt64Array(count) : new BigUint64Array(count);
}

/** True for the integer types that a double can't hold. */
export function isWide(row: DtypeRow): boolean {
  return row.bits === 64 && (row.kind === 'int' || row.kind === 'uint');
}
