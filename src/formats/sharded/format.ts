import type { ByteSource } from '../../bytes/byteSource.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import { rawBytes } from '../../tensors/dtypes.ts';
import { knownRow } from '../../tensors/elements.ts';
import { elementCount, type StoredTensor } from '../../tensors/storedTensor.ts';
import {
  HEAD_BYTES,
  type Fact,
  type Format,
  type OpenContext,
  type OpenedFile,
  type Shard,
  type TensorChange,
} from '../format.ts';
import { isPartFact, pytorchFormat } from '../pytorch/format.ts';
import { safetensorsFormat } from '../safetensors/format.ts';
import { changedIndex, readShardIndex, recordOfIndex, type ShardIndex } from './shardIndex.ts';

/** A name and its file take some hundred bytes; the largest networks have some 100,000 tensors. */
const MAX_INDEX_BYTES = 64 * 1024 * 1024;
/** All are open at once, and systems allow a process some thousand open files. The largest networks have 200. */
const MAX_SHARDS = 800;
const SHARD_FORMATS = [safetensorsFormat, pytorchFormat];
const MAX_NAMED = 3;

/**
 * The index of a model that lies in several files, as Hugging Face writes it beside them: all of them are opened as one
 * model. `weight_map` says which of them holds a tensor.
 */
export const shardedFormat: Format = {
  id: 'sharded',
  title: 'index of several files',
  holds: 'weights',
  recognise: (head) => /^\s*\{\s*"(metadata|weight_map)"\s*:/.test(String.fromCharCode(...head)),
  open: openIndex,
};

async function openIndex(source: ByteSource, context: OpenContext): Promise<OpenedFile> {
  const index = readShardIndex(context.name, await indexText(source, context.name));
  if (index.shards.length > MAX_SHARDS)
    throw new ChannelwiseError(
      'unsupported',
      'shards',
      `The index names ${index.shards.length} files, and ${MAX_SHARDS} are the most that are opened at once.`,
    );
  const shards: Shard[] = [];
  const missing: string[] = [];
  for (const name of index.shards) {
    const shard = await openShard(name, context);
    if (shard) shards.push(shard);
    else missing.push(name);
  }
  const tensors = shards.flatMap((shard) => tensorsOf(shard, index));
  return {
    facts: facts(index, shards),
    warnings: [...shards.flatMap(({ file }) => file.warnings), ...missingTexts(index, tensors, missing)],
    tensors,
    graph: null,
    shards,
    writer:
      missing.length > 0
        ? { refused: `${missing[0] ?? ''} is not beside its index, and the model can be changed only as a whole.` }
        : {
            record: recordOfIndex(index),
            splices: (changes, record) =>
              Promise.resolve([{ start: 0, end: source.size, bytes: indexBytes(index, tensors, { changes, record }) }]),
          },
  };
}

async function indexText(source: ByteSource, name: string): Promise<string> {
  if (source.size > MAX_INDEX_BYTES)
    throw new ChannelwiseError('unsupported', 'index-size', `${name} is too large for an index of a model's files.`);
  const bytes = await source.read(0, source.size);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ChannelwiseError('malformed', 'index', `${name} can't be read: it is not UTF-8.`, { offset: 0 });
  }
}

/** null for a file that is not there. */
async function openShard(name: string, context: OpenContext): Promise<Shard | null> {
  const source = (await context.beside?.(name)) ?? null;
  if (!source) return null;
  const head = await source.read(0, Math.min(source.size, HEAD_BYTES));
  const format = SHARD_FORMATS.find((candidate) => candidate.recognise(head));
  if (!format)
    throw new ChannelwiseError('unsupported', 'shard', `${name}, which the index names, holds no weights we can read.`);
  return { name, size: source.size, file: await format.open(source, { ...context, name }) };
}

/** The tensors that the index says lie in this file, and those that it does not mention. */
function tensorsOf({ name, file }: Shard, { weightMap }: ShardIndex): readonly StoredTensor[] {
  return file.tensors.filter((tensor) => (weightMap.get(tensor.name) ?? name) === name);
}

function facts({ shards }: ShardIndex, opened: readonly Shard[]): Fact[] {
  const ofFiles = opened.flatMap(({ file }) => file.facts).filter((fact) => !isPartFact(fact));
  const formats = new Map(ofFiles.map((fact) => [`${fact.label} ${fact.value}`, fact]));
  return [{ label: 'Files', value: namesText(shards) }, ...formats.values()];
}

function namesText(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMED).join(', ');
  return names.length > MAX_NAMED ? `${shown}, … (${names.length})` : shown;
}

function missingTexts(index: ShardIndex, tensors: readonly StoredTensor[], missing: readonly string[]): string[] {
  const found = new Set(tensors.map(({ name }) => name));
  const gone = new Set(missing);
  const lost = [...index.weightMap].filter(([name, shard]) => !found.has(name) && !gone.has(shard));
  const named = lost.slice(0, MAX_NAMED).map(([name, shard]) => `${name} (${shard})`);
  return [
    ...(missing.length > 0 ? [`Not beside the index: ${missing.join(', ')}.`] : []),
    ...(lost.length > 0 ? [`The index names tensors that are not in its files: ${named.join(', ')}.`] : []),
  ];
}

interface Written {
  readonly changes: readonly TensorChange[];
  readonly record: string | null;
}

function indexBytes(index: ShardIndex, tensors: readonly StoredTensor[], { changes, record }: Written): Uint8Array {
  return new TextEncoder().encode(changedIndex(index, { grown: grownBytes(changes, tensors), record }));
}

/** Bytes that changed tensors take more than before. */
export function grownBytes(changes: readonly TensorChange[], tensors: readonly StoredTensor[]): number {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  return changes.reduce((sum, { tensor, bytes }) => {
    const old = byName.get(tensor);
    return sum + bytes.length - (old ? rawBytes(knownRow(old.dtype, old.name), elementCount(old)) : 0);
  }, 0);
}
