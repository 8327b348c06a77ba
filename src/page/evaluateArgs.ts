import type { PageEvaluationChoice } from '../protocol/evaluation.ts';

/** The models to evaluate: without an adapted file the original is adapted in memory. */
export interface EvaluatedModels {
  readonly original: string;
  readonly adapted: string | null;
}

/** A choice of preprocessing whose numbers were read; what is absent is the preset's. */
export interface EvaluationNumbers extends Pick<PageEvaluationChoice, 'preset' | 'stretch' | 'order'> {
  readonly mean?: readonly number[] | undefined;
  readonly std?: readonly number[] | undefined;
  readonly scale?: number | undefined;
  readonly typedLabels?: string | undefined;
}

/** Models, a folder of images, and how they are prepared. */
export interface EvaluateArgs {
  readonly models: EvaluatedModels;
  readonly folder: string;
  readonly choice: EvaluationNumbers;
}
