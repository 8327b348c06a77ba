import type { DimText, PageEdge, PageModel, PageNode, PageWeight } from './messages.ts';

/**
 * A page model on its way from the worker to the page. As plain objects a model of 30,000 nodes is 21 MB that is copied four times;
 * here every text and every shape comes once, and nodes and edges are rows of numbers.
 */
export interface PackedModel {
  head: Omit<PageModel, 'nodes' | 'edges' | 'inner'>;
  texts: string[];
  /** Shapes, lists of attributes, scopes and costs, each once. */
  dims: DimText[][];
  attributes: PageNode['attributes'][];
  scopes: string[][];
  weights: PageWeight[];
  /** How many nodes the rows hold. */
  count: number;
  nodes: number[];
  edges: number[];
  inner: { head: Omit<NonNullable<PageModel['inner']>, 'nodes' | 'edges'>; nodes: number[]; edges: number[] } | null;
}

const NONE = -1;

/** Values by what they hold; those that are the very same object are found without looking inside. */
class Once<T extends object> {
  readonly list: T[] = [];
  readonly #same = new Map<T, number>();
  readonly #equal = new Map<string, number>();
  readonly #key: ((value: T) => string) | null;

  /** Without a key only the same object is the same value. */
  constructor(key: ((value: T) => string) | null) {
    this.#key = key;
  }

  add(value: T | null | undefined): number {
    if (!value) return NONE;
    let at = this.#same.get(value);
    if (at !== undefined) return at;
    const key = this.#key?.(value);
    at = key === undefined ? undefined : this.#equal.get(key);
    if (at === undefined) at = this.list.push(value) - 1;
    if (key !== undefined) this.#equal.set(key, at);
    this.#same.set(value, at);
    return at;
  }
}

/** One text for several, that no other texts give: any of them may hold any character. */
function joined(texts: readonly string[]): string {
  let key = '';
  for (const text of texts) key += `${text.length}:${text}`;
  return key;
}

class Packer {
  readonly texts: string[] = [];
  readonly dims = new Once<DimText[]>(joined);
  readonly attributes = new Once<PageNode['attributes']>((list) => list.reduce((key, a) => key + joined([a.name, a.type, a.value]), ''));
  readonly scopes = new Once<string[]>(joined);
  readonly weights = new Once<PageWeight>(null);
  readonly #text = new Map<string, number>();

  text(text: string): number {
    let at = this.#text.get(text);
    if (at === undefined) {
      this.#text.set(text, (at = this.texts.length));
      this.texts.push(text);
    }
    return at;
  }

  nodes(nodes: readonly PageNode[]): number[] {
    const row: number[] = [];
    for (const n of nodes) {
      row.push(n.id, this.text(n.name), this.text(n.opType), this.text(n.domain), this.attributes.add(n.attributes), this.scopes.add(n.scope));
      row.push(n.cost ? n.cost.params : NONE, n.cost?.macs ?? NONE, n.cost?.memory ?? NONE, n.inputs.length, n.outputs.length);
      for (const i of n.inputs) row.push(this.text(i.name), this.weights.add(i.weight), this.dims.add(i.dims));
      for (const o of n.outputs) row.push(this.text(o.name), this.dims.add(o.dims), o.dtype === undefined ? NONE : this.text(o.dtype));
    }
    return row;
  }

  edges(edges: readonly PageEdge[]): number[] {
    const row: number[] = [];
    for (const e of edges) row.push(e.from, e.to, this.text(e.tensor), this.dims.add(e.dims));
    return row;
  }
}

export function packModel(model: PageModel): PackedModel {
  const { nodes, edges, inner, ...head } = model;
  const packer = new Packer();
  const rows = { nodes: packer.nodes(nodes), edges: packer.edges(edges) };
  let inside: PackedModel['inner'] = null;
  if (inner) {
    const { nodes: innerNodes, edges: innerEdges, ...innerHead } = inner;
    inside = { head: innerHead, nodes: packer.nodes(innerNodes), edges: packer.edges(innerEdges) };
  }
  const { texts, dims, attributes, scopes, weights } = packer;
  return { head, texts, dims: dims.list, attributes: attributes.list, scopes: scopes.list, weights: weights.list, count: nodes.length, ...rows, inner: inside };
}

/** The model again. Equal shapes and lists are one object, so nothing may change them. */
export function unpackModel(packed: PackedModel): PageModel {
  const { head, inner } = packed;
  const model: PageModel = { ...head, nodes: unpackNodes(packed, packed.nodes), edges: unpackEdges(packed, packed.edges) };
  return inner ? { ...model, inner: { ...inner.head, nodes: unpackNodes(packed, inner.nodes), edges: unpackEdges(packed, inner.edges) } } : model;
}

/** Every key, so that a field added to a node can't be forgotten here. */
type Whole<T> = { [K in keyof Required<T>]: T[K] | undefined };

function unpackNodes(p: PackedModel, row: readonly number[]): PageNode[] {
  const nodes: PageNode[] = [];
  let at = 0;
  const next = (): number => row[at++]!;
  const text = (): string => p.texts[next()]!;
  while (at < row.length) {
    const [id, name, opType, domain] = [next(), text(), text(), text()];
    const [attributes, scope] = [p.attributes[next()] ?? [], p.scopes[next()]];
    const [params, macs, memory, inputs, outputs] = [next(), next(), next(), next(), next()];
    const cost = params === NONE ? undefined : { params, macs: macs === NONE ? null : macs, memory: memory === NONE ? null : memory };
    const node: Whole<PageNode> = { id, name, opType, domain, attributes, inputs: [], outputs: [], scope, cost };
    for (let i = 0; i < inputs; i++) {
      const input: Whole<PageNode['inputs'][number]> = { name: text(), weight: p.weights[next()] ?? null, dims: p.dims[next()] ?? null };
      node.inputs!.push(input as PageNode['inputs'][number]);
    }
    for (let i = 0; i < outputs; i++) {
      const output: Whole<PageNode['outputs'][number]> = { name: text(), dims: p.dims[next()] ?? null, dtype: p.texts[next()] };
      node.outputs!.push(output as PageNode['outputs'][number]);
    }
    nodes.push(node as PageNode);
  }
  return nodes;
}

function unpackEdges(p: PackedModel, row: readonly number[]): PageEdge[] {
  const edges: PageEdge[] = [];
  for (let at = 0; at < row.length; at += 4) {
    const edge: Whole<PageEdge> = { from: row[at]!, to: row[at + 1]!, tensor: p.texts[row[at + 2]!]!, dims: p.dims[row[at + 3]!] ?? null };
    edges.push(edge as PageEdge);
  }
  return edges;
}
