import { malformed } from '../errors.ts';
import { Cursor } from '../cursor.ts';
import type { Hdf5File } from '../file.ts';
import { MAX_DEPTH, MAX_NODES } from '../limits.ts';

const GROUP = 0;
const CHUNK = 1;

/**
 * What leaves of a version 1 B-tree point to, with the key in front of each:
 * https://docs.hdfgroup.org/hdf5/v1_14/_f_m_t3.html#V1Btrees
 */
export interface TreeEntry {
  readonly key: Cursor;
  readonly child: number;
}

/** The entries of a tree that indexes symbol tables. */
export function groupEntries(file: Hdf5File, address: number, from: number): AsyncGenerator<TreeEntry> {
  return entries(file, { address, from, type: GROUP, keyBytes: file.widths.length });
}

/** The entries of a tree that indexes the chunks of a dataset with this many axes. */
export function chunkEntries(
  file: Hdf5File,
  address: number,
  { from, rank }: { from: number; rank: number },
): AsyncGenerator<TreeEntry> {
  return entries(file, { address, from, type: CHUNK, keyBytes: 8 + 8 * (rank + 1) });
}

interface Walk {
  readonly address: number;
  readonly from: number;
  readonly type: number;
  readonly keyBytes: number;
}

async function* entries(file: Hdf5File, { address, from, type, keyBytes }: Walk): AsyncGenerator<TreeEntry> {
  const seen = new Set<number>();
  const open: { address: number; level: number | null }[] = [{ address, level: null }];
  for (let node = open.pop(); node; node = open.pop()) {
    const start = file.place(node.address, from);
    if (seen.has(start) || seen.size >= MAX_NODES) throw malformed('the nodes of a B-tree lead in a circle', start);
    seen.add(start);
    const head = await file.block(start, 8 + 2 * file.widths.offset);
    head.signature('TREE');
    if (head.u8() !== type) throw malformed('a node belongs to another kind of B-tree', start);
    const level = head.u8();
    if (level > MAX_DEPTH || (node.level !== null && level !== node.level))
      throw malformed('the levels of a B-tree are out of order', start);
    const count = head.u16();
    const body = await file.block(start + head.bytes.length, count * (keyBytes + file.widths.offset));
    for (let i = 0; i < count; i++) {
      const at = body.place;
      const key = new Cursor(body.take(keyBytes), at, file.widths);
      const child = body.address();
      if (child === null) throw malformed('a B-tree lacks a node', at);
      if (level > 0) open.push({ address: child, level: level - 1 });
      else yield { key, child };
    }
  }
}
