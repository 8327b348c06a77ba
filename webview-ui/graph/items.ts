import type { DimText, NodeKind, PageEdge, PageModel, PageNode, PageValue } from '../../src/protocol/pageModel.ts';
import { nodeLabel } from '../text/format.ts';

export type ItemKind = NodeKind | 'input' | 'output' | 'inputLayer';

/** What becomes a box: a graph input, a node, a graph output, an input of a graph inside a node. */
export interface Item {
  kind: ItemKind;
  /** Null for a graph input or output. */
  node: PageNode | null;
  /** What a graph input or output is called beside its name; '' for a node. */
  role: string;
  /** Stands on the filled part of the box, `titleWidth` wide; the detail stands beside it. */
  title: string;
  titleWidth: number;
  detail: string;
  w: number;
  h: number;
}

export interface Link {
  from: number;
  to: number;
  tensor: string;
  dims: readonly DimText[] | null;
  /** Number of the tensor among all, and where it leaves the source's box (-1 left edge, 0 middle, 1 right edge). */
  tensorId: number;
  slot: number;
}

export interface FlatGraph {
  items: Item[];
  links: Link[];
  tensors: number;
  /**
   * Item of each node id and, as -1 - i, of each input: of the graph, then of the graphs inside nodes. Constants have
   * none.
   */
  itemOfNode: Map<number, number>;
  /** Items of all inputs, the graph's first; and, by number, of the graph's outputs that some node makes. */
  inputs: number[];
  outputs: number[];
  /** How many of the inputs are the graph's own; the first item that lies inside a node. */
  mainInputs: number;
  innerStart: number;
}

const TITLE_MOST = 28;
const DETAIL_MOST = 44;
/** A box is one line high, so that many layers fit on a screen. */
const BOX_HEIGHT = 20;
/** Average letter widths of the title (13 px, bold) and of the detail (11 px), with room for wide ones. */
const TITLE_LETTER = 8.2;
const DETAIL_LETTER = 6.4;
const TITLE_PAD = 16;
const DETAIL_PAD = 14;
const LEAST_WIDTH = 64;

/** The first letters of a text that is too long, with a mark that it goes on. */
export function clip(text: string, most: number): string {
  if (text.length <= most) return text;
  const letters = [...text.slice(0, 2 * most)];
  return letters.length < most ? text : `${letters.slice(0, most - 1).join('')}…`;
}

/** Widths come from letter counts, not measured fonts, so the same file always gives the same picture. */
export function titleWidth(title: string): number {
  return Math.max(LEAST_WIDTH, Math.ceil(title.length * TITLE_LETTER) + TITLE_PAD);
}

/** In pixels, as `titleWidth`; 0 where there is no detail. */
export function detailWidth(detail: string): number {
  return detail === '' ? 0 : Math.ceil(detail.length * DETAIL_LETTER) + DETAIL_PAD;
}

type Named = Pick<Item, 'kind' | 'node' | 'role' | 'title' | 'detail'>;

function makeItem({ kind, node, role, title, detail }: Named): Item {
  const shownTitle = clip(title.replace(/\s+/g, ' ') || '(no operator)', TITLE_MOST);
  const shownDetail = clip(detail, DETAIL_MOST);
  const width = titleWidth(shownTitle);
  return {
    kind,
    node,
    role,
    title: shownTitle,
    titleWidth: width,
    detail: shownDetail,
    w: width + detailWidth(shownDetail),
    h: BOX_HEIGHT,
  };
}

/** What stands on the boxes of nodes. */
export type BoxTitles = 'operators' | 'names';

/** The last two parts of a node's name: the rest is what its groups say. */
function shortName(node: PageNode): string {
  const parts = nodeLabel(node).split('/');
  return parts.slice(-2).join('/');
}

/** Every node that can be shown: the main graph's, then those of the graphs inside nodes. */
export function allNodes(model: PageModel): readonly PageNode[] {
  return model.inner ? [...model.nodes, ...model.inner.nodes] : model.nodes;
}

/** The model as boxes and links. Graph inputs first, then nodes in file order, outputs, and what lies inside nodes. */
export function flatGraph(model: PageModel, titles: BoxTitles = 'operators'): FlatGraph {
  const list = new ItemList(model, titles);
  for (const input of model.inputs) list.addInput(input, 'graph input');
  for (const node of model.nodes) list.addNode(node);
  const { outputs, edges: outputEdges } = addOutputs(list, model);
  const innerStart = list.items.length;
  const inner = model.inner ?? { graphs: [], nodes: [], edges: [] };
  for (const graph of inner.graphs) for (const input of graph.inputs) list.addInput(input, `input of ${graph.title}`);
  for (const node of inner.nodes) list.addNode(node);
  const links = new LinkList(list.itemOfNode);
  const isTakenInside = takenInside(model);
  for (const edge of [...model.edges, ...inner.edges])
    if (!isTakenInside(edge)) links.add(edge, list.itemOfNode.get(edge.to));
  for (const edge of outputEdges) links.add(edge, edge.to);
  spreadSlots(links.list, list.items.length, links.tensors);
  return {
    items: list.items,
    links: links.list,
    tensors: links.tensors,
    itemOfNode: list.itemOfNode,
    inputs: list.inputs,
    outputs,
    mainInputs: model.inputs.length,
    innerStart,
  };
}

/** The boxes of a graph as they are gathered. */
class ItemList {
  readonly items: Item[] = [];
  readonly itemOfNode = new Map<number, number>();
  readonly inputs: number[] = [];
  readonly #inputLayers: ReadonlySet<number>;
  readonly #titles: BoxTitles;

  constructor({ inputLayers }: PageModel, titles: BoxTitles) {
    this.#inputLayers = new Set(inputLayers.map(({ nodeId }) => nodeId));
    this.#titles = titles;
  }

  addInput({ name, dtype }: PageValue, role: string): void {
    this.itemOfNode.set(-1 - this.inputs.length, this.items.length);
    this.inputs.push(this.items.length);
    this.items.push(makeItem({ kind: 'input', node: null, role, title: name, detail: dtype }));
  }

  addNode(node: PageNode): void {
    // A constant's value is shown on the node that reads it, as a stored weight is.
    if (node.kind === 'constant') return;
    this.itemOfNode.set(node.id, this.items.length);
    const kind = this.#inputLayers.has(node.id) ? 'inputLayer' : node.kind;
    const title = this.#titles === 'names' ? shortName(node) : node.opType;
    this.items.push(makeItem({ kind, node, role: '', title, detail: node.detail }));
  }

  /** Gives the item's number. */
  addOutput({ name, dtype }: PageValue): number {
    this.items.push(makeItem({ kind: 'output', node: null, role: 'graph output', title: name, detail: dtype }));
    return this.items.length - 1;
  }
}

/** Boxes of the outputs that some node makes: their items by number of output, and the lines that lead to them. */
function addOutputs(list: ItemList, model: PageModel): { outputs: number[]; edges: PageEdge[] } {
  const outputs: number[] = [];
  const edges: PageEdge[] = [];
  for (const { from, output, dims } of model.outputEdges) {
    const value = model.outputs[output];
    if (!value || !list.itemOfNode.has(from)) continue;
    const item = list.addOutput(value);
    outputs[output] = item;
    edges.push({ from, to: item, tensor: value.name, dims: dims ?? value.dims });
  }
  return { outputs, edges };
}

/**
 * What an owner's inner graph takes in goes straight to where it is used; a second line to the owner's own box would
 * only be in the way.
 */
function takenInside({ inner, inputs }: PageModel): (edge: PageEdge) => boolean {
  if (!inner) return () => false;
  const taken = new Set<string>();
  const ownerOf = inner.graphs.flatMap((graph) => graph.inputs.map(() => graph.owner));
  for (const edge of inner.edges)
    if (edge.to < 0) taken.add(`${ownerOf[-1 - edge.to - inputs.length] ?? ''} ${edge.tensor}`);
  return ({ to, tensor }) => to >= 0 && taken.has(`${to} ${tensor}`);
}

class LinkList {
  readonly list: Link[] = [];
  tensors = 0;
  readonly #itemOfNode: ReadonlyMap<number, number>;
  #known = new Map<string, { id: number; from: number; reader: number }>();

  constructor(itemOfNode: ReadonlyMap<number, number>) {
    this.#itemOfNode = itemOfNode;
  }

  /** A reader's edges come one after another, so the last reader of a tensor tells whether this one has it already. */
  add(edge: PageEdge, to: number | undefined): void {
    const from = this.#itemOfNode.get(edge.from);
    if (from === undefined || to === undefined) return;
    let tensor = this.#known.get(edge.tensor);
    if (!tensor || tensor.from !== from)
      this.#known.set(edge.tensor, (tensor = { id: this.tensors++, from, reader: -1 }));
    if (tensor.reader === to) return;
    tensor.reader = to;
    this.list.push({ from, to, tensor: edge.tensor, dims: edge.dims, tensorId: tensor.id, slot: 0 });
  }
}

/** A node with several outputs sends each from its own place. */
function spreadSlots(links: readonly Link[], items: number, tensors: number): void {
  const seen = new Uint8Array(tensors);
  const place = new Int32Array(tensors);
  const count = new Int32Array(items);
  for (const link of links) {
    if (seen[link.tensorId]) continue;
    seen[link.tensorId] = 1;
    place[link.tensorId] = count[link.from]!++;
  }
  for (const link of links)
    if (count[link.from]! > 1) link.slot = (2 * (place[link.tensorId]! + 0.5)) / count[link.from]! - 1;
}
