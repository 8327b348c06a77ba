import { ChannelwiseError } from '../../bytes/errors.ts';
import { RECORD_KEY } from '../format.ts';
import { entries, member, memberAt, number, parseJson, text, type Json } from '../../bytes/json/json.ts';
import { editText, type TextEdit } from '../../bytes/json/jsonEdit.ts';

/** How the names of such indices end: transformers, diffusers, accelerate. */
export const INDEX_END = '.index.json';

/** Which file holds each tensor of a model that lies in several files. */
export interface ShardIndex {
  readonly text: string;
  readonly json: Json;
  /** File names by tensor name. */
  readonly weightMap: ReadonlyMap<string, string>;
  /** The files, by name. */
  readonly shards: readonly string[];
}

/**
 * Reads `{"metadata": {"total_size": …}, "weight_map": {tensor: file}}`. Throws `malformed` for what is no JSON,
 * `unsupported` for JSON that names no files, `malformed` for a file name that leads out of the folder.
 */
export function readShardIndex(name: string, content: string): ShardIndex {
  const json = parseJson(content, name);
  const weightMap = new Map<string, string>();
  for (const [tensor, entry] of entries(member(json, 'weight_map'))) {
    const shard = text(entry);
    if (shard === undefined || !isPlainName(shard))
      throw new ChannelwiseError(
        'malformed',
        'shard-name',
        `The index ${name} does not name a file of its own folder for ${tensor}.`,
        { tensor },
      );
    weightMap.set(tensor, shard);
  }
  if (weightMap.size === 0)
    throw new ChannelwiseError(
      'unsupported',
      'no-index',
      `${name} is a JSON file without a weight_map, so it is no index of a model's files.`,
    );
  return { text: content, json, weightMap, shards: [...new Set(weightMap.values())].sort() };
}

function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[\\/:\0]/.test(name);
}

/** The record of an adaptation that the index carries in its metadata. */
export function recordOfIndex({ json }: ShardIndex): string | null {
  return text(memberAt(json, 'metadata', RECORD_KEY)) ?? null;
}

/** What changes in an index: the bytes that all files have together, and the record. */
export interface IndexChange {
  /** Bytes that the tensors grow by. */
  readonly grown: number;
  /** null leaves the record as it is. */
  readonly record: string | null;
}

/** The index after a change; everything else in it stays as it was written. */
export function changedIndex(index: ShardIndex, { grown, record }: IndexChange): string {
  const size = memberAt(index.json, 'metadata', 'total_size');
  const before = number(size);
  const edits: TextEdit[] = [];
  if (size && before !== undefined) edits.push({ start: size.start, end: size.end, text: String(before + grown) });
  if (record !== null) edits.push(recordEdit(index, record));
  return editText(index.text, edits);
}

function recordEdit({ json }: ShardIndex, record: string): TextEdit {
  const metadata = member(json, 'metadata');
  const value = JSON.stringify(record);
  const old = member(metadata, RECORD_KEY);
  if (old) return { start: old.start, end: old.end, text: value };
  const entry = `${JSON.stringify(RECORD_KEY)}: ${value}`;
  if (metadata?.value instanceof Map) {
    const comma = metadata.value.size > 0 ? ', ' : '';
    return { start: metadata.start + 1, end: metadata.start + 1, text: `${entry}${comma}` };
  }
  return { start: json.start + 1, end: json.start + 1, text: `"metadata": {${entry}}, ` };
}
