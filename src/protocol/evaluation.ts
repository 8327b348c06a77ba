/** What can be chosen before an evaluation, for a folder the user picked. */
export interface PageEvaluationSetup {
  folder: string;
  images: number;
  subFolders: number;
  /** Presets of preprocessing, the one the model's own steps call for first, and their numbers as they are typed. */
  presets: { name: string; text: string; mean: string; std: string; scale: string }[];
  /** The name of the preset that was read from the model; null when none was. */
  found: string | null;
}

export interface PageEvaluationChoice {
  preset: string;
  /** Stretch pictures to the input instead of cropping their middle. */
  stretch: boolean;
  order: 'rgb' | 'bgr';
  /** Numbers with commas as a person typed them; empty where the preset's hold. */
  mean: string;
  std: string;
  scale: string;
  /** Folder names in class order, or JSON, as typed; empty where the folder itself tells. */
  labels: string;
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

/** A picture whose class changes when its colours are taken away. */
export interface PageChangedImage {
  image: string;
  /** Class indices: the right one if it is known, with colours, and with gray. */
  label: number | null;
  colour: number;
  gray: number;
  /**
   * A square of so many pixels a side: red, green and blue of each, row by row, in base64; null where it can't be had.
   */
  side: number;
  pixels: string | null;
}

/** How far each layer's activations move when the pictures lose their colours. */
export interface PageGrayByLayer {
  statement: string;
  /** ‖gray − colour‖ / ‖colour‖ of the pictures as the model is fed them. */
  input: number | null;
  layers: {
    node: string;
    opType: string;
    tensor: string;
    relative: number | null;
    worst: { image: string; relative: number } | null;
  }[];
  images: number;
  /** How many lie in the folder. */
  found: number;
  details: string[];
  notes: string[];
}

/** How long a model takes here. */
export interface PageMeasuredTime {
  /** Of a whole run, as the runtime usually runs it. */
  milliseconds: number;
  /** Microseconds by node name, each node as written. */
  layers: Record<string, number>;
  runs: number;
  threads: number;
  sizes: string;
  runtime: string;
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
  /** How many images change their class, and the ones that change most. */
  changed: number;
  changedImages: PageChangedImage[];
  /** How pictures were prepared, how labels were matched, what ran it. */
  details: string[];
  /** Images that could not be used, and other notes, a sentence each. */
  notes: string[];
}

/** What a run found, and what was chosen for it; one of the two is there. */
export interface PageEvaluated {
  choice: PageEvaluationChoice;
  evaluation: PageEvaluation | null;
  gray: PageGrayByLayer | null;
}
