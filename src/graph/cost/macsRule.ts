import type { Dim, Node } from '../../formats/onnx/model.ts';
import { multiply } from '../sizes/dims.ts';

/**
 * What a counting rule may ask about a node: dims of its inputs and outputs by their place, null where the rank is
 * unknown.
 */
export interface CountedNode {
  readonly node: Node;
  input(index: number): readonly Dim[] | null;
  output(index: number): readonly Dim[] | null;
}

/** The multiply-adds of a node; null where a size that they follow from is not known. */
export type MacsRule = (node: CountedNode) => Dim;

/** How many elements a tensor has; null where its rank or one of its sizes is not known. */
export const elements = (dims: readonly Dim[] | null): Dim => dims && multiply(dims);
