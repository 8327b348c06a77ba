import type { PageInner, PageNode } from '../../src/protocol/pageModel.ts';
import { nodeLabel } from '../text/format.ts';
import type { FlatGraph } from './items.ts';
import { NodeScopes } from './nodeScopes.ts';
import { repeatedBlocks } from './repeats.ts';

export interface Group {
  /** Its own name, and its path from the top, which identifies it from one session to the next. */
  title: string;
  path: string;
  parent: number;
  groups: number[];
  items: number[];
  /** Nodes below, at any depth. */
  count: number;
}

export interface Hierarchy {
  /** Group 0 is the whole graph; a parent comes before its children. */
  groups: Group[];
  groupOf: Int32Array;
}

/** A frame takes the room of a layer, and a closed group's box that of two: fewer layers are shown as they are. */
const LEAST_GROUP = 3;
/** A graph of no more nodes is shown with all groups open. */
export const SMALL_GRAPH = 300;
/** A list of more blocks than this is folded into ranges, so that opening a group never floods the page. */
const MAX_BLOCKS = 60;

interface Draft {
  title: string;
  parent: number;
  children: Map<string, number>;
  items: number[];
  /** Nodes below, at any depth. */
  count: number;
  /** A group that is kept though it holds one node: a graph inside a node. */
  kept: boolean;
}

/**
 * Groups from the scopes of nodes: the exporter's own, else the node's name; where names say nothing, from repeated
 * structure.
 */
export function buildHierarchy(flat: FlatGraph, inner?: PageInner): Hierarchy {
  const named = settle(new Drafts(flat, inner), flat);
  const { items, count } = named.groups[0]!;
  let loose = 0;
  for (const i of items) if (flat.items[i]!.node) loose++;
  if (loose < count * 0.7) return named;
  const found = settle(new Drafts(flat, inner, repeatedScopes(flat, inner)), flat);
  return found.groups.length > named.groups.length ? found : named;
}

/** The tree of scopes as the file gives them, before small groups are dropped. */
class Drafts {
  readonly list: Draft[] = [{ title: '', parent: -1, children: new Map(), items: [], count: 0, kept: false }];
  readonly #byName = new Map<string, number>();
  /** The group of each owner's own box, and the one its inner graphs' scopes are read from. */
  readonly #flat: FlatGraph;
  readonly #scopes: NodeScopes;

  constructor(flat: FlatGraph, inner: PageInner | undefined, scopes?: ReadonlyMap<number, string[]>) {
    this.#flat = flat;
    this.#scopes = new NodeScopes(flat.items.flatMap(({ node }) => node ?? []));
    const owners = new Map<number, number>();
    for (const graph of inner?.graphs ?? []) owners.set(graph.owner, -1);
    const firstInner = inner?.nodes[0]?.id ?? Infinity;
    for (let i = 0; i < flat.items.length; i++) {
      const { node } = flat.items[i]!;
      if (!node) {
        if (i < (inner ? flat.innerStart : Infinity)) this.#put(i, 0);
        continue;
      }
      if (node.id >= firstInner) continue;
      const scope = scopes?.get(i);
      this.#place(i, scopes ? this.#down(0, scope ?? []) : this.#scoped(node), node, owners);
    }
    this.#inside(inner, owners);
    for (let g = this.list.length - 1; g > 0; g--) this.list[this.list[g]!.parent]!.count += this.list[g]!.count;
  }

  /** What lies inside nodes comes after its owner, so the owner's group is there already. */
  #inside(inner: PageInner | undefined, owners: Map<number, number>): void {
    let [input, node] = [this.#flat.mainInputs, 0];
    const bodies = new Map<number, number>();
    for (const { owner } of inner?.graphs ?? []) bodies.set(owner, (bodies.get(owner) ?? 0) + 1);
    for (const graph of inner?.graphs ?? []) {
      const home = Math.max(0, owners.get(graph.owner) ?? 0);
      // A single body needs no frame of its own inside its owner's.
      const body = bodies.get(graph.owner) === 1 && home > 0 ? home : this.#child(home, graph.title, { kept: true });
      for (let k = 0; k < graph.inputs.length; k++) this.#put(this.#flat.inputs[input++]!, body);
      const outer = this.#scopeOfOwner.get(graph.owner) ?? [];
      for (let k = 0; k < graph.nodes; k++) {
        const own = inner!.nodes[node++]!;
        const item = this.#flat.itemOfNode.get(own.id);
        if (item === undefined) continue;
        const scope = this.#scopes.of(own);
        let same = 0;
        while (same < outer.length && scope[same] === outer[same]) same++;
        this.#place(item, this.#down(body, scope.slice(same)), own, owners);
      }
    }
  }

  readonly #scopeOfOwner = new Map<number, string[]>();

  #place(item: number, group: number, node: PageNode, owners: Map<number, number>): void {
    let home = group;
    if (owners.has(node.id)) {
      home = this.#child(group, `${node.opType} ${lastPart(nodeLabel(node))}`, { kept: true });
      owners.set(node.id, home);
      this.#scopeOfOwner.set(node.id, this.#scopes.of(node));
    }
    this.#put(item, home);
  }

  #put(item: number, group: number): void {
    const draft = this.list[group]!;
    draft.items.push(item);
    if (this.#flat.items[item]!.node) draft.count++;
  }

  #scoped(node: PageNode): number {
    if (node.scope && node.scope.length > 0) return this.#down(0, this.#scopes.of(node));
    const prefix = this.#scopes.prefixOf(node);
    if (prefix === '') return 0;
    let group = this.#byName.get(prefix);
    if (group === undefined) this.#byName.set(prefix, (group = this.#down(0, this.#scopes.of(node))));
    return group;
  }

  #down(from: number, scope: readonly string[]): number {
    let g = from;
    for (const part of scope) g = this.#child(g, part, { kept: false });
    return g;
  }

  #child(parent: number, title: string, { kept }: Pick<Draft, 'kept'>): number {
    const { children } = this.list[parent]!;
    let child = children.get(title);
    if (child === undefined || (kept && this.list[child]!.kept)) {
      // Two of one name under one parent, as two calls of a function have, are told apart by a number.
      const name = child === undefined ? title : `${title} (${children.size + 1})`;
      child = this.list.length;
      children.set(name, child);
      this.list.push({ title: name, parent, children: new Map(), items: [], count: 0, kept });
    }
    return child;
  }
}

/** `/a/b/If_1` is `If_1` under the groups a and b. */
function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1) || name;
}

function repeatedScopes(flat: FlatGraph, inner: PageInner | undefined): Map<number, string[]> {
  const scopes = new Map<number, string[]>();
  const firstInner = inner?.nodes[0]?.id ?? Infinity;
  const nodes: number[] = [];
  flat.items.forEach((item, i) => {
    if (item.node && item.node.id < firstInner) nodes.push(i);
  });
  const signature = nodes.map((i) => `${flat.items[i]!.node!.opType}/${flat.items[i]!.node!.inputs.length}`);
  const graph = nodes.length > SMALL_GRAPH ? 'large' : 'small';
  repeatedBlocks(signature, graph).forEach(({ start, period, times }, run, all) => {
    const letter = all.length > 1 ? runName(run) : '';
    const size = times > MAX_BLOCKS ? Math.ceil(Math.sqrt(times)) : times;
    for (let k = 0; k < times; k++) {
      const lowest = Math.floor(k / size) * size;
      const range = size < times ? [`Blocks ${letter}${lowest + 1} to ${letter}${Math.min(times, lowest + size)}`] : [];
      for (let j = 0; j < period; j++)
        scopes.set(nodes[start + k * period + j]!, [...range, `Block ${letter}${k + 1}`]);
    }
  });
  return scopes;
}

/** A, B, … Z, then run 27 and so on as a number with a dot. */
function runName(run: number): string {
  return run < 26 ? String.fromCharCode(65 + run) : `${run + 1}.`;
}

/** Drops groups of one or two, and joins a group that holds nothing but one other group with it. */
function settle({ list: drafts }: Drafts, flat: FlatGraph): Hierarchy {
  const total = drafts[0]!.count;
  const groups: Group[] = [{ title: '', path: '', parent: -1, groups: [], items: [], count: total }];
  const groupOf = new Int32Array(flat.items.length);
  const became = new Int32Array(drafts.length);
  const prefix = drafts.map(() => '');
  drafts.forEach((draft, g) => {
    const up = g === 0 ? 0 : became[draft.parent]!;
    // A wrapper around the whole model, or around one other group, is a step that shows nothing.
    const wrapper = draft.items.length === 0 && draft.children.size === 1 && !draft.kept;
    const showsNothing = wrapper || draft.count < LEAST_GROUP || draft.count === total;
    if (g === 0 || (showsNothing && !draft.kept)) {
      became[g] = up;
      if (g > 0 && wrapper) prefix[g] = joined(prefix[draft.parent]!, draft.title);
    } else {
      const title = joined(prefix[draft.parent]!, draft.title);
      became[g] = groups.length;
      groups[up]!.groups.push(groups.length);
      groups.push({
        title,
        path: `${groups[up]!.path}/${title}`,
        parent: up,
        groups: [],
        items: [],
        count: draft.count,
      });
    }
    const own = groups[became[g]!]!;
    for (const item of draft.items) {
      groupOf[item] = became[g]!;
      own.items.push(item);
    }
  });
  return { groups, groupOf };
}

/** A wrapper's title before its only group's: `a/b`; `layer1.0` says `layer1` itself. */
function joined(wrapper: string, title: string): string {
  const [above, last] = [wrapper.slice(0, wrapper.lastIndexOf('/') + 1), lastPart(wrapper)];
  if (wrapper === '') return title;
  return title.startsWith(`${last}.`) ? `${above}${title}` : `${wrapper}/${title}`;
}

/** The groups around a group, itself first, without the whole graph. */
export function ancestors(hierarchy: Hierarchy, group: number): number[] {
  const found: number[] = [];
  for (let g = group; g > 0; g = hierarchy.groups[g]!.parent) found.push(g);
  return found;
}
