import { NONE, type PackedModel, type PackedRows } from './packed.ts';
import type { DimText, PageEdge, PageModel, PageNode, PageWeight } from './pageModel.ts';

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

/**
 * A page model as rows of numbers. `unpackModel` in unpack.ts gives the same model back, and reads rows in this order.
 */
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
