import type { PackedModel } from './packed.ts';

/** How a thing of one model stands to the other: only in the first, only in the second, or in both but not the same. */
export type DifferenceSign = '-' | '+' | '~';

/**
 * One difference in words, and where it is in either graph: `n` node id, `i` or `o` with the number of an input or
 * output.
 */
export interface PageDifference {
  sign: DifferenceSign;
  text: string;
  /** The text with long names of sizes, where the page has short ones in it. */
  whole?: string;
  a: string | null;
  b: string | null;
}

export interface PageDifferenceGroup {
  title: string;
  /** Of all; `rows` may hold the first of them only. */
  count: number;
  rows: PageDifference[];
}

/** Two models compared. The page's own is one of them; the other comes with its graph. */
export interface PageComparison {
  own: 'a' | 'b';
  aName: string;
  bName: string;
  other: PackedModel;
  /** One sentence. */
  statement: string;
  groups: PageDifferenceGroup[];
  /** Everything to mark in the two graphs. */
  marks: { a: [string, DifferenceSign][]; b: [string, DifferenceSign][] };
  /** For each node of the second model the id of its counterpart in the first, or -1. */
  alignment: number[];
}
