import { joined } from '../../bytes/joined.ts';

/** One extra field of a header: two bytes of id, two of length, data. */
export interface ExtraField {
  readonly id: number;
  readonly data: Uint8Array;
}

export interface ExtraFields {
  readonly fields: readonly ExtraField[];
  /** What stands behind the last whole field: some writers pad with zeros. */
  readonly rest: Uint8Array;
}

/** Sizes and offsets that need 64 bits (APPNOTE 4.5.3). */
export const ZIP64 = 0x0001;
/** "FB": torch pads with it, so that data begins at multiples of 64. */
export const TORCH_PADDING = 0x4246;
/** A 32-bit size or offset of this value stands in the zip64 field instead. */
export const MAX32 = 0xffffffff;
/** An extra field's id and length, in front of its data. */
export const FIELD_HEAD = 4;

/** The extra fields of an entry (APPNOTE 4.5); `rest` is what follows the last whole one. */
export function parseExtra(bytes: Uint8Array): ExtraFields {
  const view = viewOf(bytes);
  const fields: ExtraField[] = [];
  let at = 0;
  while (at + FIELD_HEAD <= bytes.length) {
    const end = at + FIELD_HEAD + view.getUint16(at + 2, true);
    if (end > bytes.length) break;
    fields.push({ id: view.getUint16(at, true), data: bytes.subarray(at + FIELD_HEAD, end) });
    at = end;
  }
  return { fields, rest: bytes.subarray(at) };
}

/** The same as bytes again, `rest` among them. */
export function extraBytes({ fields, rest }: ExtraFields): Uint8Array {
  const parts = fields.map(({ id, data }) => {
    const bytes = new Uint8Array(FIELD_HEAD + data.length);
    const view = viewOf(bytes);
    view.setUint16(0, id, true);
    view.setUint16(2, data.length, true);
    bytes.set(data, FIELD_HEAD);
    return bytes;
  });
  return joined([...parts, rest]);
}

/** The numbers of a zip64 field, in its order. Fewer where it is shorter; a number beyond 2^53 is NaN. */
export function zip64Numbers(extra: ExtraFields): number[] {
  const field = extra.fields.find((extraField) => extraField.id === ZIP64);
  if (!field) return [];
  const view = viewOf(field.data);
  const count = Math.floor(field.data.length / 8);
  return Array.from({ length: count }, (_, i) => uint64(view, 8 * i));
}

/**
 * The same fields with the zip64 field's numbers replaced; the field goes where there are none, and comes first where
 * it was not.
 */
export function withZip64(extra: ExtraFields, numbers: readonly number[]): ExtraFields {
  const others = extra.fields.filter((extraField) => extraField.id !== ZIP64);
  if (numbers.length === 0) return { ...extra, fields: others };
  const data = new Uint8Array(8 * numbers.length);
  const view = viewOf(data);
  numbers.forEach((n, i) => view.setBigUint64(8 * i, BigInt(n), true));
  const field = { id: ZIP64, data };
  const at = extra.fields.findIndex((extraField) => extraField.id === ZIP64);
  const fields =
    at < 0 ? [field, ...others] : extra.fields.map((extraField) => (extraField.id === ZIP64 ? field : extraField));
  return { ...extra, fields };
}

/** An unsigned 64-bit number, NaN where it is beyond 2^53. */
export function uint64(view: DataView, at: number): number {
  const value = Number(view.getBigUint64(at, true));
  return Number.isSafeInteger(value) ? value : NaN;
}

/** A view for numbers of more than one byte. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
