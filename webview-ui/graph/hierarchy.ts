import type { FlatGraph } from './items.ts';
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

/** Scopes deeper than this are cut: no exporter nests so far, a hostile file may. */
const MAX_DEPTH = 24;
/** A list of more blocks than this is folded into ranges, so that opening a group never floods the page. */
const MAX_BLOCKS = 60;

interface Draft {
  title: string;
  parent: number;
  children: Map<string, number>;
  items: number[];
}

/** Groups from the scopes of nodes: the exporter's own, else the node's name; where names say nothing, from repeated structure. */
export function buildHierarchy(flat: FlatGraph): Hierarchy {
  const scopes = flat.items.map((item) => (item.node ? scopeOf(item.node) : []));
  const named = settle(draft(scopes), flat);
  const loose = named.groups[0]!.items.filter((i) => flat.items[i]!.node).length;
  if (loose < named.groups[0]!.count * 0.7) return named;
  const repeated = flat.items.map((): string[] => []);
  addRepeats(flat, repeated);
  const found = settle(draft(repeated), flat);
  return found.groups.length > 1 ? found : named;
}

function scopeOf(node: { name: string; scope?: string[] }): string[] {
  if (node.scope && node.scope.length > 0) return node.scope.slice(0, MAX_DEPTH);
  const parts = node.name.split('/').filter((p) => p !== '');
  return parts.slice(0, Math.min(parts.length - 1, MAX_DEPTH));
}

function addRepeats(flat: FlatGraph, scopes: string[][]): void {
  const nodes = flat.items.flatMap((item, i) => (item.node ? [i] : []));
  const signature = nodes.map((i) => `${flat.items[i]!.node!.opType}/${flat.items[i]!.node!.inputs.length}`);
  repeatedBlocks(signature).forEach(({ start, period, times }, run, all) => {
    const letter = all.length > 1 ? runName(run) : '';
    const size = times > MAX_BLOCKS ? Math.ceil(Math.sqrt(times)) : times;
    for (let k = 0; k < times; k++) {
      const lowest = Math.floor(k / size) * size;
      const range = size < times ? [`Blocks ${letter}${lowest + 1} to ${letter}${Math.min(times, lowest + size)}`] : [];
      for (let j = 0; j < period; j++) scopes[nodes[start + k * period + j]!] = [...range, `Block ${letter}${k + 1}`];
    }
  });
}

/** A, B, … Z, then run 27 and so on as a number with a dot. */
function runName(run: number): string {
  return run < 26 ? String.fromCharCode(65 + run) : `${run + 1}.`;
}

function draft(scopes: readonly string[][]): Draft[] {
  const drafts: Draft[] = [{ title: '', parent: -1, children: new Map(), items: [] }];
  scopes.forEach((scope, item) => {
    let g = 0;
    for (const part of scope) {
      let child = drafts[g]!.children.get(part);
      if (child === undefined) {
        child = drafts.length;
        drafts[g]!.children.set(part, child);
        drafts.push({ title: part, parent: g, children: new Map(), items: [] });
      }
      g = child;
    }
    drafts[g]!.items.push(item);
  });
  return drafts;
}

/** Drops groups of one, and joins a group that holds nothing but one other group with it. */
function settle(drafts: Draft[], flat: FlatGraph): Hierarchy {
  const count = drafts.map((d) => d.items.filter((i) => flat.items[i]!.node).length);
  for (let g = drafts.length - 1; g > 0; g--) count[drafts[g]!.parent]! += count[g]!;
  const total = count[0]!;
  const groups: Group[] = [{ title: '', path: '', parent: -1, groups: [], items: [], count: total }];
  const groupOf = new Int32Array(flat.items.length);
  const became = new Int32Array(drafts.length);
  const prefix = drafts.map(() => '');
  drafts.forEach((d, g) => {
    const up = g === 0 ? 0 : became[d.parent]!;
    // A wrapper around the whole model, or around one other group, is a step that shows nothing.
    const wrapper = d.items.length === 0 && d.children.size === 1;
    if (g === 0 || count[g]! < 2 || wrapper || count[g] === total) {
      became[g] = up;
      if (g > 0 && wrapper) prefix[g] = `${prefix[d.parent]!}${d.title}/`;
    } else {
      const title = `${prefix[d.parent]!}${d.title}`;
      became[g] = groups.length;
      groups[up]!.groups.push(groups.length);
      groups.push({ title, path: `${groups[up]!.path}/${title}`, parent: up, groups: [], items: [], count: count[g]! });
    }
    for (const item of d.items) {
      groupOf[item] = became[g]!;
      groups[became[g]!]!.items.push(item);
    }
  });
  return { groups, groupOf };
}

/** The groups around a group, itself first, without the whole graph. */
export function ancestors(h: Hierarchy, group: number): number[] {
  const found: number[] = [];
  for (let g = group; g > 0; g = h.groups[g]!.parent) found.push(g);
  return found;
}
