import { ChannelwiseError } from '../../bytes/errors.ts';
import { difference, silent, worse, type TensorDifference } from './difference.ts';
import type { InputMaps } from './inputMap.ts';
import { SeededRandom } from './random.ts';
import { SETTINGS, drawSample, type InputPair, type Painter, type Sample, type Setting } from './sample.ts';
import { openSession, type Session } from '../session.ts';
import type { Stem } from './stem.ts';
import type { Value } from '../values.ts';
import type { Wiring } from '../wiring.ts';

/** A picture to run both models on; `paint` fills an input of any size with it. */
export interface VerifyImage {
  readonly name: string;
  readonly paint: Painter;
}

const SUMS = new Set(['Add', 'Sub', 'Sum']);

/** One run of both models. */
export interface RunRecord {
  /** `random` or an image's name. */
  readonly on: string;
  readonly sizes: Readonly<Record<string, readonly number[]>>;
}

export interface RunOutcome {
  readonly tensors: readonly TensorDifference[];
  readonly runs: readonly RunRecord[];
  /** Set where only the adapted model could not be run. */
  readonly adaptedFails: string | null;
}

export interface RunPlan {
  readonly a: Wiring;
  readonly b: Wiring;
  readonly maps: InputMaps;
  readonly targets: readonly string[];
  readonly seed: number;
  /** Random inputs wanted; fewer when fewer sizes work. */
  readonly wanted: number;
  readonly images: readonly VerifyImage[];
  readonly optimize: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onRun?: (() => void) | undefined;
}

/**
 * Runs two stems on the same inputs and compares the targets, worst run first. Sizes the model leaves open are tried until some work.
 * Throws ChannelwiseError: what the runtime can't open, `no-size` when the original runs at none of the sizes, `cancelled`.
 */
export async function runBoth(plan: RunPlan, stems: { a: Stem; b: Stem }): Promise<RunOutcome> {
  const a = await openSession(stems.a.bytes, plan.optimize);
  try {
    let b: Session;
    try {
      b = await openSession(stems.b.bytes, plan.optimize);
    } catch (error) {
      if (!(error instanceof ChannelwiseError) || error.code !== 'runtime-model') throw error;
      return { tensors: [], runs: [], adaptedFails: error.message };
    }
    try {
      return await runSettings(plan, { a, b }, pairsOf(plan, stems));
    } finally {
      await b.close();
    }
  } finally {
    await a.close();
  }
}

function pairsOf({ b, maps }: RunPlan, stems: { a: Stem; b: Stem }): InputPair[] {
  const mapped = new Map(maps.inputs.map((m) => [m.name, m]));
  return [...new Set([...stems.a.inputs, ...stems.b.inputs])].map((name) => {
    const declared = b.inputs.get(name);
    if (!declared)
      throw new ChannelwiseError(
        'refused',
        'unrelated',
        `The original's input \`${name}\` is missing in the adapted model.`,
        { tensor: name },
      );
    return { name, declared, mapped: mapped.get(name) ?? null };
  });
}

async function runSettings(
  plan: RunPlan,
  sessions: { a: Session; b: Session },
  pairs: readonly InputPair[],
): Promise<RunOutcome> {
  const random = new SeededRandom(plan.seed);
  const worst = new Map<string, TensorDifference>();
  const runs: RunRecord[] = [];
  let adaptedFails: string | null = null;
  let failure: ChannelwiseError | null = null;
  let works: Setting | null = null;
  const once = async (setting: Setting, on: string, paint?: Painter): Promise<void> => {
    if (plan.signal?.aborted) throw new ChannelwiseError('cancelled', 'cancelled', 'Cancelled.');
    const sample = drawSample(pairs, setting, random, paint);
    const reference = await sessions.a.run(fed(sample.original, sessions.a));
    let found: Map<string, Value>;
    try {
      found = await sessions.b.run(fed(sample.adapted, sessions.b));
    } catch (error) {
      if (!(error instanceof ChannelwiseError) || error.code !== 'runtime-run') throw error;
      adaptedFails ??= error.message;
      return;
    }
    const noise = sample.noisy ? await sessions.a.run(fed(sample.noisy, sessions.a)) : null;
    for (const name of plan.targets) {
      const terms = termsOf(plan.a, name).flatMap((term) => reference.get(term) ?? []);
      const d = difference(name, reference.get(name), found.get(name), noise?.get(name), terms);
      const known = worst.get(name);
      worst.set(name, known ? worse(known, d) : d);
    }
    works ??= setting;
    runs.push({ on, sizes: sample.sizes });
    plan.onRun?.();
  };
  for (const setting of SETTINGS) {
    // Where all is zero, other inputs may still show something.
    if ((runs.length >= plan.wanted && !silent([...worst.values()])) || adaptedFails) break;
    try {
      await once(setting, 'random');
    } catch (error) {
      if (!(error instanceof ChannelwiseError) || error.code !== 'runtime-run') throw error;
      failure ??= error;
    }
  }
  if (works) for (const image of plan.images) await once(works, image.name, image.paint);
  if (!runs.length && !adaptedFails) {
    throw new ChannelwiseError(
      'unsupported',
      'no-size',
      `The original runs at none of the input sizes tried: ${failure?.message ?? 'no reason given'}`,
    );
  }
  return { tensors: plan.targets.flatMap((name) => worst.get(name) ?? []), runs, adaptedFails };
}

/** What an addition puts together to make a tensor: it may be far larger than the result. */
export function termsOf(w: Wiring, name: string): string[] {
  const node = w.makers.get(name);
  return node && node.domain === '' && SUMS.has(node.opType) ? node.inputs.filter((input) => w.makers.has(input)) : [];
}

function fed(feeds: Sample['original'], session: Session): Map<string, Value> {
  return new Map([...feeds].filter(([name]) => session.inputNames.includes(name)));
}
