import type { NestedInput } from './geometry.ts';

/** What is on the page when some groups are open: frames, closed groups and items, by box number. */
export interface VisibleTree {
  /** Item, or -1 - group. */
  ref: number[];
  /** The open group each box lies in directly. */
  parent: number[];
  expanded: Uint8Array;
  /** Box of each visible group (-1 for the whole graph and for hidden ones); box that shows each item. */
  ofGroup: Int32Array;
  ofItem: Int32Array;
  /** How deep each group lies. */
  depth: Int32Array;
}

/** What is on the page while `open` groups (1 by number of group) are open. */
export function visibleTree(input: NestedInput, open: Uint8Array): VisibleTree {
  const groups = input.groupParent.length;
  const expanded = new Uint8Array(groups);
  const depth = new Int32Array(groups);
  const shownBy = new Int32Array(groups).fill(-1);
  const ofGroup = new Int32Array(groups).fill(-1);
  const ref: number[] = [];
  const parent: number[] = [];
  const closed: number[] = [];
  expanded[0] = 1;
  for (let g = 1; g < groups; g++) {
    const up = input.groupParent[g]!;
    depth[g] = depth[up]! + 1;
    if (!expanded[up]) shownBy[g] = shownBy[up]!;
    else if (open[g]) {
      expanded[g] = 1;
      ofGroup[g] = ref.length;
      ref.push(-1 - g);
      parent.push(up);
    } else {
      shownBy[g] = g;
      closed.push(g);
    }
  }
  for (const g of closed) {
    ofGroup[g] = ref.length;
    ref.push(-1 - g);
    parent.push(input.groupParent[g]!);
  }
  const ofItem = new Int32Array(input.groupOf.length);
  for (let i = 0; i < ofItem.length; i++) {
    const g = input.groupOf[i]!;
    if (!expanded[g]) ofItem[i] = ofGroup[shownBy[g]!]!;
    else {
      ofItem[i] = ref.length;
      ref.push(i);
      parent.push(g);
    }
  }
  return { ref, parent, expanded, ofGroup, ofItem, depth };
}

/**
 * The lines of each open group. A link between two groups becomes one piece in each group it crosses, joined at ports
 * on the frames. An end with a box and a port is a port of that box's frame; one with a port alone is a port of the
 * group itself.
 */
export class Pieces {
  readonly group: number[] = [];
  readonly fromBox: number[] = [];
  readonly fromPort: number[] = [];
  readonly toBox: number[] = [];
  readonly toPort: number[] = [];
  readonly firstLink: number[] = [];
  readonly labelled: number[] = [];
  readonly portGroup: number[] = [];
  /** -1 for an entrance, 1 for an exit. */
  readonly portSide: number[] = [];
  #carried: number[] = [];
  #carrier: number[] = [];

  port(group: number, side: -1 | 1): number {
    this.portGroup.push(group);
    this.portSide.push(side);
    return this.portGroup.length - 1;
  }

  piece(group: number, { from, to }: Ends, link: number, label: boolean): number {
    this.group.push(group);
    this.fromBox.push(from.box);
    this.fromPort.push(from.port);
    this.toBox.push(to.box);
    this.toPort.push(to.port);
    this.firstLink.push(link);
    this.labelled.push(label ? 1 : 0);
    return this.group.length - 1;
  }

  carry(piece: number, link: number): void {
    this.#carried.push(link);
    this.#carrier.push(piece);
  }

  allLinks(): { linkStart: Int32Array; links: Int32Array } {
    const linkStart = new Int32Array(this.group.length + 1);
    for (const piece of this.#carrier) linkStart[piece + 1]!++;
    for (let p = 0; p < this.group.length; p++) linkStart[p + 1]! += linkStart[p]!;
    const at = linkStart.slice(0, this.group.length);
    const links = new Int32Array(this.#carried.length);
    for (let i = 0; i < links.length; i++) links[at[this.#carrier[i]!]!++] = this.#carried[i]!;
    return { linkStart, links };
  }
}

interface End {
  box: number;
  port: number;
}

interface Ends {
  readonly from: End;
  readonly to: End;
}

/**
 * What one source has made so far, by group and by box. Taken for the next source by a new stamp, so nothing is
 * cleared.
 */
class SourceMarks {
  readonly #stamp: Int32Array;
  readonly #value: Int32Array;
  constructor(size: number) {
    this.#stamp = new Int32Array(size).fill(-1);
    this.#value = new Int32Array(size);
  }
  get(at: number, source: number): number {
    return this.#stamp[at] === source ? this.#value[at]! : -1;
  }
  set(at: number, source: number, value: number): number {
    this.#stamp[at] = source;
    return (this.#value[at] = value);
  }
}

/** Links source by source: a tensor, or a closed group, which sends all its tensors to one reader as one line. */
function bySource(input: NestedInput, tree: VisibleTree): { source: Int32Array; order: Int32Array } {
  const count = input.linkFrom.length;
  const source = new Int32Array(count);
  const start = new Int32Array(input.tensors + tree.ref.length + 1);
  for (let l = 0; l < count; l++) {
    const box = tree.ofItem[input.linkFrom[l]!]!;
    source[l] = tree.ref[box]! >= 0 ? input.linkTensor[l]! : input.tensors + box;
    start[source[l]! + 1]!++;
  }
  for (let s = 1; s < start.length; s++) start[s]! += start[s - 1]!;
  const order = new Int32Array(count);
  for (let l = 0; l < count; l++) order[start[source[l]!]!++] = l;
  return { source, order };
}

/** Whether a line goes from box to box in one group, and the shape it carries stands below the second. */
function isQuiet(input: NestedInput, tree: VisibleTree, link: number): boolean {
  if (!input.linkQuiet[link]) return false;
  const [from, to] = [tree.ofItem[input.linkFrom[link]!]!, tree.ofItem[input.linkTo[link]!]!];
  return tree.ref[from]! >= 0 && tree.ref[to]! >= 0 && tree.parent[from] === tree.parent[to];
}

/** The lines between what is on the page. Links that stay within a closed group have none. */
export function collectPieces(input: NestedInput, tree: VisibleTree): Pieces {
  const { source, order } = bySource(input, tree);
  const collector = new PieceCollector(input, tree);
  for (const link of order) collector.collect(link, source[link]!);
  return collector.pieces;
}

interface NewPiece {
  readonly group: number;
  readonly ends: Ends;
  readonly link: number;
  readonly source: number;
  readonly label: boolean;
}

class PieceCollector {
  readonly pieces = new Pieces();
  readonly #input: NestedInput;
  readonly #tree: VisibleTree;
  readonly #exits: SourceMarks;
  readonly #entries: SourceMarks;
  /** Within one group a source reaches each box, and leaves the group, by one piece. */
  readonly #reaching: SourceMarks;
  readonly #leaving: SourceMarks;
  readonly #labelled: SourceMarks;

  constructor(input: NestedInput, tree: VisibleTree) {
    const groups = input.groupParent.length;
    this.#input = input;
    this.#tree = tree;
    this.#exits = new SourceMarks(groups);
    this.#entries = new SourceMarks(groups);
    this.#leaving = new SourceMarks(groups);
    this.#reaching = new SourceMarks(tree.ref.length);
    this.#labelled = new SourceMarks(groups);
  }

  /** Leads one link out of the deeper end's group, and so on, until both ends lie in the same group. */
  collect(link: number, source: number): void {
    const tree = this.#tree;
    const input = this.#input;
    const box = tree.ofItem[input.linkFrom[link]!]!;
    const target = tree.ofItem[input.linkTo[link]!]!;
    if (box === target) return;
    let from: End = { box, port: -1 };
    let to: End = { box: target, port: -1 };
    let fromGroup = tree.parent[box]!;
    let toGroup = tree.parent[target]!;
    while (fromGroup !== toGroup) {
      if (tree.depth[fromGroup]! >= tree.depth[toGroup]!) {
        const port = this.#exitOf(fromGroup, source);
        this.#add({ group: fromGroup, ends: { from, to: { box: -1, port } }, link, source, label: false });
        from = { box: tree.ofGroup[fromGroup]!, port };
        fromGroup = input.groupParent[fromGroup]!;
      } else {
        const port = this.#entryOf(toGroup, source);
        this.#add({ group: toGroup, ends: { from: { box: -1, port }, to }, link, source, label: false });
        to = { box: tree.ofGroup[toGroup]!, port };
        toGroup = input.groupParent[toGroup]!;
      }
    }
    this.#add({ group: fromGroup, ends: { from, to }, link, source, label: !isQuiet(input, tree, link) });
  }

  #exitOf(group: number, source: number): number {
    const known = this.#exits.get(group, source);
    return known >= 0 ? known : this.#exits.set(group, source, this.pieces.port(group, 1));
  }

  #entryOf(group: number, source: number): number {
    const known = this.#entries.get(group, source);
    return known >= 0 ? known : this.#entries.set(group, source, this.pieces.port(group, -1));
  }

  #add({ group, ends, link, source, label }: NewPiece): void {
    const leaves = ends.to.box < 0;
    const marks = leaves ? this.#leaving : this.#reaching;
    const key = leaves ? group : ends.to.box;
    // A tensor with several readers is labelled once.
    const isFirst = label && this.#labelled.get(group, source) < 0;
    let piece = marks.get(key, source);
    if (piece < 0) piece = marks.set(key, source, this.pieces.piece(group, ends, link, isFirst));
    if (isFirst) this.#labelled.set(group, source, 1);
    this.pieces.carry(piece, link);
  }
}
