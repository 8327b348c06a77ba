import type { ProvenanceSource } from '../../adapt/report/provenance.ts';
import { sha256 } from '../../files/digest/sha256.ts';
import { sourceDigest } from '../../files/digest/sourceDigest.ts';
import { basename, dirname, resolve } from '../../files/paths.ts';
import { readCost, type OpenFile } from '../open/openFile.ts';

/**
 * What a record keeps of the file that an adaptation starts from. `inFolder`: the variant is a folder beside its
 * folder, so that both files have the same name.
 */
export async function originOf(open: OpenFile, inFolder: boolean): Promise<ProvenanceSource> {
  const { path } = open;
  const origin = { name: basename(path), ...(await weightsMark(open)) };
  return inFolder ? { ...origin, folder: basename(dirname(resolve(path))) } : origin;
}

/** Size and digest of a file of weights; of an index, those of the files that it names with it. */
export async function weightsMark(open: OpenFile): Promise<{ readonly size: number; readonly digest: string }> {
  const { source, shards } = open;
  const own = await sourceDigest(source);
  const size = readCost(open).fileSize;
  if (shards.size === 0) return { size, digest: own };
  const lines = [`${own}\n`];
  for (const [name, shard] of shards) lines.push(`${name}\n${await sourceDigest(shard)}\n`);
  return { size, digest: await sha256(lines) };
}
