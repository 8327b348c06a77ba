import { basename } from 'node:path';
import type { PageProof } from '../protocol/adaptation.ts';
import type { PageComparison } from '../protocol/comparison.ts';
import type { PageEvaluation, PageEvaluationChoice, PageEvaluationSetup } from '../protocol/evaluation.ts';
import { packModel, type PackedModel } from '../protocol/packed.ts';
import type { PageBinding } from '../protocol/sizes.ts';
import { asPython, type PythonFramework } from '../adapt/report/python.ts';
import type { ChannelMap } from '../adapt/maps/channelMap.ts';
import { imageInputs, type ImageInput } from '../adapt/flow/imageInputs.ts';
import { planSections, type PlanSection } from '../adapt/report/planText.ts';
import type { Model } from '../formats/onnx/model.ts';
import { scanModel } from '../formats/onnx/scan/scan.ts';
import type { VerifyReport } from '../verify/proof/verify.ts';
import type { FirstLayerMethods, PageFirstLayerFacts } from '../protocol/firstLayer.ts';
import type { PageRange, PageStatistics, TensorFormat } from '../protocol/weights.ts';
import { ChannelwiseError, type ErrorKind, type ErrorPlace } from '../bytes/errors.ts';
import { madeFrom, type MadeFrom } from './adaptation.ts';
import { adaptFile, convertToGray, type AdaptResult } from '../jobs/convert.ts';
import { evaluatePage, evaluationSetup, type EvaluatedModels } from './evaluatePage.ts';
import { openFileSource } from '../files/fileSource.ts';
import { comparePage } from './pageComparison.ts';
import { reportText, verifyFiles } from '../jobs/verify.ts';
import { readPageModel } from './pageModel.ts';
import { firstLayerFacts, layerFilters } from './firstLayer.ts';
import { saveTensor, tensorBlock, tensorStatistics } from './weights.ts';

export interface AdaptReply {
  readonly outPath: string | null;
  /** One sentence for a notification. */
  readonly summary: string;
  /** The plan in words. */
  readonly plan: readonly PlanSection[];
}

export interface VerifyReply extends PageProof {
  readonly report: readonly string[];
}

/** What the worker can do: arguments and results are plain data. */
export interface JobTypes {
  readModel: { args: { path: string; bind?: PageBinding }; result: PackedModel };
  convertToGray: { args: { path: string; out?: string | undefined }; result: AdaptReply };
  adapt: { args: AdaptArgs & { out?: string | undefined; dryRun?: boolean }; result: AdaptReply };
  imageInputs: { args: { path: string }; result: ImageInput[] };
  asPython: { args: AdaptArgs & { framework: PythonFramework }; result: string };
  /** The record of an adapted file's last step and the original it names, if that is still beside it. */
  madeFrom: { args: { path: string }; result: MadeFrom | null };
  verify: { args: { original: string; adapted: string }; result: VerifyReply };
  tensorStatistics: { args: { path: string; tensor: string }; result: PageStatistics };
  tensorBlock: { args: { path: string; tensor: string; ranges: readonly PageRange[] }; result: string[] };
  firstLayerFacts: { args: { path: string; layer: number }; result: PageFirstLayerFacts };
  layerFilters: {
    args: FirstLayerMethods['layerFilters']['args'] & { path: string };
    result: FirstLayerMethods['layerFilters']['result'];
  };
  saveTensor: { args: { path: string; tensor: string; format: TensorFormat; outPath: string }; result: string | null };
  compare: { args: { path: string; other: string }; result: PageComparison };
  evaluationSetup: { args: { models: EvaluatedModels; folder: string }; result: PageEvaluationSetup };
  evaluate: {
    args: { models: EvaluatedModels; folder: string; choice: PageEvaluationChoice };
    result: { evaluation: PageEvaluation; csv: string };
  };
}
export type JobName = keyof JobTypes;

/** A map for a file, and the inputs it is for; all image inputs when absent. */
export interface AdaptArgs {
  readonly path: string;
  readonly map: ChannelMap;
  readonly inputs?: readonly string[] | undefined;
}

export interface JobContext {
  readonly signal: AbortSignal;
  readonly onProgress: (fraction: number) => void;
}

/** One function per job. */
export const JOBS: {
  readonly [N in JobName]: (args: JobTypes[N]['args'], context: JobContext) => Promise<JobTypes[N]['result']>;
} = {
  readModel: async ({ path, bind }, { signal }) => packModel(await readPageModel(path, signal, bind)),
  convertToGray: async ({ path, out }, context) => reply(await convertToGray(path, { out, ...context })),
  adapt: async ({ path, ...options }, context) => reply(await adaptFile(path, { ...options, ...context })),
  imageInputs: ({ path }, { signal }) => withModel(path, signal, ({ graph }) => imageInputs(graph)),
  asPython: async ({ path, map, inputs, framework }, context) =>
    asPython((await adaptFile(path, { map, inputs, dryRun: true, ...context })).plan, framework),
  madeFrom: ({ path }, { signal }) => withModel(path, signal, (model) => madeFrom(model, path)),
  verify: async ({ original, adapted }, context) => {
    const report = await verifyFiles(original, adapted, context);
    return { ...pageProof(report, basename(original)), report: reportText(report) };
  },
  tensorStatistics: ({ path, tensor }, context) => tensorStatistics(path, tensor, context),
  tensorBlock: ({ path, tensor, ranges }, context) => tensorBlock(path, tensor, ranges, context),
  firstLayerFacts: ({ path, layer }, context) => firstLayerFacts(path, layer, context),
  layerFilters: ({ path, ...args }, context) => layerFilters(path, args, context),
  saveTensor: ({ path, tensor, format, outPath }, context) => saveTensor(path, tensor, format, outPath, context),
  compare: ({ path, other }, context) => comparePage(path, other, context),
  evaluationSetup: ({ models, folder }, { signal }) => evaluationSetup(models, folder, signal),
  evaluate: ({ models, folder, choice }, context) => evaluatePage(models, folder, choice, context),
};

function reply(result: AdaptResult): AdaptReply {
  return { outPath: result.outPath, summary: result.summary, plan: planSections(result.plan) };
}

async function withModel<T>(path: string, signal: AbortSignal, use: (model: Model) => T | Promise<T>): Promise<T> {
  const source = await openFileSource(path);
  try {
    return await use(await scanModel(source, signal));
  } finally {
    await source.close();
  }
}

function pageProof(report: VerifyReport, against: string): PageProof {
  const { verdict, statement, maxAbs, maxRel, tolerance, seam, runtime, warnings } = report;
  const sizes = (all: Readonly<Record<string, readonly number[]>>): string =>
    Object.entries(all)
      .map(([name, dims]) => `${name} ${dims.join('×')}`)
      .join(', ');
  return {
    verdict,
    statement,
    maxAbs,
    maxRel,
    tolerance,
    runtime,
    warnings: [...warnings],
    against,
    runs: report.runs.map((r) => ({ on: r.on, sizes: sizes(r.sizes) })),
    identicalNodes: seam?.identicalNodes ?? 0,
    stemNodes: seam?.stemNodes ?? 0,
    bytesCompared: seam?.bytesCompared ?? 0,
  };
}

/** To the worker. */
export type JobRequest =
  | { [N in JobName]: { type: 'job'; id: number; name: N; args: JobTypes[N]['args'] } }[JobName]
  | { type: 'cancel'; id: number };

/** From the worker. Every job ends in exactly one `done` or `failed`. */
export type JobMessage =
  | { type: 'progress'; id: number; fraction: number }
  | { type: 'done'; id: number; result: unknown }
  | { type: 'failed'; id: number; error: PlainError };

export interface PlainError {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly message: string;
  readonly place: ErrorPlace;
}

/** An error as plain data; what is no ChannelwiseError is our own fault and says so. */
export function plainError(error: unknown): PlainError {
  if (error instanceof ChannelwiseError)
    return { kind: error.kind, code: error.code, message: error.message, place: error.place };
  return {
    kind: 'unsupported',
    code: 'internal',
    message: `Channelwise made a mistake: ${error instanceof Error ? error.message : String(error)}`,
    place: {},
  };
}
