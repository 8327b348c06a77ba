import { ChannelwiseError } from '../bytes/errors.ts';
import { BOOL, DTYPES, FLOAT, INT8, UINT8, dtypeName, rawBytes } from './dtypes.ts';
import { encodeRaw, knownRow } from './elements.ts';
import { streamElements, type StreamOptions } from './elementStream.ts';
import { elementCount, holdsTexts, type StoredTensor } from './storedTensor.ts';
import type { Elements } from './tensorElements.ts';

/** Format of the file: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, version 1.0. */
const MAGIC = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0);
/** The data starts at a multiple of this. */
const ALIGNMENT = 64;

/**
 * numpy's name for an element type, and the type the elements are stored as: another one where numpy has no such type.
 */
interface NpyType {
  readonly descr: string;
  readonly dtype: number;
}

const NATIVE: Readonly<Record<number, string>> = {
  1: '<f4',
  2: '|u1',
  3: '|i1',
  4: '<u2',
  5: '<i2',
  6: '<i4',
  7: '<i8',
  9: '|b1',
  10: '<f2',
  11: '<f8',
  12: '<u4',
  13: '<u8',
  14: '<c8',
  15: '<c16',
};

function npyType(dtype: number, label: string): NpyType {
  const row = knownRow(dtype, label);
  const native = NATIVE[dtype];
  if (native) return { descr: native, dtype };
  if (row.kind === 'float') return { descr: '<f4', dtype: FLOAT };
  if (row.kind === 'int') return { descr: '|i1', dtype: INT8 };
  if (row.kind === 'uint') return { descr: '|u1', dtype: UINT8 };
  throw new ChannelwiseError(
    'refused',
    'weight-type',
    `${label} holds texts, which a .npy file can't hold in a portable way; save it as CSV.`,
    { tensor: label },
  );
}

/** What happens to the type in a .npy file, in words; null where it is kept. Every value is kept exactly. */
export function npyNote(dtype: number): string | null {
  if (NATIVE[dtype] || DTYPES[dtype]?.kind === 'string' || !DTYPES[dtype]) return null;
  return (
    `numpy has no ${dtypeName(dtype)}, so the file holds ${dtypeName(npyType(dtype, '').dtype)}; every value is the ` +
    'same'
  );
}

/** Hands a tensor as a .npy file to `write`, part by part. Throws as streamElements does, and `refused` for texts. */
export async function streamNpy(
  tensor: StoredTensor,
  write: (bytes: Uint8Array) => void,
  options: StreamOptions = {},
): Promise<void> {
  const type = npyType(tensor.dtype, tensor.name);
  let begun = false;
  // Only with the first part it is known that there is as much data as dims say.
  const begin = (): void => {
    if (!begun) write(npyHeader(type.descr, tensor.dims));
    begun = true;
  };
  const pass = (bytes: Uint8Array): void => {
    begin();
    write(bytes);
  };
  const kept = type.dtype === tensor.dtype && tensor.dtype !== BOOL && !tensor.sparse;
  if (kept) await passBytes(tensor, pass, options);
  else await streamElements(tensor, (part) => pass(partBytes(type.dtype, part, tensor)), options);
  begin();
}

/** Elements that numpy stores as the file does, bit by bit. */
async function passBytes(
  tensor: StoredTensor,
  write: (bytes: Uint8Array) => void,
  { onProgress }: StreamOptions,
): Promise<void> {
  const count = elementCount(tensor);
  const bytes = rawBytes(knownRow(tensor.dtype, tensor.name), count);
  let done = 0;
  await tensor.stream({ from: 0, to: count }, (raw) => {
    write(raw);
    done += raw.length;
    onProgress?.(done / bytes);
  });
}

function partBytes(dtype: number, part: Elements, { name, place }: StoredTensor): Uint8Array {
  if (part.kind === 'texts') throw holdsTexts(name, place);
  if (part.kind === 'numbers') return encodeRaw(dtype, part.values, name);
  const bytes = new Uint8Array(part.values.length * 8);
  const view = new DataView(bytes.buffer);
  part.values.forEach((value: bigint, i: number) => view.setBigUint64(i * 8, BigInt.asUintN(64, value), true));
  return bytes;
}

/** The head of a .npy file for elements in row-major order. */
export function npyHeader(descr: string, dims: readonly number[]): Uint8Array {
  const shape = dims.length === 1 ? `${dims[0]},` : dims.join(', ');
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`;
  const length = Math.ceil((MAGIC.length + 2 + text.length + 1) / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(length).fill(0x20);
  bytes.set(MAGIC);
  new DataView(bytes.buffer).setUint16(MAGIC.length, length - MAGIC.length - 2, true);
  bytes.set(new TextEncoder().encode(text), MAGIC.length + 2);
  bytes[length - 1] = 0x0a;
  return bytes;
}
