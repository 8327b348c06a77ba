import type { TensorChange } from './compareTensors.ts';

/** A text that is another one; null where one of the models does not have it. */
export interface TextChange {
  readonly what: string;
  readonly a: string | null;
  readonly b: string | null;
}

/** An input, output or declared shape. `a` and `b` are its types; null where it is missing. */
export interface ValueChange {
  readonly name: string;
  readonly a: string | null;
  readonly b: string | null;
}

/** A node, as a comparison names it. */
export interface NodeRef {
  /** Position in its graph. */
  readonly index: number;
  readonly name: string;
  readonly opType: string;
  readonly outputs: readonly string[];
}

/** Two nodes that stand for each other. */
export interface NodePair {
  readonly a: NodeRef;
  readonly b: NodeRef;
}

/** Two nodes that stand for each other and differ in more than names. */
export interface NodeChange extends NodePair {
  readonly changes: readonly TextChange[];
}

/** All that differs between two models, as plain data. */
export interface Comparison {
  /** Nothing below holds anything. */
  readonly identical: boolean;
  /**
   * The files are the same byte for byte. Where only this is false, they differ in the order or encoding of fields, or
   * in fields that this version doesn't know.
   */
  readonly sameFile: boolean;
  /** Producer, versions, operator sets, functions. */
  readonly header: readonly TextChange[];
  readonly inputs: readonly ValueChange[];
  readonly outputs: readonly ValueChange[];
  /** Declared shapes inside the graph. */
  readonly valueInfo: readonly ValueChange[];
  readonly nodes: {
    readonly added: readonly NodeRef[];
    readonly removed: readonly NodeRef[];
    readonly changed: readonly NodeChange[];
    readonly renamed: readonly NodePair[];
    readonly same: number;
  };
  readonly tensors: readonly TensorChange[];
  /** Stored tensors with the same values under another name, by their name in the second model. */
  readonly renamedTensors: readonly { readonly a: string; readonly b: string }[];
  readonly metadata: readonly TextChange[];
  /** For each node of the second model the position of its counterpart in the first, or −1. */
  readonly alignment: readonly number[];
}
