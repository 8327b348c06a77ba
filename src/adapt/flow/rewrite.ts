import type { Dim, Node, Tensor } from '../../formats/onnx/model.ts';

/** A tensor of the new graph. What it is called in the end, `settle` says. */
export interface Named {
  readonly name: string;
  /** Another view of the same tensor, which its name belongs to. */
  readonly same?: Named;
}

/** A node input: a tensor of the original graph by name, or one of the new graph. */
export type Operand = string | Named;

export type AttributeValue =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'ints'; readonly value: readonly (number | bigint)[] }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'floats'; readonly value: readonly number[] };

/** What changes in a node that stays. */
export interface NodeRewrite {
  readonly inputs?: readonly Operand[];
  readonly outputs?: readonly Operand[];
  readonly attributes?: ReadonlyMap<string, AttributeValue>;
}

/** A node that the original doesn't have. It goes right behind `after`, or to the front of the graph. */
export interface InsertedNode {
  readonly opType: string;
  readonly name: string;
  readonly inputs: readonly Operand[];
  readonly outputs: readonly Named[];
  readonly attributes: ReadonlyMap<string, AttributeValue>;
  readonly after: Node | null;
  /** Null where it multiplies nothing. */
  readonly work: Work | null;
}

/** Multiply-adds for one image: so many at each place of these sizes. */
export interface Work {
  readonly each: number;
  readonly pixels: readonly Dim[];
}

export interface NewConstant extends Named {
  readonly dtype: number;
  readonly dims: readonly number[];
  readonly values: Float64Array | BigInt64Array;
}

/** Numbers that float64 holds. */
export interface NewNumbers extends NewConstant {
  readonly values: Float64Array;
}

/** A stored tensor that gets new dims and values in place. */
export interface Replacement {
  readonly tensor: Tensor;
  readonly dims: readonly number[];
  readonly values: Float64Array;
}
