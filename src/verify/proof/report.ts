import type { ChannelMap } from '../../adapt/maps/channelMap.ts';
import type { ModelFile } from '../wiring.ts';
import type { InputMaps } from './inputMap.ts';
import type { TensorDifference } from './measure/difference.ts';
import type { FoldCheck } from './structure/foldCheck.ts';
import type { Rebuild } from './structure/rebuild.ts';
import type { VerifyImage, RunRecord } from './measure/runPlan.ts';

export interface VerifyRequest {
  readonly original: ModelFile;
  readonly adapted: ModelFile;
  /** How the input follows from the adapted one's, where the adapted model does not record it. */
  readonly map?: ChannelMap | undefined;
  /** Makes the random inputs; another one for each proof when absent. The report says which it was. */
  readonly seed?: number | undefined;
  /** Run both whole models too. */
  readonly full?: boolean | undefined;
  readonly images?: readonly VerifyImage[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/**
 * proved: equal up to rounding. failed: not the same function. unproved: it could not be checked, or not enough of it.
 */
export type Verdict = 'proved' | 'failed' | 'unproved';

/** What was checked and what came out, as plain data. */
export interface VerifyReport {
  readonly verdict: Verdict;
  readonly ok: boolean;
  /** One sentence for the user. */
  readonly statement: string;
  /** Of the measured tensor that comes closest to its tolerance; null when nothing was run. */
  readonly maxAbs: number | null;
  readonly maxRel: number | null;
  readonly relL2: number | null;
  readonly tolerance: number | null;
  readonly tensors: readonly TensorDifference[];
  readonly runs: readonly RunRecord[];
  /** What adapting the original again gives, compared with the adapted model. */
  readonly rebuilt: Rebuild['result'];
  readonly seam: {
    readonly tensors: readonly string[];
    /** Nodes behind the seam: the same bytes in both models. */
    readonly identicalNodes: number;
    readonly stemNodes: number;
    /** Bytes of nodes and weights found the same. */
    readonly bytesCompared: number;
  } | null;
  readonly full: FullRun | null;
  readonly maps: { readonly inputs: InputMaps['inputs']; readonly assumption: string | null };
  /** Checked by arithmetic: a weight that is off by less than a run shows, and what the runtime could not run. */
  readonly folds: readonly FoldCheck[];
  readonly runtime: string | null;
  readonly seed: number;
  readonly warnings: readonly string[];
}

/** Both whole models on the same inputs; `ok` null where they can't be run. */
export interface FullRun {
  readonly ok: boolean | null;
  readonly tensors: readonly TensorDifference[];
  readonly runs: readonly RunRecord[];
  readonly why: string | null;
}
