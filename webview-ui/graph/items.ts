import type { DimText, PageEdge, PageModel, PageNode } from '../../src/protocol/messages.ts';
import { shapeText } from '../text/format.ts';
import { opKind } from './opKind.ts';
import type { OpKind } from './opKind.ts';

export type ItemKind = OpKind | 'input' | 'output' | 'first';

/** What becomes a box: a graph input, a node, a graph output, an input of a graph inside a node. */
export interface Item {
  kind: ItemKind;
  /** Null for a graph input or output. */
  node: PageNode | null;
  title: string;
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
  /** Item of each node id and, as -1 - i, of each input: of the graph, then of the graphs inside nodes. Constants have none. */
  itemOfNode: Map<number, number>;
  /** Items of all inputs, the graph's first; and, by number, of the graph's outputs that some node makes. */
  inputs: number[];
  outputs: number[];
  /** How many of the inputs are the graph's own; the first item that lies inside a node. */
  mainInputs: number;
  innerStart: number;
}

const TITLE_MOST = 28;
const DETAIL_MOST = 32;

export function clip(text: string, most: number): string {
  if (text.length <= most) return text;
  const letters = [...text.slice(0, 2 * most)];
  return letters.length < most ? text : `${letters.slice(0, most - 1).join('')}…`;
}

/** Widths come from letter counts, not measured fonts, so the same file always gives the same picture. */
export function boxWidth(title: string, detail: string): number {
  return Math.max(112, Math.ceil(Math.max(title.length * 8.2, detail.length * 6.6)) + 28);
}

function makeItem(kind: ItemKind, node: PageNode | null, title: string, detail: string): Item {
  const t = clip(title.replace(/\s+/g, ' ') || '(no operator)', TITLE_MOST);
  const d = clip(detail, DETAIL_MOST);
  return { kind, node, title: t, detail: d, w: boxWidth(t, d), h: d === '' ? 32 : 46 };
}

/** The weight that says what a layer is: its largest. */
export function mainWeight(node: PageNode): number[] | null {
  let best: number[] | null = null;
  let most = -1;
  for (const { weight } of node.inputs) {
    if (!weight) continue;
    let size = 1;
    for (const d of weight.dims) size *= d;
    if (size > most) [most, best] = [size, weight.dims];
  }
  return best;
}

/** Every node that can be shown: the main graph's, then those of the graphs inside nodes. */
export function allNodes(model: PageModel): readonly PageNode[] {
  return model.inner ? [...model.nodes, ...model.inner.nodes] : model.nodes;
}

/** The model as boxes and links. Graph inputs first, then nodes in file order, outputs, and what lies inside nodes. */
export function flatGraph(model: PageModel): FlatGraph {
  const first = new Set(model.firstLayers.map((l) => l.nodeId));
  const items: Item[] = [];
  const itemOfNode = new Map<number, number>();
  const [inputs, outputs]: [number[], number[]] = [[], []];
  const addInput = (name: string, detail: string): void => {
    itemOfNode.set(-1 - inputs.length, items.length);
    inputs.push(items.length);
    items.push(makeItem('input', null, name, detail));
  };
  const addNode = (node: PageNode): void => {
    // A constant's value is shown on the node that reads it, as a stored weight is.
    if (node.opType === 'Constant') return;
    const weight = mainWeight(node);
    itemOfNode.set(node.id, items.length);
    items.push(
      makeItem(
        first.has(node.id) ? 'first' : opKind(node.opType),
        node,
        node.opType,
        weight && weight.length > 0 ? shapeText(weight) : '',
      ),
    );
  };
  for (const input of model.inputs) addInput(input.name, 'graph input');
  for (const node of model.nodes) addNode(node);
  const links = new LinkList(itemOfNode);
  const ends = model.outputEdges.flatMap((edge) => {
    const output = model.outputs[edge.output];
    if (!output || !itemOfNode.has(edge.from)) return [];
    outputs[edge.output] = items.length;
    items.push(makeItem('output', null, output.name, 'graph output'));
    return [{ from: edge.from, to: items.length - 1, tensor: output.name, dims: edge.dims ?? output.dims }];
  });
  const innerStart = items.length;
  for (const graph of model.inner?.graphs ?? [])
    for (const input of graph.inputs) addInput(input.name, `input of ${graph.title}`);
  for (const node of model.inner?.nodes ?? []) addNode(node);
  const inside = takenInside(model);
  for (const edge of model.edges)
    if (!inside?.has(`${edge.to} ${edge.tensor}`)) links.add(edge, itemOfNode.get(edge.to));
  for (const edge of model.inner?.edges ?? [])
    if (edge.to < 0 || !inside?.has(`${edge.to} ${edge.tensor}`)) links.add(edge, itemOfNode.get(edge.to));
  for (const edge of ends) links.add(edge, edge.to);
  spreadSlots(links.list, items.length, links.tensors);
  return {
    items,
    links: links.list,
    tensors: links.tensors,
    itemOfNode,
    inputs,
    outputs,
    mainInputs: model.inputs.length,
    innerStart,
  };
}

/** What an owner's inner graph takes in goes straight to where it is used; a second line to the owner's own box would only be in the way. */
function takenInside({ inner, inputs }: PageModel): Set<string> | null {
  if (!inner) return null;
  const taken = new Set<string>();
  const ownerOf = inner.graphs.flatMap((graph) => graph.inputs.map(() => graph.owner));
  for (const edge of inner.edges)
    if (edge.to < 0) taken.add(`${ownerOf[-1 - edge.to - inputs.length] ?? ''} ${edge.tensor}`);
  return taken;
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
  for (const l of links) {
    if (seen[l.tensorId]) continue;
    seen[l.tensorId] = 1;
    place[l.tensorId] = count[l.from]!++;
  }
  for (const l of links) if (count[l.from]! > 1) l.slot = (2 * (place[l.tensorId]! + 0.5)) / count[l.from]! - 1;
}
