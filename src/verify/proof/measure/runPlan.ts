import type { WorkBudget } from '../../runCost.ts';
import type { Wiring } from '../../wiring.ts';
import type { InputMaps } from '../inputMap.ts';
import type { TensorDifference } from './difference.ts';
import type { Painter } from './sample.ts';

/** A picture to run both models on; `paint` fills an input of any size with it. */
export interface VerifyImage {
  readonly name: string;
  readonly paint: Painter;
}

/** One run of both models. */
export interface RunRecord {
  /** `noise`, `smooth`, `edges` or an image's name. */
  readonly on: string;
  readonly sizes: Readonly<Record<string, readonly number[]>>;
}

/** What the runs of one plan came to. */
export interface RunOutcome {
  readonly tensors: readonly TensorDifference[];
  readonly runs: readonly RunRecord[];
  /** Tensors of the original that were not the same for all inputs of one size. */
  readonly answering: ReadonlySet<string>;
  /** Set where only the adapted model could not be run. */
  readonly adaptedFails: string | null;
}

/** What is to be run, on what, and how it is compared. */
export interface RunPlan {
  readonly a: Wiring;
  readonly b: Wiring;
  readonly maps: InputMaps;
  readonly targets: readonly string[];
  readonly seed: number;
  /** Random inputs wanted; fewer when fewer sizes work. */
  readonly wanted: number;
  readonly images: readonly VerifyImage[];
  /** Smooth pictures and pictures with edges too. */
  readonly pictures: boolean;
  /** More sizes and batches too, for models that somebody else made. */
  readonly wide: boolean;
  /** Whole models, which the runtime may optimise; a stem runs each node as written. */
  readonly whole: boolean;
  /**
   * The same inputs always give the same numbers. Else shaking pixels would show what the model draws, not rounding.
   */
  readonly isSteady: boolean;
  /** Shared by all runs of a proof. */
  readonly budget: WorkBudget;
  readonly signal?: AbortSignal | undefined;
  readonly onRun?: (() => void) | undefined;
}
