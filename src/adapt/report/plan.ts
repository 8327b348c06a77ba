import type { FoldRecipe } from '../flow/fold.ts';
import type { Rebuilt } from '../flow/walk.ts';
import type { ChannelMap } from '../maps/channelMap.ts';
import { countOf } from '../../text/numbers.ts';

/** A weight that took the map in, as data. */
export interface PlannedFold {
  readonly node: string;
  readonly opType: string;
  readonly tensor: string;
  readonly oldDims: readonly number[];
  readonly newDims: readonly number[];
  /** With the map as it reached that weight. Null for a bias, which the weight beside it tells of. */
  readonly how: FoldRecipe | null;
}

/** What an adaptation does, as data. `channelwise … --json` prints it as it is. */
export interface AdaptationPlan {
  readonly map: ChannelMap;
  readonly inputs: readonly {
    readonly name: string;
    readonly axis: number;
    readonly oldChannels: number;
    readonly newChannels: number;
    readonly matrix: readonly (readonly number[])[];
    readonly shift: readonly number[];
  }[];
  readonly folds: readonly PlannedFold[];
  /** Nodes that vanished because the weights took them in. */
  readonly absorbed: readonly { readonly node: string; readonly opType: string }[];
  /** Calls of the model's own functions that are written out as nodes, because the map goes into what is inside. */
  readonly writtenOut: readonly { readonly node: string; readonly function: string }[];
  /** Tensors that are made again as they were, for a node or as an output, and why. */
  readonly rebuilt: readonly Pick<Rebuilt, 'tensor' | 'node' | 'reason'>[];
  readonly addedNodes: readonly { readonly name: string; readonly opType: string }[];
  readonly removedNodes: readonly string[];
  readonly removedInitializers: readonly string[];
  readonly saved: {
    readonly parameters: number;
    /** Per image where the sizes are known, else null. What added nodes cost is taken off. */
    readonly multiplyAdds: number | null;
  };
  readonly exactness: string;
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
  /** Those of the notes that tell of a node in front of a layer, which no change of weights can say. */
  readonly inFront: readonly string[];
  /** What changes in the model's metadata, and entries that tell of channels and stay. */
  readonly metadata: readonly string[];
  /** Tensors whose value equals the original's again. */
  readonly seam: readonly string[];
}

/** One sentence for a notification: what folded, and how many channels the input takes now. */
export function summary(plan: AdaptationPlan): string {
  const first = plan.folds[0];
  const more = plan.folds.length > 1 ? ` and ${plan.folds.length - 1} more` : '';
  const input = plan.inputs[0];
  const channels = `input ${input?.oldChannels} → ${countOf(input?.newChannels ?? 0, 'channel')}`;
  if (first) return `${first.tensor} ${first.oldDims.join('×')} → ${first.newDims.join('×')}${more}, ${channels}`;
  return plan.rebuilt.length
    ? `The channels are rebuilt inside the model, ${channels}`
    : `No weight changes, ${channels}`;
}
