import type { DimText, NodeKind, PageEdge, PageModel, PageNode, PageWeight } from './pageModel.ts';

/**
 * A page model on its way from the worker to the page. As plain objects a model of 30,000 nodes is 21 MB that is copied
 * four times; here every text and every shape comes once, and nodes and edges are rows of numbers. VS Code passes typed
 * arrays on as bytes; plain ones it would write out as text, number by number.
 */
export interface PackedModel {
  head: Omit<PageModel, 'nodes' | 'edges' | 'inner'>;
  /** All texts, one behind the other, and where each ends. */
  texts: string;
  ends: Int32Array;
  /** Shapes, lists of attributes, and scopes, each once. */
  dims: DimText[][];
  attributes: PageNode['attributes'][];
  scopes: string[][];
  /** Name, type, storage, shape, and shape in the file of each. */
  weights: Int32Array;
  /** How many nodes the rows hold. */
  count: number;
  rows: PackedRows;
  inner: { head: Omit<NonNullable<PageModel['inner']>, 'nodes' | 'edges'>; rows: PackedRows } | null;
}

/** Nodes and edges of the main graph, or of all graphs inside nodes. Most numbers are places in the model's lists. */
interface PackedRows {
  nodes: Int32Array;
  /** Three numbers for each node that has costs; they may be larger than 32 bits. */
  costs: Float64Array;
  edges: Int32Array;
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
  readonly attributes = new Once<PageNode['attributes']>((list) =>
    list.reduce((key, a) => key + joined([a.name, a.type, a.value]), ''),
  );
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

  weightRows(): Int32Array {
    const row: number[] = [];
    for (const weight of this.weights.list)
      row.push(
        this.text(weight.name),
        this.text(weight.dtype),
        this.text(weight.storage),
        this.dims.add(weight.dims.map(String)),
        this.dims.add(weight.stored?.map(String)),
      );
    return new Int32Array(row);
  }

  /** All texts as one, and where each ends. */
  joinedTexts(): { texts: string; ends: Int32Array } {
    let end = 0;
    return { texts: this.texts.join(''), ends: new Int32Array(this.texts.map((text) => (end += text.length))) };
  }

  rows(nodes: readonly PageNode[], edges: readonly PageEdge[]): PackedRows {
    const costs: number[] = [];
    for (const { cost } of nodes) if (cost) costs.push(cost.params, cost.macs ?? NONE, cost.memory ?? NONE);
    return {
      nodes: new Int32Array(this.#nodes(nodes)),
      costs: new Float64Array(costs),
      edges: new Int32Array(this.#edges(edges)),
    };
  }

  #nodes(nodes: readonly PageNode[]): number[] {
    const row: number[] = [];
    for (const node of nodes) {
      row.push(
        node.id,
        this.text(node.name),
        this.text(node.opType),
        this.text(node.domain),
        this.text(node.kind),
        this.text(node.detail),
        this.attributes.add(node.attributes),
        this.scopes.add(node.scope),
      );
      row.push(node.cost ? 1 : 0, node.inputs.length, node.outputs.length);
      for (const i of node.inputs) {
        const value = i.value === undefined ? NONE : this.text(i.value);
        row.push(this.text(i.name), this.weights.add(i.weight), this.dims.add(i.dims), value);
      }
      for (const output of node.outputs)
        row.push(
          this.text(output.name),
          this.dims.add(output.dims),
          output.dtype === undefined ? NONE : this.text(output.dtype),
        );
    }
    return row;
  }

  #edges(edges: readonly PageEdge[]): number[] {
    const row: number[] = [];
    for (const edge of edges) row.push(edge.from, edge.to, this.text(edge.tensor), this.dims.add(edge.dims));
    return row;
  }
}

/** A page model as rows of numbers. `unpackModel` gives the same model back. */
export function packModel(model: PageModel): PackedModel {
  const { nodes, edges, inner, ...head } = model;
  const packer = new Packer();
  const rows = packer.rows(nodes, edges);
  let inside: PackedModel['inner'] = null;
  if (inner) {
    const { nodes: innerNodes, edges: innerEdges, ...innerHead } = inner;
    inside = { head: innerHead, rows: packer.rows(innerNodes, innerEdges) };
  }
  const weights = packer.weightRows();
  const { dims, attributes, scopes } = packer;
  return {
    head,
    ...packer.joinedTexts(),
    dims: dims.list,
    attributes: attributes.list,
    scopes: scopes.list,
    weights,
    count: nodes.length,
    rows,
    inner: inside,
  };
}

/**
 * The model again. Equal shapes and lists are one object, so nothing may change them. Throws a TypeError where VS Code
 * has not passed the rows on as they were.
 */
export function unpackModel(packed: PackedModel): PageModel {
  const { head, rows, inner } = packed;
  // To an extension that it can't name, VS Code passes arrays on as plain objects: of no length, so without a layer.
  if (!(rows.nodes instanceof Int32Array))
    throw new TypeError('VS Code passed the model on damaged; reload the window, or install the extension again.');
  const lists = unpackLists(packed);
  const model: PageModel = { ...head, nodes: unpackNodes(lists, rows), edges: unpackEdges(lists, rows) };
  return inner
    ? {
        ...model,
        inner: { ...inner.head, nodes: unpackNodes(lists, inner.rows), edges: unpackEdges(lists, inner.rows) },
      }
    : model;
}

/** What the rows' numbers point to. */
interface Lists extends Pick<PackedModel, 'dims' | 'attributes' | 'scopes'> {
  texts: string[];
  weights: PageWeight[];
}

function unpackLists({ texts: all, ends, dims, attributes, scopes, weights: row }: PackedModel): Lists {
  const texts = Array.from(ends, (end, i) => all.slice(ends[i - 1] ?? 0, end));
  const weights: PageWeight[] = [];
  for (let at = 0; at < row.length; at += 5) {
    const stored = dims[row[at + 4]!]?.map(Number);
    const weight: Whole<PageWeight> = {
      name: texts[row[at]!]!,
      dtype: texts[row[at + 1]!]!,
      storage: texts[row[at + 2]!]!,
      dims: dims[row[at + 3]!]!.map(Number),
      stored,
    };
    if (!stored) delete weight.stored;
    weights.push(weight as PageWeight);
  }
  return { texts, dims, attributes, scopes, weights };
}

/** Every key, so that a field added to a node can't be forgotten here. */
type Whole<T> = { [K in keyof Required<T>]: T[K] | undefined };

/** Reads the row of the nodes, number by number. */
class NodeRow {
  readonly lists: Lists;
  readonly #row: Int32Array;
  #at = 0;

  constructor(lists: Lists, row: Int32Array) {
    this.lists = lists;
    this.#row = row;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#row.length;
  }

  next(): number {
    return this.#row[this.#at++]!;
  }

  text(): string {
    return this.lists.texts[this.next()]!;
  }

  /** undefined for NONE. */
  optionalText(): string | undefined {
    return this.lists.texts[this.next()];
  }

  dims(): DimText[] | null {
    return this.lists.dims[this.next()] ?? null;
  }
}

function unpackNodes(lists: Lists, { nodes: rows, costs }: PackedRows): PageNode[] {
  const row = new NodeRow(lists, rows);
  const nodes: PageNode[] = [];
  let costAt = 0;
  while (!row.isAtEnd) {
    const [id, name, opType, domain] = [row.next(), row.text(), row.text(), row.text()];
    const [kind, detail] = [row.text() as NodeKind, row.text()];
    const [attributes, scope] = [lists.attributes[row.next()] ?? [], lists.scopes[row.next()]];
    const [hasCost, inputCount, outputCount] = [row.next() === 1, row.next(), row.next()];
    const cost = hasCost ? unpackCost(costs, costAt) : undefined;
    if (hasCost) costAt += 3;
    const inputs = Array.from({ length: inputCount }, () => unpackInput(row));
    const outputs = Array.from({ length: outputCount }, () => unpackOutput(row));
    const node: Whole<PageNode> = { id, name, opType, domain, kind, detail, attributes, inputs, outputs, scope, cost };
    nodes.push(node as PageNode);
  }
  return nodes;
}

function unpackCost(costs: Float64Array, at: number): NonNullable<PageNode['cost']> {
  const known = (index: number): number | null => (costs[index] === NONE ? null : costs[index]!);
  return { params: costs[at]!, macs: known(at + 1), memory: known(at + 2) };
}

type Input = PageNode['inputs'][number];
type Output = PageNode['outputs'][number];

function unpackInput(row: NodeRow): Input {
  const input: Whole<Input> = {
    name: row.text(),
    weight: row.lists.weights[row.next()] ?? null,
    dims: row.dims(),
    value: row.optionalText(),
  };
  return input as Input;
}

function unpackOutput(row: NodeRow): Output {
  const output: Whole<Output> = { name: row.text(), dims: row.dims(), dtype: row.optionalText() };
  return output as Output;
}

function unpackEdges(lists: Lists, { edges: row }: PackedRows): PageEdge[] {
  const edges: PageEdge[] = [];
  for (let at = 0; at < row.length; at += 4) {
    const edge: Whole<PageEdge> = {
      from: row[at]!,
      to: row[at + 1]!,
      tensor: lists.texts[row[at + 2]!]!,
      dims: lists.dims[row[at + 3]!] ?? null,
    };
    edges.push(edge as PageEdge);
  }
  return edges;
}
