import type { ImageInput } from '../adapt/inputs/imageInputs.ts';
import type { ChannelMap } from '../adapt/maps/channelMap.ts';
import type { PlanSection } from '../adapt/report/planText.ts';
import type { Written } from '../files/written.ts';
import type { PageProof } from '../protocol/adaptation.ts';
import type { PageComparison } from '../protocol/comparison.ts';
import type { PageEvaluation, PageEvaluationSetup, PageGrayByLayer, PageMeasuredTime } from '../protocol/evaluation.ts';
import type { InputLayerMethods } from '../protocol/inputLayer.ts';
import type { PackedModel } from '../protocol/packed.ts';
import type { PageBinding } from '../protocol/sizes.ts';
import type { WeightMethods } from '../protocol/weights.ts';
import type { MadeFrom } from './adaptation.ts';
import type { EvaluateArgs, EvaluatedModels } from './evaluateArgs.ts';
import type { Inspection } from './printed/inspect.ts';
import type { WeightsInspection } from './printed/inspectWeights.ts';
import type { ShapesReport } from './printed/shapes.ts';

/** What a conversion has come to, for the editor to tell. */
export interface AdaptReply {
  readonly outPath: string | null;
  /** Data files that were copied along, or would be; they go with the model when it is undone. */
  readonly dataCopies: readonly string[];
  /** Folders that were made for it, the innermost first; those that are empty then go too. */
  readonly madeFolders: readonly string[];
  /** One sentence for a notification. */
  readonly summary: string;
  /** The plan in words. */
  readonly plan: readonly PlanSection[];
}

/** What a proof found, with its report in lines. */
export interface VerifyReply extends PageProof {
  readonly report: readonly string[];
  /** The data files of both models, as they were before the proof. */
  readonly dataFiles: readonly Written[];
}

/** A map for a file, and the inputs it is for; all image inputs when absent. */
export interface AdaptArgs {
  readonly path: string;
  readonly map: ChannelMap;
  readonly inputs?: readonly string[] | undefined;
}

/** A question of the page that the worker answers as it is, about the file at `path`. */
interface OfFile<Question extends { args: object; result: unknown }> {
  args: { path: string } & Question['args'];
  result: Question['result'];
}

/** What the host can ask the worker: arguments and results are plain data. */
export interface WorkerMethods {
  readModel: { args: { path: string; bind?: PageBinding }; result: PackedModel };
  convertToGray: {
    args: { path: string; inputs?: readonly string[] | undefined; out?: string | undefined };
    result: AdaptReply;
  };
  adapt: { args: AdaptArgs & { out?: string | undefined; dryRun?: boolean }; result: AdaptReply };
  imageInputs: { args: { path: string }; result: ImageInput[] };
  /** The frameworks that there is Python for, the likely one first. */
  pythonFrameworks: { args: { path: string }; result: readonly { readonly id: string; readonly title: string }[] };
  asPython: {
    args: AdaptArgs & {
      framework: string;
      /** The name of the file that is loaded, where it is written already. */
      adapted?: string;
    };
    result: string;
  };
  /** The record of an adapted file's last step and the original it names, if that is still beside it. */
  madeFrom: { args: { path: string }; result: MadeFrom | null };
  verify: { args: { original: string; adapted: string }; result: VerifyReply };
  tensorStatistics: OfFile<WeightMethods['tensorStatistics']>;
  tensorBlock: OfFile<WeightMethods['tensorBlock']>;
  /** The page does not say where to; the result is its `note`. */
  saveTensor: { args: OfFile<WeightMethods['saveTensor']>['args'] & { outPath: string }; result: string | null };
  inputLayerFacts: OfFile<InputLayerMethods['inputLayerFacts']>;
  layerFilters: OfFile<InputLayerMethods['layerFilters']>;
  compare: { args: { path: string; other: string }; result: PageComparison };
  /** What differs between two models, in lines of text. */
  differences: { args: { path: string; other: string }; result: { identical: boolean; differences: string[] } };
  inspect: { args: { path: string; bind: Readonly<Record<string, number>> }; result: Inspection | WeightsInspection };
  shapes: { args: { path: string; bind: Readonly<Record<string, number>> }; result: ShapesReport };
  evaluationSetup: { args: { models: EvaluatedModels; folder: string }; result: PageEvaluationSetup };
  evaluate: { args: EvaluateArgs; result: { evaluation: PageEvaluation; csv: string } };
  grayByLayer: { args: EvaluateArgs; result: { gray: PageGrayByLayer; csv: string } };
  measureTime: OfFile<{ args: { bind: PageBinding }; result: PageMeasuredTime }>;
}
