import type { PageModel, PageNode } from '../../src/protocol/messages.ts';
import { shapeLabel, shapeText } from '../state/format.ts';
import { opKind } from './opKind.ts';
import type { OpKind } from './opKind.ts';

export type ItemKind = OpKind | 'input' | 'output' | 'first';

/** What becomes a box: a graph input, a node, a graph output. */
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
  label: string;
  /** Number of the tensor among all, and where it leaves the source's box (-1 left edge, 0 middle, 1 right edge). */
  tensorId: number;
  slot: number;
}

export interface FlatGraph {
  items: Item[];
  links: Link[];
  /** Item of each node id; constants that are only weights have none. */
  itemOfNode: Map<number, number>;
}

const TITLE_MOST = 28;
const DETAIL_MOST = 32;

export function clip(text: string, most: number): string {
  const letters = [...text];
  return letters.length <= most ? text : `${letters.slice(0, most - 1).join('')}…`;
}

/** Widths come from letter counts, not measured fonts, so the same file always gives the same picture. */
export function boxWidth(title: string, detail: string): number {
  return Math.max(112, Math.ceil(Math.max([...title].length * 8.2, [...detail].length * 6.6)) + 28);
}

function makeItem(kind: ItemKind, node: PageNode | null, title: string, detail: string): Item {
  const t = clip(title.replace(/\s+/g, ' ') || '(no operator)', TITLE_MOST);
  const d = clip(detail.replace(/\s+/g, ' '), DETAIL_MOST);
  return { kind, node, title: t, detail: d, w: boxWidth(t, d), h: d === '' ? 32 : 46 };
}

/** The weight that says what a layer is: its largest. */
export function mainWeight(node: PageNode): number[] | null {
  let best: number[] | null = null;
  let most = -1;
  for (const { weight } of node.inputs) {
    if (!weight) continue;
    const size = weight.dims.reduce((a, b) => a * b, 1);
    if (size > most) [most, best] = [size, weight.dims];
  }
  return best;
}

/** The model as boxes and links. Graph inputs first, then nodes in file order, then outputs. */
export function flatGraph(model: PageModel): FlatGraph {
  const first = new Set(model.firstLayers.map((l) => l.nodeId));
  const items: Item[] = [];
  const itemOfNode = new Map<number, number>();
  model.inputs.forEach((input, i) => {
    itemOfNode.set(-1 - i, items.length);
    items.push(makeItem('input', null, input.name, 'graph input'));
  });
  for (const node of model.nodes) {
    // A constant's value is shown on the node that reads it, as a stored weight is.
    if (node.opType === 'Constant') continue;
    const weight = mainWeight(node);
    const kind: ItemKind = first.has(node.id) ? 'first' : opKind(node.opType);
    itemOfNode.set(node.id, items.length);
    items.push(makeItem(kind, node, node.opType, weight && weight.length > 0 ? shapeText(weight) : ''));
  }
  const links: Link[] = [];
  const seen = new Set<string>();
  const tensorIds = new Map<string, number>();
  const add = (from: number, to: number, tensor: string, label: string): void => {
    const name = `${from} ${tensor}`;
    const key = `${to} ${name}`;
    if (seen.has(key)) return;
    seen.add(key);
    let tensorId = tensorIds.get(name);
    if (tensorId === undefined) tensorIds.set(name, (tensorId = tensorIds.size));
    links.push({ from, to, tensor, label, tensorId, slot: 0 });
  };
  for (const edge of model.edges) {
    const [from, to] = [itemOfNode.get(edge.from), itemOfNode.get(edge.to)];
    if (from !== undefined && to !== undefined) add(from, to, edge.tensor, shapeLabel(edge.dims));
  }
  for (const edge of model.outputEdges) {
    const from = itemOfNode.get(edge.from);
    const output = model.outputs[edge.output];
    if (from === undefined || !output) continue;
    items.push(makeItem('output', null, output.name, 'graph output'));
    add(from, items.length - 1, output.name, shapeLabel(edge.dims ?? output.dims));
  }
  spreadSlots(links, items.length);
  return { items, links, itemOfNode };
}

/** A node with several outputs sends each from its own place. */
function spreadSlots(links: Link[], count: number): void {
  const tensors: number[][] = Array.from({ length: count }, () => []);
  for (const l of links) {
    const list = tensors[l.from]!;
    if (!list.includes(l.tensorId)) list.push(l.tensorId);
  }
  for (const l of links) {
    const list = tensors[l.from]!;
    if (list.length > 1) l.slot = (2 * (list.indexOf(l.tensorId) + 0.5)) / list.length - 1;
  }
}
