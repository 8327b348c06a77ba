/** What can be chosen before an evaluation, for a folder the user picked. */
export interface PageEvaluationSetup {
  folder: string;
  images: number;
  subFolders: number;
  /** Presets of preprocessing; the one the model's own steps call for first. */
  presets: { name: string; text: string }[];
  /** The name of the preset that was read from the model; null when none was. */
  found: string | null;
}

export interface PageEvaluationChoice {
  preset: string;
  /** Stretch pictures to the input instead of cropping their middle. */
  stretch: boolean;
  order: 'rgb' | 'bgr';
}

/** Shares are 0 to 1; null without labels. */
export interface PageEvaluationRun {
  title: string;
  top1: number | null;
  top5: number | null;
  agreesWithRgb: number;
  agreesWithRepeated: number;
  /** Largest difference of a score from gray repeated, over the largest score. */
  scoreDifference: number;
}

/** What gray costs, measured on the folder's images. */
export interface PageEvaluation {
  original: string;
  /** null: adapted in memory. */
  adapted: string | null;
  images: number;
  labelled: number;
  classes: number;
  /** What it comes to, a sentence each. */
  conclusions: string[];
  runs: PageEvaluationRun[];
  /** How pictures were prepared, how labels were matched, what ran it. */
  details: string[];
  /** Images that could not be used, and other notes, a sentence each. */
  notes: string[];
}
