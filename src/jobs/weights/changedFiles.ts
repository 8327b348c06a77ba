import { ChannelwiseError } from '../../bytes/errors.ts';
import type { Splice } from '../../bytes/splice.ts';
import type { FileSource } from '../../files/diskPort.ts';
import { basename } from '../../files/paths.ts';
import { canWrite, type Shard, type TensorChange, type TensorWriter } from '../../formats/format.ts';
import type { OpenFile } from '../open/openFile.ts';

/** A file that changes, and how. */
export interface ChangedFile {
  readonly name: string;
  readonly source: FileSource;
  readonly splices: readonly Splice[];
}

export interface FileChanges {
  readonly writer: TensorWriter;
  readonly changes: readonly TensorChange[];
  readonly record: string;
}

/** The file itself, changed, and where it is an index the files behind it in which a tensor changes. */
export async function changedFiles(
  open: OpenFile,
  { writer, changes, record }: FileChanges,
): Promise<[ChangedFile, ...ChangedFile[]]> {
  const { path, source, file } = open;
  const own = { name: basename(path), source, splices: await writer.splices(changes, record) };
  const shards: ChangedFile[] = [];
  for (const shard of file.shards ?? []) shards.push(...(await changedShard(open, shard, changes)));
  return [own, ...shards];
}

async function changedShard(
  { file, shards }: OpenFile,
  shard: Shard,
  changes: readonly TensorChange[],
): Promise<ChangedFile[]> {
  // The same name may stand in several files; the index says which of them counts.
  const counted = new Set(file.tensors);
  const names = new Set(shard.file.tensors.filter((tensor) => counted.has(tensor)).map(({ name }) => name));
  const mine = changes.filter(({ tensor }) => names.has(tensor));
  const source = shards.get(shard.name);
  const { writer } = shard.file;
  if (mine.length === 0 || !source) return [];
  if (!canWrite(writer)) throw new ChannelwiseError('refused', 'no-writer', writer.refused);
  return [{ name: shard.name, source, splices: await writer.splices(mine, null) }];
}
