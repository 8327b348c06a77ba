import { NONE, type PackedModel, type PackedRows } from './packed.ts';
import type { DimText, NodeKind, PageEdge, PageModel, PageNode, PageWeight } from './pageModel.ts';

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
