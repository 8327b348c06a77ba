import type { Node } from '../../formats/onnx/model.ts';
import type { Known } from './known.ts';

/** A weight that took the map in. */
export interface Fold {
  readonly at: Node;
  /** What is known of the graph that the node stands in. */
  readonly known: Known;
  readonly tensor: string;
  readonly oldDims: readonly number[];
  readonly newDims: readonly number[];
  /** Null for a bias, which the weight beside it tells of. */
  readonly how: FoldRecipe | null;
}

/** How a weight took the map in, for tools that repeat it elsewhere. */
export interface FoldRecipe {
  /**
   * This axis of the weight holds `outer · channels · inner` entries; the channels are multiplied by `matrix`, old ×
   * new.
   */
  readonly axis: number;
  readonly outer: number;
  readonly inner: number;
  readonly matrix: readonly (readonly number[])[];
  /**
   * What goes through the weight into the bias, one number per old channel, times `biasFactor`; zeros where nothing
   * does.
   */
  readonly shift: readonly number[];
  readonly bias: string | null;
  readonly biasFactor: number;
  /** Groups of a convolution before and after. */
  readonly groups: readonly [before: number, after: number];
  readonly quantised: boolean;
  /** Nodes that read this weight. */
  readonly readers: number;
}
