import { joined } from '../../bytes/joined.ts';
import { sameNumbers } from '../../bytes/sameNumbers.ts';
import type { Splice } from '../../bytes/splice.ts';
import type { EntryNumbers, ZipEntry } from './centralDirectory.ts';
import {
  extraBytes,
  MAX32,
  TORCH_PADDING,
  viewOf,
  withZip64,
  ZIP64,
  zip64Numbers,
  type ExtraFields,
  FIELD_HEAD,
} from './extraFields.ts';
import { DESCRIPTOR, descriptorBytes, type LocalHeader } from './localHeader.ts';
import { zipUnsupported } from './zipError.ts';
import { LOCAL_AT, LOCAL_BYTES } from './records.ts';

/** torch fills its padding with this letter. */
const PADDING = 'Z'.charCodeAt(0);

/** An entry with its numbers before and after an edit. */
export interface HeaderChange {
  readonly entry: ZipEntry;
  readonly header: LocalHeader;
  readonly next: EntryNumbers;
  /** Data of entries that torch padded begins at multiples of this. */
  readonly alignment: number;
}

/**
 * Splices of an entry's header and descriptor; none for what stays as it is. Throws `unsupported` where a number needs
 * 64 bits and the header has no field for it.
 */
export function headerSplices(change: HeaderChange): Splice[] {
  const { entry, header } = change;
  const before = joined([header.fixed, entry.nameBytes, extraBytes(header.extra)]);
  const extra = isTorchs(header.extra) ? torchExtra(change) : changedExtra(change);
  const after = joined([changedFixed(change, extraBytes(extra).length), entry.nameBytes, extraBytes(extra)]);
  const splices = sameNumbers(before, after) ? [] : [{ start: entry.headerStart, end: header.dataStart, bytes: after }];
  return [...splices, ...descriptorSplices(change, extra)];
}

function isTorchs(extra: ExtraFields): boolean {
  return extra.fields.at(-1)?.id === TORCH_PADDING && extra.rest.length === 0;
}

/**
 * Extra fields as torch's writer has them (`getPadding` in inline_container.cc): a zip64 field with both sizes where
 * they need it and the offset where that does, then padding up to the data.
 */
function torchExtra({ entry, header, next, alignment }: HeaderChange): ExtraFields {
  if (entry.size >= MAX32 && (next.size !== entry.size || next.crc !== entry.crc))
    throw zipUnsupported('an entry of more than 4 GiB would change', entry.headerStart);
  const sizes = entry.size >= MAX32 ? zip64Numbers(header.extra).slice(0, 2) : [];
  const offset = next.headerStart >= MAX32 ? [next.headerStart] : [];
  const others = header.extra.fields.filter((extraField) => extraField.id !== TORCH_PADDING);
  const front = withZip64({ ...header.extra, fields: others }, [...sizes, ...offset]);
  const unpadded = next.headerStart + LOCAL_BYTES + entry.nameBytes.length + extraBytes(front).length + FIELD_HEAD;
  const padding = (alignment - (unpadded % alignment)) % alignment;
  const field = { id: TORCH_PADDING, data: new Uint8Array(padding).fill(PADDING) };
  return { fields: [...front.fields, field], rest: front.rest };
}

/** The zip64 field of a header that has one holds the size, then the compressed size. */
function changedExtra({ header, next }: HeaderChange): ExtraFields {
  const view = viewOf(header.fixed);
  const numbers = zip64Numbers(header.extra);
  let at = 0;
  if (view.getUint32(LOCAL_AT.size, true) === MAX32) numbers[at++] = next.size;
  if (view.getUint32(LOCAL_AT.compressedSize, true) === MAX32) numbers[at++] = next.compressedSize;
  return withZip64(header.extra, numbers);
}

function changedFixed({ entry, header, next }: HeaderChange, extraLength: number): Uint8Array {
  const fixed = header.fixed.slice();
  const view = viewOf(fixed);
  const set = (field: number, old: number, value: number): void => {
    const here = view.getUint32(field, true);
    // Zero beside a descriptor, all ones beside a zip64 field: the number stands there.
    if (here !== old || here === MAX32) return;
    if (value >= MAX32) throw zipUnsupported('an entry would grow beyond 4 GiB', entry.headerStart);
    view.setUint32(field, value, true);
  };
  set(LOCAL_AT.compressedSize, entry.compressedSize, next.compressedSize);
  set(LOCAL_AT.size, entry.size, next.size);
  if (view.getUint32(LOCAL_AT.crc, true) === entry.crc) view.setUint32(LOCAL_AT.crc, next.crc, true);
  view.setUint16(LOCAL_AT.extraLength, extraLength, true);
  return fixed;
}

/** torch's descriptors have 64-bit sizes where the header has a zip64 field; all others stay as wide as they are. */
function descriptorSplices({ entry, header, next }: HeaderChange, extra: ExtraFields): Splice[] {
  const old = header.descriptor;
  if (!old) return [];
  const wide = isTorchs(header.extra) ? extra.fields.some((field) => field.id === ZIP64) : old.wide;
  const unchanged = wide === old.wide && next.crc === entry.crc && next.size === entry.size;
  if (unchanged && next.compressedSize === entry.compressedSize) return [];
  const shape = { signed: old.signed, wide };
  const bytes = new Uint8Array(descriptorBytes(shape));
  const view = viewOf(bytes);
  const at = shape.signed ? 4 : 0;
  if (shape.signed) view.setUint32(0, DESCRIPTOR, true);
  view.setUint32(at, next.crc, true);
  setSize(view, at + 4, next.compressedSize, wide);
  setSize(view, at + (wide ? 12 : 8), next.size, wide);
  return [{ start: old.start, end: old.end, bytes }];
}

function setSize(view: DataView, at: number, value: number, wide: boolean): void {
  if (wide) view.setBigUint64(at, BigInt(value), true);
  else view.setUint32(at, value, true);
}
