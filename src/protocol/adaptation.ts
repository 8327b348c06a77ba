/**
 * How the file says it was adapted. Anybody can write such a record: it is text to show as the file's own words, beside
 * what was checked.
 */
export interface PageAdaptation {
  /** false: the file keeps no record, and the one step is what it shows beside its likely original. */
  isRecorded: boolean;
  /** Oldest first; of a long story the end. */
  steps: PageStep[];
  stepCount: number;
  /** Each input the last step names, as the file declares it now; `type` is null where there is no such input. */
  inputs: { name: string; type: string | null; agrees: boolean }[];
  original: PageOriginal;
}

/**
 * The file beside this one that the last step started from. `same`: size and fingerprint are the recorded ones.
 * `likely`: nothing is recorded, but names and tensors of the two files say so.
 */
export interface PageOriginal {
  name: string;
  path: string | null;
  state: 'same' | 'changed' | 'missing' | 'unnamed' | 'likely';
}

export interface PageStep {
  version: string;
  source: { name: string; size: number };
  map: string;
  warning: string;
  inputs: PageMappedInput[];
  /** The first of `foldCount`. */
  folds: PageFold[];
  foldCount: number;
  /** The first of `rebuiltCount`. */
  rebuilt: { tensor: string; node: string; reason: string }[];
  rebuiltCount: number;
  absorbed: { opType: string; count: number }[];
  added: { opType: string; count: number }[];
  saved: { parameters: number | null; multiplyAdds: number | null };
  exactness: string;
  notes: string[];
}

export interface PageMappedInput {
  name: string;
  axis: number;
  oldChannels: number;
  newChannels: number;
  /** Old × new, and one number per old channel; null where they are too large to show. */
  matrix: number[][] | null;
  shift: number[] | null;
}

export interface PageFold {
  tensor: string;
  node: string;
  opType: string;
  oldDims: number[];
  newDims: number[];
  /**
   * Whether the node reads a weight of the recorded new dims; `unknown` where its dims are not known without running
   * the model.
   */
  now: 'same' | 'other' | 'missing' | 'unknown';
}

/** What a proof found, measured by this Channelwise, never read from the file. */
export interface PageProof {
  verdict: 'proved' | 'failed' | 'unproved';
  statement: string;
  /** At the seam tensor closest to its tolerance; null when nothing was run. */
  maxAbs: number | null;
  maxRel: number | null;
  tolerance: number | null;
  runs: { on: string; sizes: string }[];
  identicalNodes: number;
  stemNodes: number;
  bytesCompared: number;
  runtime: string | null;
  warnings: string[];
  /** The file name of the original it was proved against. */
  against: string;
}
