/** What the page says about sizes and cost, and the numbers it sends for names. */

export interface PageSizes {
  /** Names of the inputs' sizes, with the number that is given for them now. */
  names: { name: string; value: number | null }[];
  /**
   * Sizes that are only known when the model runs, by the name they have in shapes. A number can be given for them too.
   */
  computed: { name: string; reason: string }[];
  /** How many more of those there are. */
  computedLeft: number;
  /**
   * Where the file says something else than what follows; a node of the main graph, or none where it lies inside one.
   */
  contradictions: { node: number | null; message: string }[];
  cost: PageCost;
}

/** For one image, or as many as the batch size is given. null where sizes are not known. Bytes for memory. */
export interface PageCost {
  params: number;
  macs: number | null;
  /** Nodes whose multiply-adds are not known because sizes are not. */
  uncounted: number;
  /** Operators whose multiply-adds are in no number, by their names; and how many more there are. */
  unknownOperators: readonly string[];
  moreOperators: number;
  /** All tensors that nodes make together, and the most that is needed at once. */
  memory: number | null;
  peak: number | null;
}

/** Numbers for names of sizes. */
export type PageBinding = Record<string, number>;

/** Reads numbers for names; undefined where they are none. */
export function asBinding(value: unknown): PageBinding | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const entries = Object.entries(value as Record<string, unknown>);
  return entries.every(([, n]) => typeof n === 'number' && Number.isSafeInteger(n) && n > 0)
    ? (Object.fromEntries(entries) as PageBinding)
    : undefined;
}
