import type { Dim } from '../../formats/onnx/model.ts';
import type { ScopeShapes } from './graphScope.ts';
import type { SteeringConstants } from './steering.ts';

/**
 * A place where the file says something else than what follows from a node's inputs, or where inputs don't fit the
 * operator.
 */
export interface Contradiction {
  /** The path of the graph inside which it is; empty for the main graph. */
  readonly scope: string;
  readonly node: string;
  readonly opType: string;
  readonly tensor: string;
  /** One sentence with both sides. */
  readonly message: string;
  /** Both shapes, where it is about a shape. */
  readonly declared?: readonly Dim[];
  readonly inferred?: readonly Dim[];
}

/** What inference found: of the main graph, and of what is inside its nodes. */
export interface Shapes extends ScopeShapes {
  /** The numbers of small tensors of the main graph that steer shapes, null where one is unknown. */
  readonly integers: ReadonlyMap<string, readonly (number | null)[]>;
  readonly contradictions: readonly Contradiction[];
  /**
   * Names of the inputs' sizes, which numbers can be given for: declared ones, and ours where the file leaves a size
   * open.
   */
  readonly sizes: readonly string[];
  /** Names in `bind` that no size has. */
  readonly unused: readonly string[];
  /** Sizes that got a name of their own, because they follow from nothing, with the reason. */
  readonly symbols: ReadonlyMap<string, string>;
}

export interface InferOptions {
  /** Small constants, read before. Without them, shapes that models compute stay unknown. */
  readonly constants?: SteeringConstants;
  /** Sizes for names, such as batch = 1. */
  readonly bind?: Readonly<Record<string, number>>;
}
