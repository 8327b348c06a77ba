import type { DimText, PageModel, PageNode } from './pageModel.ts';

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
export interface PackedRows {
  nodes: Int32Array;
  /** Three numbers for each node that has costs; they may be larger than 32 bits. */
  costs: Float64Array;
  edges: Int32Array;
}

/** Stands in a row for what a node or a weight lacks. */
export const NONE = -1;
