import type { PageProof } from './adaptation.ts';
import { fieldsOf } from './checked.ts';
import type { PageComparison } from './comparison.ts';
import type {
  PageEvaluated,
  PageEvaluation,
  PageEvaluationChoice,
  PageEvaluationSetup,
  PageGrayByLayer,
  PageMeasuredTime,
} from './evaluation.ts';
import { INPUT_LAYER_ARGS, type InputLayerMethods } from './inputLayer.ts';
import type { PackedModel } from './packed.ts';
import { asSettingChange, type PageSettings, type SettingChange } from './settings.ts';
import { asBinding, type PageBinding } from './sizes.ts';
import { WEIGHT_ARGS, type WeightMethods } from './weights.ts';

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
export interface PageMethods extends WeightMethods, InputLayerMethods {
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
  model: (value) => (value === null ? null : binding(value)),
  convertToGrayscale: nothing,
  command: (value) => {
    const { name } = fieldsOf(value);
    const known = PAGE_COMMANDS.find((command) => command === name);
    return known && { name: known };
  },
  prove: nothing,
  lastProof: nothing,
  copyLink: (value) => {
    const { node } = fieldsOf(value);
    return typeof node === 'string' ? { node } : undefined;
  },
  settings: nothing,
  setSetting: asSettingChange,
  openOperatorPage: (value) => {
    const { domain, opType } = fieldsOf(value);
    return typeof domain === 'string' && typeof opType === 'string' ? { domain, opType } : undefined;
  },
  copyText: (value) => {
    const { text } = fieldsOf(value);
    return typeof text === 'string' ? { text } : undefined;
  },
  ...WEIGHT_ARGS,
  ...INPUT_LAYER_ARGS,
  wanted: nothing,
  comparison: nothing,
  evaluationSetup: nothing,
  lastEvaluation: nothing,
  evaluate: evaluationChoice,
  grayByLayer: evaluationChoice,
  measureTime: binding,
  canUndo: nothing,
  undoConversion: nothing,
  saveEvaluation: nothing,
};

function evaluationChoice(value: unknown): PageEvaluationChoice | undefined {
  const { preset, stretch, order, mean, std, scale, labels } = fieldsOf(value);
  if (typeof stretch !== 'boolean' || (order !== 'rgb' && order !== 'bgr')) return undefined;
  if (typeof preset !== 'string' || typeof mean !== 'string' || typeof std !== 'string') return undefined;
  if (typeof scale !== 'string' || typeof labels !== 'string') return undefined;
  return { preset, stretch, order, mean, std, scale, labels };
}

function binding(value: unknown): { bind: PageBinding } | undefined {
  const bind = asBinding(fieldsOf(value).bind);
  return bind && { bind };
}

function nothing(value: unknown): null | undefined {
  return value === null ? null : undefined;
}
