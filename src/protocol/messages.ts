/** Messages between extension host and page: plain data, typed once for both. Names are text from the file; they are never markup. */

export type DimText = string;

export interface PageValue {
  name: string;
  dtype: string;
  /** e.g. ["batch","3","224","224"]; null when the rank is unknown. */
  dims: DimText[] | null;
}

export interface PageWeight {
  name: string;
  dtype: string;
  dims: number[];
  storage: string;
}

export interface PageNode {
  id: number;
  name: string;
  opType: string;
  domain: string;
  attributes: { name: string; type: string; value: string }[];
  inputs: { name: string; weight: PageWeight | null; dims: DimText[] | null }[];
  outputs: { name: string; dims: DimText[] | null }[];
  /** The exporter's own scopes, outermost first; without it the page reads scopes from the name. */
  scope?: string[];
  /** Parameters stored for this node, and multiply-adds for one run where shapes are known. */
  cost?: { params: number; macs: number | null };
}

/** from/to are node ids; -1-i is graph input i, and outputs are listed in `outputEdges`. */
export interface PageEdge {
  from: number;
  to: number;
  tensor: string;
  dims: DimText[] | null;
}

export interface PageFirstLayer {
  nodeId: number;
  node: string;
  opType: string;
  weight: string;
  dims: number[];
  dtype: string;
  layout: string;
  strides: number[];
  pads: number[];
  dilations: number[];
  autoPad: string;
  group: number;
}

export interface PageModel {
  fileName: string;
  fileSize: number;
  producer: string;
  irVersion: number;
  opsets: string[];
  inputs: PageValue[];
  outputs: PageValue[];
  parameterCount: number;
  nodes: PageNode[];
  edges: PageEdge[];
  /** Edges to graph outputs: node id, output index. */
  outputEdges: { from: number; output: number; dims: DimText[] | null }[];
  firstLayers: PageFirstLayer[];
  /** Provenance entries Channelwise wrote into this file, if any. */
  adaptation: { key: string; value: string }[];
}

/** Page -> host. Every request carries an id and is answered by one `reply` with that id. */
export type PageRequest =
  | { type: 'request'; id: number; method: 'model' }
  | { type: 'request'; id: number; method: 'convertToGrayscale' };

/** Host -> page. */
export type HostMessage =
  | { type: 'reply'; id: number; ok: true; model: PageModel | null }
  | { type: 'reply'; id: number; ok: false; code: string; message: string }
  | { type: 'changed' };

/** Checks an unknown value that arrived from the page. */
export function asPageRequest(value: unknown): PageRequest | null {
  if (typeof value !== 'object' || value === null) return null;
  const m = value as Record<string, unknown>;
  if (m.type !== 'request' || !Number.isSafeInteger(m.id)) return null;
  if (m.method !== 'model' && m.method !== 'convertToGrayscale') return null;
  return { type: 'request', id: m.id as number, method: m.method };
}

/** Checks an unknown value that arrived from the host. */
export function asHostMessage(value: unknown): HostMessage | null {
  if (typeof value !== 'object' || value === null) return null;
  const m = value as Record<string, unknown>;
  if (m.type === 'changed') return { type: 'changed' };
  if (m.type !== 'reply' || !Number.isSafeInteger(m.id)) return null;
  if (m.ok === true && typeof m.model === 'object') return m as unknown as HostMessage;
  if (m.ok === false && typeof m.code === 'string' && typeof m.message === 'string') return m as unknown as HostMessage;
  return null;
}
