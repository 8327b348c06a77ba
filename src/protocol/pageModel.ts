import type { PageAdaptation } from './adaptation.ts';
import type { PageSizes } from './sizes.ts';

/**
 * A model as the page shows it: plain data. Names are text from the file; they are never markup.
 */

/** A size: a number, a name, a term of both, or '?'. */
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
  /**
   * Dims as the file has them, where the graph reads the weight with its axes in another order: a Keras kernel. What is
   * asked about the weight is answered in this order.
   */
  stored?: number[];
}

/** What a node does, as far as its colour goes. A constant has no box: its value stands on the nodes that read it. */
export type NodeKind = 'layer' | 'norm' | 'activation' | 'pool' | 'merge' | 'shape' | 'quantise' | 'constant' | 'plain';

export interface PageNode {
  id: number;
  name: string;
  opType: string;
  domain: string;
  kind: NodeKind;
  /** What its box says beside the operator: `7×7 /2 · 64×3×7×7 · bias`, `indices = 1`; '' where there is nothing. */
  detail: string;
  attributes: { name: string; type: string; value: string }[];
  /** `value` is that of a small constant, as text. */
  inputs: { name: string; weight: PageWeight | null; dims: DimText[] | null; value?: string }[];
  outputs: { name: string; dims: DimText[] | null; dtype?: string }[];
  /** The exporter's own scopes, outermost first; without it the page reads scopes from the name. */
  scope?: string[];
  /**
   * Parameters read here first, multiply-adds and bytes of what it makes, as far as sizes are known; with what lies
   * inside it.
   */
  cost?: { params: number; macs: number | null; memory: number | null };
}

/**
 * What the ONNX standard says about an operator in the model's opset: formal names, and what holds for attributes left
 * out.
 */
export interface PageOperator {
  opType: string;
  domain: string;
  /** A variadic name stands for itself and all that follow. */
  inputs: PageFormal[];
  outputs: PageFormal[];
  attributes: { name: string; type: string; fallback: string | null }[];
  /** The opset of the version that holds in this file, of the first one, and what this one changed. */
  since?: number;
  first?: number;
  changes?: string[];
}

export interface PageFormal {
  name: string;
  kind: 'single' | 'optional' | 'variadic';
}

/** from/to are node ids; -1-i is graph input i, and outputs are listed in `outputEdges`. */
export interface PageEdge {
  from: number;
  to: number;
  tensor: string;
  dims: DimText[] | null;
}

/**
 * The graphs inside nodes: branches of If, bodies of Loop and Scan, functions that are called. Their nodes' ids go on
 * after the main graph's, and -1-i goes on with their inputs after the graph's own. Edges lead from outside into them,
 * within them, and from their results to their owner.
 */
export interface PageInner {
  /** In the order of their nodes and inputs; an owner comes before what lies in it. */
  graphs: { owner: number; title: string; inputs: PageValue[]; nodes: number }[];
  nodes: PageNode[];
  edges: PageEdge[];
  /** Nodes that were left out because there were too many. */
  left: number;
}

export interface PageInputLayer {
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

/** A tensor of a file that holds weights without a graph. */
export interface PageTensor {
  name: string;
  dtype: string;
  dims: number[];
  /** Elements that count as parameters: 0 for counters and other whole numbers. */
  params: number;
  bytes: number;
}

export interface PageModel {
  fileName: string;
  fileSize: number;
  /** What kind of file it is, in words: `ONNX model`, `PyTorch checkpoint`. */
  format: string;
  /** Who made it and for which versions, and what else its format says. */
  facts: { label: string; value: string }[];
  /** What a reader should know before the file is used, one sentence each. */
  warnings: string[];
  /** False for weights alone: then there are tensors in place of layers. */
  hasGraph: boolean;
  tensors: PageTensor[] | null;
  inputs: PageValue[];
  outputs: PageValue[];
  parameterCount: number;
  nodes: PageNode[];
  edges: PageEdge[];
  /** Edges to graph outputs: node id, output index. */
  outputEdges: { from: number; output: number; dims: DimText[] | null }[];
  /** Inputs that may hold images, and the channel counts that each may have, likeliest first. */
  imageInputs: { name: string; channels: number[] }[];
  inputLayers: PageInputLayer[];
  /** One entry per operator of the standard that the model uses. */
  operators?: PageOperator[];
  /** What the file says of itself in words: description, licence, class names, and every other entry. */
  metadata: { key: string; value: string }[];
  inner?: PageInner;
  sizes?: PageSizes;
  /** Short names that stand for long ones in all shapes here. */
  sizeKey?: { short: string; name: string }[];
  /** What the file records about its adaptation; null when it records nothing. */
  adaptation: PageAdaptation | null;
  /**
   * Why weights in files beside the model can't be read, in one sentence, and the file to put right; null when nothing
   * is wrong.
   */
  dataTrouble?: { message: string; path: string | null } | null;
}
