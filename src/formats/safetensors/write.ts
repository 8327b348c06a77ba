import type { Splice } from '../../bytes/splice.ts';
import { entries, member } from '../../bytes/json/json.ts';
import { editText, type TextEdit } from '../../bytes/json/jsonEdit.ts';
import type { TensorChange } from '../format.ts';
import { LENGTH_BYTES, METADATA, type SafetensorsHeader } from './header.ts';

/** Readers map the data at multiples of this. */
const ALIGNMENT = 8;

/** What a changed file says about itself: an entry of its metadata. */
export interface MetadataRecord {
  readonly key: string;
  readonly value: string;
}

/**
 * Splices that give tensors other sizes and bytes: their data, the offsets of all that lie behind them, and the
 * header's length. The header is padded with spaces to a multiple of 8 bytes, as the format's own writer does;
 * everything else in it stays as it was written.
 */
export function changeTensors(
  header: SafetensorsHeader,
  changes: readonly TensorChange[],
  record: MetadataRecord | null,
): Splice[] {
  const byName = new Map(changes.map((change) => [change.tensor, change]));
  const edits: TextEdit[] = record ? [recordEdit(header, record)] : [];
  const splices: Splice[] = [];
  let moved = 0;
  for (const { name, start, end, shape, offsets } of header.tensors) {
    const change = byName.get(name);
    const from = start - header.dataStart + moved;
    if (change) {
      splices.push({ start, end, bytes: change.bytes });
      edits.push({ start: shape.start, end: shape.end, text: `[${change.dims.join(',')}]` });
      moved += change.bytes.length - (end - start);
    }
    const to = end - header.dataStart + moved;
    if (change || moved !== 0) edits.push({ start: offsets.start, end: offsets.end, text: `[${from},${to}]` });
  }
  return [headerSplice(header, edits), ...splices];
}

function headerSplice({ text, json, dataStart }: SafetensorsHeader, edits: readonly TextEdit[]): Splice {
  const body = new TextEncoder().encode(editText(text.slice(0, json.end), edits));
  const length = Math.ceil(body.length / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(LENGTH_BYTES + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(body, LENGTH_BYTES);
  return { start: 0, end: dataStart, bytes };
}

/** Puts a record into the metadata: in place of an older one, behind the others, or as the only one. */
function recordEdit({ json }: SafetensorsHeader, { key, value }: MetadataRecord): TextEdit {
  const metadata = member(json, METADATA);
  const old = member(metadata, key);
  const text = JSON.stringify(value);
  if (old) return { start: old.start, end: old.end, text };
  const entry = `${JSON.stringify(key)}:${text}`;
  if (metadata) {
    const comma = entries(metadata).size > 0 ? ',' : '';
    return { start: metadata.end - 1, end: metadata.end - 1, text: `${comma}${entry}` };
  }
  const comma = entries(json).size > 0 ? ',' : '';
  const place = json.start + 1;
  return { start: place, end: place, text: `${JSON.stringify(METADATA)}:{${entry}}${comma}` };
}
