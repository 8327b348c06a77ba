import type { PageAdaptation, PageProof } from './adaptation.ts';
import { FIRST_LAYER_ARGS, type FirstLayerMethods } from './firstLayer.ts';
import type { PackedModel } from './packed.ts';
import { asBinding, type PageBinding, type PageSizes } from './sizes.ts';
import { asSettingChange, type PageSettings, type SettingChange } from './settings.ts';
import { WEIGHT_ARGS, type WeightMethods } from './weights.ts';
import type { PageComparison } from './comparison.ts';
import type {
  PageEvaluated,
  PageEvaluation,
  PageEvaluationChoice,
  PageEvaluationSetup,
  PageGrayByLayer,
  PageMeasuredTime,
} from './evaluation.ts';

/**
 * Messages between extension host and page: plain data, typed once for both. Names are text from the file; they are
 * never markup.
 */

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
  firstLayers: PageFirstLayer[];
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

/** Commands of the extension that the page has buttons for; each acts on the page's own file. */
const PAGE_COMMANDS = [
  'adaptChannels',
  'verify',
  'copyAsPython',
  'openOriginal',
  'compareOriginal',
  'compare',
  'evaluate',
] as const;
export type PageCommand = (typeof PAGE_COMMANDS)[number];

/** Views that commands outside the page ask for. */
export type PageView = 'compare' | 'evaluate';

/** The view that a command asked for and no page has shown yet, and how often each was asked for so far. */
export interface PageWishes {
  readonly view: PageView | null;
  readonly asked: Readonly<Record<PageView, number>>;
}

/**
 * What the page may ask of the host, by method: plain data both ways. A new method goes here, into PAGE_ARGS, and into
 * ANSWERS in src/vscode/editor/pageAnswers.ts.
 */
export interface PageMethods extends WeightMethods, FirstLayerMethods {
  /** The page's model, with numbers for names of sizes. */
  model: { args: { bind: PageBinding } | null; result: PackedModel };
  convertToGrayscale: { args: null; result: null };
  command: { args: { name: PageCommand }; result: null };
  /** Proves the file against the original beside it, now. */
  prove: { args: null; result: PageProof };
  /** What a proof found since VS Code was opened, while the file is the same; else null. */
  lastProof: { args: null; result: PageProof | null };
  /** Puts a link to a node, by its name or by a tensor it makes, on the clipboard. */
  copyLink: { args: { node: string }; result: null };
  settings: { args: null; result: PageSettings };
  setSetting: { args: SettingChange; result: null };
  /** Opens an operator's page of ONNX's documentation in the browser. */
  openOperatorPage: { args: { domain: string; opType: string }; result: null };
  copyText: { args: { text: string }; result: null };
  /** What commands asked for; a view is told once, to the first page that asks. */
  wanted: { args: null; result: PageWishes };
  /** The comparison with the model that `compare` chose last; null when none was chosen. */
  comparison: { args: null; result: PageComparison | null };
  /** The folder that `evaluate` chose last; null when none was chosen. */
  evaluationSetup: { args: null; result: PageEvaluationSetup | null };
  /** What was found last in that folder, while the models are as they were; else null. */
  lastEvaluation: { args: null; result: PageEvaluated | null };
  evaluate: { args: PageEvaluationChoice; result: PageEvaluation };
  /** How far each layer moves when the pictures of the chosen folder lose their colours. */
  grayByLayer: { args: PageEvaluationChoice; result: PageGrayByLayer };
  /** Runs the model here some times, with numbers for names of sizes. */
  measureTime: { args: { bind: PageBinding }; result: PageMeasuredTime };
  /** Whether this file was written since VS Code was opened, and is as it was then. */
  canUndo: { args: null; result: boolean };
  /** Takes the conversion that wrote this file back, as Undo in its notification does; says what it did. */
  undoConversion: { args: null; result: string };
  /** Asks where to, and writes the last evaluation's lines there; the file's name, or null when the user left. */
  saveEvaluation: { args: null; result: string | null };
}
export type PageMethod = keyof PageMethods;

/** Reads a method's arguments from what arrived; undefined where they don't fit. */
export const PAGE_ARGS: { readonly [M in PageMethod]: (value: unknown) => PageMethods[M]['args'] | undefined } = {
  model: (value) => {
    if (value === null) return null;
    const bind = asBinding((value as { bind?: unknown }).bind);
    return bind && { bind };
  },
  convertToGrayscale: nothing,
  command: (value) => {
    const name = typeof value === 'object' && value !== null ? (value as { name?: unknown }).name : undefined;
    const found = PAGE_COMMANDS.find((c) => c === name);
    return found && { name: found };
  },
  prove: nothing,
  lastProof: nothing,
  copyLink: (value) => {
    const node = (value as { node?: unknown } | null)?.node;
    return typeof node === 'string' ? { node } : undefined;
  },
  settings: nothing,
  setSetting: asSettingChange,
  openOperatorPage: (value) => {
    const { domain, opType } = (value ?? {}) as Record<string, unknown>;
    return typeof domain === 'string' && typeof opType === 'string' ? { domain, opType } : undefined;
  },
  copyText: (value) => {
    const text = (value as { text?: unknown } | null)?.text;
    return typeof text === 'string' ? { text } : undefined;
  },
  ...WEIGHT_ARGS,
  ...FIRST_LAYER_ARGS,
  wanted: nothing,
  comparison: nothing,
  evaluationSetup: nothing,
  lastEvaluation: nothing,
  evaluate: evaluationChoice,
  grayByLayer: evaluationChoice,
  measureTime: (value) => {
    const bind = asBinding((value as { bind?: unknown } | null)?.bind);
    return bind && { bind };
  },
  canUndo: nothing,
  undoConversion: nothing,
  saveEvaluation: nothing,
};

function evaluationChoice(value: unknown): PageEvaluationChoice | undefined {
  const { stretch, order, ...rest } = (value ?? {}) as Record<string, unknown>;
  const { preset, mean, std, scale, labels } = rest;
  if (typeof stretch !== 'boolean' || (order !== 'rgb' && order !== 'bgr')) return undefined;
  if (typeof preset !== 'string' || typeof mean !== 'string' || typeof std !== 'string') return undefined;
  if (typeof scale !== 'string' || typeof labels !== 'string') return undefined;
  return { preset, stretch, order, mean, std, scale, labels };
}

function nothing(value: unknown): null | undefined {
  return value === null ? null : undefined;
}
