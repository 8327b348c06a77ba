import type { PageModel, PageNode, PageValue } from '../../src/protocol/pageModel.ts';
import { countText, shortCount } from '../../src/text/numbers.ts';
import type { NestedInput } from '../layout/geometry.ts';
import { nodeLabel } from '../text/format.ts';
import { EdgeLabels } from './edgeLabels.ts';
import { SHEET } from './groupBox.ts';
import { SMALL_GRAPH, ancestors, buildHierarchy } from './hierarchy.ts';
import type { Hierarchy } from './hierarchy.ts';
import { allNodes, clip, detailWidth, flatGraph, titleWidth } from './items.ts';
import type { BoxTitles, FlatGraph } from './items.ts';
import { nestedInput } from './nestedInput.ts';

/** A closed group's box: its title, a line of facts, and the edge of the sheet behind. */
const GROUP_HEIGHT = 42;
/** Room for the sign that says that a group opens. */
const GROUP_SIGN = 20;

export interface GroupFacts {
  title: string;
  /** Layers below, parameters below, and the part they are of the whole model's. */
  detail: string;
  /** Parameters below. */
  params: number;
}

/**
 * What a reader has selected: `n` node id, `i` or `o` with the number of a graph input or output, `g` with a group's
 * path.
 */
export type SelectionKey = string;

/** One model as a graph with groups: everything the picture needs, without any drawing. */
export class GraphModel {
  readonly page: PageModel;
  readonly flat: FlatGraph;
  readonly hierarchy: Hierarchy;
  readonly facts: GroupFacts[];
  readonly input: NestedInput;
  readonly labels: EdgeLabels;
  /** Layers that the file contradicts itself about, for the picture to mark. */
  readonly doubts: ReadonlyMap<SelectionKey, 'doubtful'>;
  #groups = new Map<SelectionKey, number>();

  constructor(page: PageModel, titles: BoxTitles = 'operators') {
    this.page = page;
    this.flat = flatGraph(page, titles);
    this.hierarchy = buildHierarchy(this.flat, page.inner);
    this.doubts = new Map(
      (page.sizes?.contradictions ?? []).flatMap(({ node }) =>
        node === null ? [] : [[`n${node}`, 'doubtful'] as const],
      ),
    );
    this.labels = new EdgeLabels(page);
    this.facts = groupFacts(page, this.flat, this.hierarchy);
    const boxes = this.facts.map((fact) => ({
      w: Math.max(titleWidth(fact.title) + GROUP_SIGN, detailWidth(fact.detail)) + SHEET,
      h: GROUP_HEIGHT,
    }));
    this.input = nestedInput(this.flat, this.hierarchy, boxes);
    this.hierarchy.groups.forEach((group, i) => {
      if (i > 0) this.#groups.set(`g${group.path}`, i);
    });
  }

  itemOf(key: SelectionKey | null): number | undefined {
    const number = key === null || key.length < 2 ? NaN : Number(key.slice(1));
    if (!Number.isSafeInteger(number) || number < 0) return undefined;
    if (key!.startsWith('n')) return this.flat.itemOfNode.get(number);
    if (key!.startsWith('i')) return this.flat.itemOfNode.get(-1 - number);
    return key!.startsWith('o') ? this.flat.outputs[number] : undefined;
  }

  groupOf(key: SelectionKey | null): number | undefined {
    return key === null ? undefined : this.#groups.get(key);
  }

  /** The key of what a box shows: an item, or -1 - group. */
  keyOf(ref: number): SelectionKey {
    if (ref < 0) return `g${this.hierarchy.groups[-1 - ref]?.path ?? ''}`;
    const item = this.flat.items[ref];
    if (!item) return '';
    if (item.node) return `n${item.node.id}`;
    return item.kind === 'input' ? `i${this.flat.inputs.indexOf(ref)}` : `o${this.flat.outputs.indexOf(ref)}`;
  }

  /** The graph input or output that a key means, or an input of a graph inside a node. */
  valueOf(key: SelectionKey): PageValue | undefined {
    const number = Number(key.slice(1));
    if (key.startsWith('o')) return this.page.outputs[number];
    return (
      this.page.inputs[number] ??
      this.page.inner?.graphs.flatMap((graph) => graph.inputs)[number - this.page.inputs.length]
    );
  }

  /** The thing of a name: a node, what makes a tensor, a graph input or output. Null when there is none. */
  named(name: string): SelectionKey | null {
    const nodes = allNodes(this.page).filter((node) => this.flat.itemOfNode.has(node.id));
    const node =
      nodes.find((n) => n.name === name) ?? nodes.find((n) => n.outputs.some((output) => output.name === name));
    if (node) return `n${node.id}`;
    const input = this.page.inputs.findIndex((value) => value.name === name);
    return input < 0 ? null : `i${input}`;
  }

  /** What a link calls a thing; empty for what no link can name. */
  linkName(key: SelectionKey): string {
    const node = this.flat.items[this.itemOf(key) ?? -1]?.node;
    if (node) return node.name || (node.outputs.find((output) => output.name !== '')?.name ?? '');
    return key.startsWith('g') ? '' : (this.valueOf(key)?.name ?? '');
  }

  has(key: SelectionKey | null): boolean {
    return this.itemOf(key) !== undefined || this.groupOf(key) !== undefined;
  }

  nameOf(key: SelectionKey): string {
    const group = this.groupOf(key);
    if (group !== undefined) return `group ${this.facts[group]!.title}`;
    const item = this.flat.items[this.itemOf(key) ?? -1];
    if (!item) return '';
    return item.node ? `${item.node.opType} ${nodeLabel(item.node)}` : `${item.role} ${item.title}`;
  }

  /** The element type of a tensor that an item makes, or a graph input is; undefined where it is not known. */
  dtypeOf(from: number | undefined, tensor: string): string | undefined {
    const node = from === undefined ? undefined : this.flat.items[from]?.node;
    if (node) return node.outputs.find(({ name }) => name === tensor)?.dtype;
    return this.page.inputs.find(({ name }) => name === tensor)?.dtype;
  }

  /** Which groups are open at first: all of a small graph, none of a large one. */
  initiallyOpen(): Uint8Array {
    return new Uint8Array(this.hierarchy.groups.length).fill(
      this.page.nodes.length + (this.page.inner?.nodes.length ?? 0) <= SMALL_GRAPH ? 1 : 0,
    );
  }

  openPaths(open: Uint8Array): string[] {
    return this.hierarchy.groups.flatMap((group, i) => (i > 0 && open[i] ? [group.path] : []));
  }

  openFrom(paths: readonly string[]): Uint8Array {
    const wanted = new Set(paths);
    return Uint8Array.from(this.hierarchy.groups, (group, i) => (i > 0 && wanted.has(group.path) ? 1 : 0));
  }

  /** The groups that must be open for a thing to be seen. */
  around(key: SelectionKey): number[] {
    const item = this.itemOf(key);
    if (item !== undefined) return ancestors(this.hierarchy, this.hierarchy.groupOf[item]!);
    const group = this.groupOf(key);
    return group === undefined ? [] : ancestors(this.hierarchy, this.hierarchy.groups[group]!.parent);
  }
}

/** Parameters stored for a node, from the host where it says so, else from the weights' own dims. */
export function nodeParameters(node: PageNode): number {
  return (
    node.cost?.params ??
    node.inputs.reduce((sum, i) => sum + (i.weight ? i.weight.dims.reduce((a, b) => a * b, 1) : 0), 0)
  );
}

function groupFacts(page: PageModel, flat: FlatGraph, hierarchy: Hierarchy): GroupFacts[] {
  const params = new Float64Array(hierarchy.groups.length);
  // A node counts what lies inside it, so the owner of shown graphs would count twice.
  const owners = new Set(page.inner?.graphs.map((graph) => graph.owner));
  flat.items.forEach((item, i) => {
    if (item.node && !owners.has(item.node.id)) params[hierarchy.groupOf[i]!]! += nodeParameters(item.node);
  });
  for (let g = hierarchy.groups.length - 1; g > 0; g--) params[hierarchy.groups[g]!.parent]! += params[g]!;
  return hierarchy.groups.map((group, i) => {
    const share = page.parameterCount > 0 ? params[i]! / page.parameterCount : 0;
    const stored = `${shortCount(params[i]!)} parameters, ${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
    const detail = `${countText(group.count)} layers${params[i]! > 0 ? ` · ${stored}` : ''}`;
    return {
      title: clip(group.title, 34),
      detail: clip(detail, 40),
      params: params[i]!,
    };
  });
}
