import { checkCancelled } from '../../bytes/cancel.ts';
import { ChannelwiseError, isTellable } from '../../bytes/errors.ts';
import type { Picture } from './picture.ts';
import type { Session } from '../session.ts';
import { numbersOf, type NumberArray, type Value } from '../values.ts';

/**
 * `rgb`: the original on colours. `repeated`: the original on gray, repeated. `adapted`: the adapted model on gray.
 * `exact`: gray with the normalisation folded in.
 */
export type RunKey = 'rgb' | 'repeated' | 'adapted' | 'exact';

/** One way to run a picture. */
export interface EvaluationRun {
  readonly key: RunKey;
  readonly title: string;
  readonly session: Session;
  readonly input: string;
  /** Turns a picture into the input. */
  readonly feed: (picture: Picture) => Value;
}

export interface EvaluationImage {
  readonly name: string;
  /** Class index; null without labels. */
  readonly label: number | null;
  /** Throws ChannelwiseError when it can't be decoded. */
  readonly load: () => Promise<Picture>;
}

export interface RunResult {
  readonly key: RunKey;
  readonly title: string;
  readonly images: number;
  /** Shares from 0 to 1 of the labelled images; null without labels. */
  readonly top1: number | null;
  readonly top5: number | null;
  /** How often the top class is that of the RGB run. */
  readonly agreesWithRgb: number;
  /** How often the top class is that of gray repeated. */
  readonly agreesWithRepeated: number;
  /** Largest difference of a score from gray repeated, over the largest score. */
  readonly scoreDifference: number;
}

export interface ImageResult {
  readonly image: string;
  readonly label: number | null;
  /** Per run the five best classes, best first. */
  readonly top: Readonly<Partial<Record<RunKey, readonly number[]>>>;
  /**
   * How far the best class under colours falls behind the best one under gray repeated, as a part of the largest score
   * there; 0 where it is the same.
   */
  readonly fall: number;
}

export interface Evaluation {
  readonly classes: number;
  readonly runs: readonly RunResult[];
  readonly images: readonly ImageResult[];
  readonly skipped: readonly { readonly image: string; readonly why: string }[];
}

export interface EvaluationRequest {
  readonly runs: readonly EvaluationRun[];
  readonly images: readonly EvaluationImage[];
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

const BEST = 5;

interface Tally {
  top1: number;
  top5: number;
  rgb: number;
  repeated: number;
  difference: number;
  peak: number;
}

/**
 * Runs every picture in every way and counts. Pictures that can't be decoded are skipped and named. Throws `refused`
 * where the model gives no list of class scores or no picture could be used, what the runtime throws, and `cancelled`.
 */
export async function evaluate({ runs, images, signal, onProgress }: EvaluationRequest): Promise<Evaluation> {
  const tallies = new Map<RunKey, Tally>(
    runs.map((run) => [run.key, { top1: 0, top5: 0, rgb: 0, repeated: 0, difference: 0, peak: 0 }]),
  );
  const done: ImageResult[] = [];
  const skipped: Evaluation['skipped'][number][] = [];
  let classes = 0;
  let labelled = 0;
  for (const [i, image] of images.entries()) {
    checkCancelled(signal);
    const picture = await loaded(image, skipped);
    if (picture) {
      const scores = new Map<RunKey, NumberArray>();
      for (const run of runs) scores.set(run.key, await scoresOf(run, picture));
      classes = scores.get('rgb')?.length ?? 0;
      if (image.label !== null) labelled++;
      done.push(count(image, scores, tallies));
    }
    onProgress?.(i + 1, images.length);
  }
  if (!done.length)
    throw new ChannelwiseError(
      'refused',
      'no-images',
      `None of the ${images.length} images could be used${skipped[0] ? `; the first: ${skipped[0].why}` : '.'}`,
    );
  return {
    classes,
    images: done,
    skipped,
    runs: runs.map((run) => result(run, tallies.get(run.key), { images: done.length, labelled })),
  };
}

async function loaded(image: EvaluationImage, skipped: { image: string; why: string }[]): Promise<Picture | null> {
  try {
    return await image.load();
  } catch (error) {
    if (!isTellable(error)) throw error;
    skipped.push({ image: image.name, why: error.message });
    return null;
  }
}

async function scoresOf({ session, input, feed }: EvaluationRun, picture: Picture): Promise<NumberArray> {
  const outputs = await session.run(new Map([[input, feed(picture)]]));
  const value = session.outputNames.map((name) => outputs.get(name)).find((v) => v && isScores(v.dims));
  if (!value) {
    const shapes = [...outputs.values()].map((output) => `[${output.dims.join(', ')}]`).join(', ');
    throw new ChannelwiseError(
      'refused',
      'no-classes',
      `The model's outputs (${shapes || 'none with numbers'}) are no list of class scores, so there is nothing to ` +
        'count; what gray costs layer by layer needs none.',
    );
  }
  return numbersOf(value);
}

/** One score per class for one picture: all dims but one are 1. */
function isScores(dims: readonly number[]): boolean {
  return dims.filter((dim) => dim !== 1).length === 1 && dims.every((dim) => dim > 0);
}

function count(
  image: EvaluationImage,
  scores: ReadonlyMap<RunKey, NumberArray>,
  tallies: ReadonlyMap<RunKey, Tally>,
): ImageResult {
  const top: Partial<Record<RunKey, readonly number[]>> = {};
  for (const [key, list] of scores) top[key] = best(list);
  const repeated = scores.get('repeated');
  for (const [key, list] of scores) {
    const tally = tallies.get(key);
    if (!tally) continue;
    const first = top[key]?.[0];
    if (first === image.label) tally.top1++;
    if (image.label !== null && top[key]?.includes(image.label)) tally.top5++;
    if (first === top.rgb?.[0]) tally.rgb++;
    if (first === top.repeated?.[0]) tally.repeated++;
    for (const [i, v] of list.entries()) {
      tally.difference = Math.max(tally.difference, Math.abs(v - (repeated?.[i] ?? v)));
      tally.peak = Math.max(tally.peak, Math.abs(repeated?.[i] ?? v));
    }
  }
  return { image: image.name, label: image.label, top, fall: fallOf(top.rgb?.[0], repeated ?? []) };
}

function fallOf(before: number | undefined, gray: ArrayLike<number>): number {
  const [now] = best(gray);
  if (before === undefined || now === undefined || now === before) return 0;
  const peak = Array.from(gray).reduce((most, score) => Math.max(most, Math.abs(score)), 0);
  return ((gray[now] ?? 0) - (gray[before] ?? 0)) / (peak || 1);
}

/** The images whose best class changes when their colours are taken away, those that change most first. */
export function changedImages(images: readonly ImageResult[]): ImageResult[] {
  return images.filter(({ top }) => top.rgb?.[0] !== top.repeated?.[0]).toSorted((one, other) => other.fall - one.fall);
}

/** Positions of the largest scores, best first; the lower index first where two are the same. */
export function best(scores: ArrayLike<number>): number[] {
  const top: number[] = [];
  for (let i = 0; i < scores.length; i++) {
    const v = scores[i] ?? -Infinity;
    let at = top.length;
    while (at > 0 && (scores[top[at - 1] ?? 0] ?? -Infinity) < v) at--;
    if (at >= BEST) continue;
    top.splice(at, 0, i);
    if (top.length > BEST) top.pop();
  }
  return top;
}

interface Counted {
  readonly images: number;
  readonly labelled: number;
}

function result({ key, title }: EvaluationRun, tally: Tally | undefined, { images, labelled }: Counted): RunResult {
  const t = tally ?? { top1: 0, top5: 0, rgb: 0, repeated: 0, difference: 0, peak: 0 };
  return {
    key,
    title,
    images,
    top1: labelled ? t.top1 / labelled : null,
    top5: labelled ? t.top5 / labelled : null,
    agreesWithRgb: t.rgb / images,
    agreesWithRepeated: t.repeated / images,
    scoreDifference: t.peak ? t.difference / t.peak : 0,
  };
}
