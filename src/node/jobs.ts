import type { PageModel } from '../protocol/messages.ts';
import { planText } from '../adapt/plan.ts';
import { ChannelwiseError, type ErrorKind, type ErrorPlace } from '../onnx/errors.ts';
import { adaptFile, convertToGray, type AdaptResult } from './convert.ts';
import { mapFromOptions, type MapOptions } from './mapOptions.ts';
import { reportText, verifyFiles } from './verify.ts';
import { readPageModel } from './pageModel.ts';

export interface AdaptReply {
  readonly outPath: string | null;
  /** One sentence for a notification. */
  readonly summary: string;
  /** The plan in words, a line each. */
  readonly plan: readonly string[];
}

export interface VerifyReply {
  readonly verdict: 'proved' | 'failed' | 'unproved';
  /** One sentence. */
  readonly statement: string;
  readonly report: readonly string[];
}

/** What the worker can do: arguments and results are plain data. */
export interface JobTypes {
  readModel: { args: { path: string }; result: PageModel };
  convertToGray: { args: { path: string }; result: AdaptReply };
  adapt: { args: { path: string; options: MapOptions; inputs?: string[]; dryRun?: boolean }; result: AdaptReply };
  verify: { args: { original: string; adapted: string }; result: VerifyReply };
}
export type JobName = keyof JobTypes;

export interface JobContext {
  readonly signal: AbortSignal;
  readonly onProgress: (fraction: number) => void;
}

/** One function per job. */
export const JOBS: { readonly [N in JobName]: (args: JobTypes[N]['args'], context: JobContext) => Promise<JobTypes[N]['result']> } = {
  readModel: ({ path }, { signal }) => readPageModel(path, signal),
  convertToGray: async ({ path }, context) => reply(await convertToGray(path, context)),
  adapt: async ({ path, options, inputs, dryRun }, context) => reply(await adaptFile(path, { map: await mapFromOptions(options), inputs, dryRun, ...context })),
  verify: async ({ original, adapted }, context) => {
    const report = await verifyFiles(original, adapted, context);
    return { verdict: report.verdict, statement: report.statement, report: reportText(report) };
  },
};

function reply(result: AdaptResult): AdaptReply {
  return { outPath: result.outPath, summary: result.summary, plan: planText(result.plan) };
}

/** To the worker. */
export type JobRequest = { [N in JobName]: { type: 'job'; id: number; name: N; args: JobTypes[N]['args'] } }[JobName] | { type: 'cancel'; id: number };

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
  if (error instanceof ChannelwiseError) return { kind: error.kind, code: error.code, message: error.message, place: error.place };
  return { kind: 'unsupported', code: 'internal', message: `Channelwise made a mistake: ${error instanceof Error ? error.message : String(error)}`, place: {} };
}
