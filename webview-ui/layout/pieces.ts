import type { NestedInput } from './nested.ts';

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
 * The lines of each open group. A link between two groups becomes one piece in each group it crosses, joined at ports on the frames.
 * An end with a box and a port is a port of that box's frame; one with a port alone is a port of the group itself.
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
  #pieces = new Map<string, number>();
  #ports = new Map<string, number>();
  #labels = new Set<string>();
  #carried: number[] = [];
  #carrier: number[] = [];

  port(group: number, side: -1 | 1, source: string): number {
    const key = `${group} ${side} ${source}`;
    let port = this.#ports.get(key);
    if (port === undefined) {
      port = this.portGroup.length;
      this.#ports.set(key, port);
      this.portGroup.push(group);
      this.portSide.push(side);
    }
    return port;
  }

  add(group: number, from: End, to: End, source: string, link: number, label: boolean): void {
    const key = `${from.box} ${from.port} ${to.box} ${to.port} ${source}`;
    let piece = this.#pieces.get(key);
    if (piece === undefined) {
      piece = this.group.length;
      this.#pieces.set(key, piece);
      this.group.push(group);
      this.fromBox.push(from.box);
      this.fromPort.push(from.port);
      this.toBox.push(to.box);
      this.toPort.push(to.port);
      this.firstLink.push(link);
      // A tensor with several readers is labelled once.
      const name = `${group} ${source}`;
      this.labelled.push(label && !this.#labels.has(name) ? 1 : 0);
      if (label) this.#labels.add(name);
    }
    this.#carried.push(link);
    this.#carrier.push(piece);
  }

  allLinks(): { linkStart: Int32Array; links: Int32Array } {
    const linkStart = new Int32Array(this.group.length + 1);
    for (const piece of this.#carrier) linkStart[piece + 1]!++;
    for (let p = 0; p < this.group.length; p++) linkStart[p + 1]! += linkStart[p]!;
    const at = linkStart.slice(0, this.group.length);
    const links = new Int32Array(this.#carried.length);
    this.#carrier.forEach((piece, i) => { links[at[piece]!++] = this.#carried[i]!; });
    return { linkStart, links };
  }
}

interface End {
  box: number;
  port: number;
}

export function collectPieces(input: NestedInput, tree: VisibleTree): Pieces {
  const pieces = new Pieces();
  for (let link = 0; link < input.linkFrom.length; link++) {
    const source = tree.ofItem[input.linkFrom[link]!]!;
    const target = tree.ofItem[input.linkTo[link]!]!;
    if (source === target) continue;
    // A closed group sends all its tensors to one reader as one line.
    const name = tree.ref[source]! >= 0 ? `t${input.linkTensor[link]!}` : `g${source}`;
    let from: End = { box: source, port: -1 };
    let to: End = { box: target, port: -1 };
    let [a, b] = [tree.parent[source]!, tree.parent[target]!];
    while (a !== b) {
      if (tree.depth[a]! >= tree.depth[b]!) {
        const port = pieces.port(a, 1, name);
        pieces.add(a, from, { box: -1, port }, name, link, false);
        from = { box: tree.ofGroup[a]!, port };
        a = input.groupParent[a]!;
      } else {
        const port = pieces.port(b, -1, name);
        pieces.add(b, { box: -1, port }, to, name, link, false);
        to = { box: tree.ofGroup[b]!, port };
        b = input.groupParent[b]!;
      }
    }
    pieces.add(a, from, to, name, link, true);
  }
  return pieces;
}
