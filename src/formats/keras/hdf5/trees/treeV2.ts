import { bytesFor, Cursor } from '../cursor.ts';
import { malformed } from '../errors.ts';
import type { Hdf5File } from '../file.ts';
import { MAX_DEPTH, MAX_NODES } from '../limits.ts';

/** A record of a version 2 B-tree: https://docs.hdfgroup.org/hdf5/v1_14/_f_m_t3.html#V2Btrees */
export interface TreeRecord {
  /** What the tree indexes: 1 huge objects, 5 links by name, 8 attributes by name, 10 and 11 chunks. */
  readonly type: number;
  readonly body: Cursor;
}

interface Tree {
  readonly start: number;
  readonly type: number;
  readonly nodeSize: number;
  readonly recordSize: number;
  /** Bytes of the number of records in a node. */
  readonly countBytes: number;
  /** By depth: bytes of the number of records below a node. */
  readonly totalBytes: readonly number[];
}

interface OpenNode {
  readonly address: number;
  readonly depth: number;
  readonly count: number;
}

/** Signature, version, type and checksum. */
const NODE_OVERHEAD = 10;

/** All records of a tree; the order does not matter to who asks. Nodes that lead in a circle are `malformed`. */
export async function* records(file: Hdf5File, address: number, from: number): AsyncGenerator<TreeRecord> {
  const start = file.place(address, from);
  const { offset, length } = file.widths;
  const head = await file.checked(start, 18 + offset + length);
  head.signature('BTHD');
  head.version(0, 'a B-tree');
  const type = head.u8();
  const nodeSize = head.u32();
  const recordSize = head.u16();
  const depth = head.u16();
  head.skip(2);
  const root = head.address();
  const count = head.u16();
  if (root === null || count === 0) return;
  if (recordSize === 0 || nodeSize < NODE_OVERHEAD + recordSize || depth > MAX_DEPTH)
    throw malformed('a B-tree has odd sizes', start);
  const tree = { start, type, nodeSize, recordSize, ...widthsOf(nodeSize, recordSize, { depth, offset }) };
  yield* walk(file, tree, { address: root, depth, count });
}

async function* walk(file: Hdf5File, tree: Tree, root: OpenNode): AsyncGenerator<TreeRecord> {
  const seen = new Set<number>();
  const open = [root];
  for (let node = open.pop(); node; node = open.pop()) {
    if (seen.has(node.address) || seen.size >= MAX_NODES)
      throw malformed('the nodes of a B-tree lead in a circle', tree.start);
    seen.add(node.address);
    const { cursor, children } = await readNode(file, tree, node);
    open.push(...children);
    for (let i = 0; i < node.count; i++) {
      const at = cursor.place;
      yield { type: tree.type, body: new Cursor(cursor.take(tree.recordSize), at, file.widths) };
    }
  }
}

async function readNode(file: Hdf5File, tree: Tree, node: OpenNode): Promise<{ cursor: Cursor; children: OpenNode[] }> {
  const start = file.place(node.address, tree.start);
  const isLeaf = node.depth === 0;
  const recordBytes = node.count * tree.recordSize;
  const totalBytes = node.depth > 1 ? (tree.totalBytes[node.depth - 1] ?? 0) : 0;
  const pointer = file.widths.offset + tree.countBytes + totalBytes;
  const length = NODE_OVERHEAD - 4 + recordBytes + (isLeaf ? 0 : (node.count + 1) * pointer);
  if (length + 4 > tree.nodeSize) throw malformed('a node of a B-tree is fuller than it can be', start);
  const cursor = await file.checked(start, length);
  cursor.signature(isLeaf ? 'BTLF' : 'BTIN');
  cursor.version(0, 'a node of a B-tree');
  if (cursor.u8() !== tree.type) throw malformed('a node belongs to another kind of B-tree', start);
  const pointers = new Cursor(
    cursor.bytes.subarray(cursor.at + recordBytes),
    start + cursor.at + recordBytes,
    file.widths,
  );
  const children: OpenNode[] = [];
  while (!isLeaf && pointers.left > 0) {
    const address = pointers.address();
    if (address === null) throw malformed('a B-tree lacks a node', start);
    children.push({ address, depth: node.depth - 1, count: pointers.uint(tree.countBytes) });
    pointers.skip(totalBytes);
  }
  return { cursor, children };
}

interface Shape {
  readonly depth: number;
  readonly offset: number;
}

/** How wide counts are follows from how many records fit, level by level (H5B2__hdr_init in HDF5's sources). */
function widthsOf(
  nodeSize: number,
  recordSize: number,
  { depth, offset }: Shape,
): Pick<Tree, 'countBytes' | 'totalBytes'> {
  const inLeaf = Math.floor((nodeSize - NODE_OVERHEAD) / recordSize);
  const countBytes = bytesFor(inLeaf);
  const totalBytes = [0];
  let below = inLeaf;
  for (let level = 1; level <= depth; level++) {
    const pointer = offset + countBytes + (totalBytes[level - 1] ?? 0);
    const inNode = Math.floor((nodeSize - NODE_OVERHEAD - pointer) / (recordSize + pointer));
    below = (inNode + 1) * below + inNode;
    totalBytes.push(bytesFor(below));
  }
  return { countBytes, totalBytes };
}
