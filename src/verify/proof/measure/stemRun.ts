import { checkCancelled } from '../../../bytes/cancel.ts';
import { ChannelwiseError } from '../../../bytes/errors.ts';
import { quoted } from '../../names.ts';
import { MAX_WHOLE_OPERATIONS, RunEstimate, tooLarge, type WorkBudget } from '../../runCost.ts';
import { openSession, type Session } from '../../session.ts';
import type { Value } from '../../values.ts';
import type { Wiring } from '../../wiring.ts';
import type { InputMaps } from '../inputMap.ts';
import { difference, worse, type TensorDifference } from './difference.ts';
import { coarsestOnTheWay, finest } from './precision.ts';
import { SeededRandom } from './random.ts';
import { fingerprint } from './fingerprint.ts';
import {
  drawSample,
  mappedSizes,
  sampleSizes,
  shaken,
  type InputPair,
  type Painter,
  type Sample,
  type Shake,
} from './sample.ts';
import { SETTINGS, WIDER_SETTINGS, picturesAt, type Setting } from './settings.ts';
import type { Stem } from './stem.ts';

/** A picture to run both models on; `paint` fills an input of any size with it. */
export interface VerifyImage {
  readonly name: string;
  readonly paint: Painter;
}

/** The runtime's time grows with the square of the outputs it is asked for. */
const MAX_TARGETS = 4096;
const SUMS = new Set(['Add', 'Sub', 'Sum']);

/** One run of both models. */
export interface RunRecord {
  /** `noise`, `smooth`, `edges` or an image's name. */
  readonly on: string;
  readonly sizes: Readonly<Record<string, readonly number[]>>;
}

export interface RunOutcome {
  readonly tensors: readonly TensorDifference[];
  readonly runs: readonly RunRecord[];
  /** Tensors of the original that were not the same for all inputs of one size. */
  readonly answering: ReadonlySet<string>;
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
  /** Smooth pictures and pictures with edges too. */
  readonly pictures: boolean;
  /** More sizes and batches too, for models that somebody else made. */
  readonly wide: boolean;
  /** Whole models, which the runtime may optimise; a stem runs each node as written. */
  readonly whole: boolean;
  /** The same inputs always give the same numbers. Else shaking pixels would show what the model draws, not rounding. */
  readonly isSteady: boolean;
  /** Shared by all runs of a proof. */
  readonly budget: WorkBudget;
  readonly signal?: AbortSignal | undefined;
  readonly onRun?: (() => void) | undefined;
}

interface Stems {
  readonly a: Stem;
  readonly b: Stem;
}

/**
 * Runs two stems on the same inputs and compares the targets, worst run first. Sizes the model leaves open are tried
 * until some work; what would take too long or too much memory is not tried. Throws ChannelwiseError: what the runtime
 * can't open, `too-many-results`, `no-size` when the original runs at none of the sizes, `run-too-large`,
 * `endless-loop`, `cancelled`.
 */
export async function runBoth(plan: RunPlan, stems: Stems): Promise<RunOutcome> {
  if (plan.targets.length > MAX_TARGETS)
    throw new ChannelwiseError(
      'unsupported',
      'too-many-results',
      `${plan.targets.length} tensors would have to be measured, more than the ${MAX_TARGETS} that are.`,
    );
  const pairs = pairsOf(plan, stems);
  const estimates = { a: await RunEstimate.of(stems.a.bytes), b: await RunEstimate.of(stems.b.bytes) };
  const a = await openSession(stems.a.bytes, plan.whole);
  try {
    const b = await openSession(stems.b.bytes, plan.whole).catch(refusal);
    if (typeof b === 'string') return { tensors: [], runs: [], answering: new Set(), adaptedFails: b };
    try {
      const runner = new StemRunner({ plan, sessions: { a, b }, estimates, pairs, opened: stems.a.opened });
      return await runner.run();
    } finally {
      await b.close();
    }
  } finally {
    await a.close();
  }
}

/** Why the runtime doesn't take a model. */
function refusal(error: unknown): string {
  if (!(error instanceof ChannelwiseError) || error.code !== 'runtime-model') throw error;
  return error.message;
}

function pairsOf({ b: wiring, maps }: RunPlan, stems: Stems): InputPair[] {
  const mapped = new Map(maps.inputs.map((input) => [input.name, input]));
  return [...new Set([...stems.a.inputs, ...stems.b.inputs])].map((name) => {
    const declared = wiring.inputs.get(name);
    if (!declared)
      throw new ChannelwiseError(
        'refused',
        'unrelated',
        `The original's input \`${quoted(name)}\` is missing in the adapted model.`,
        { tensor: name },
      );
    return { name, declared, mapped: mapped.get(name) ?? null };
  });
}

interface RunnerParts {
  readonly plan: RunPlan;
  readonly sessions: { readonly a: Session; readonly b: Session };
  readonly estimates: { readonly a: RunEstimate; readonly b: RunEstimate };
  readonly pairs: readonly InputPair[];
  /** Fixed sizes were opened, so that smaller pictures can be run too. */
  readonly opened: boolean;
}

/** Errors that end one run and not the others: at other sizes it may work. */
const ONE_RUN = new Set(['runtime-run', 'run-too-large', 'input-too-large']);

/**
 * Bytes of the measured tensors of one run. Both models' are held, and those of up to six shaken runs; where some size
 * gives no more than the usual amount, larger ones are left out.
 */
const USUAL_RESULTS = 2 ** 25;
const MAX_RESULTS = 2 ** 27;

/** One measured tensor, and what the original gave. */
interface Measured {
  readonly tensor: TensorDifference;
  readonly original: Value | undefined;
}

/**
 * How the original's pixels are shaken to see what rounding does, one after the other until it explains the difference.
 * At first they are not: most differences are within a few steps of their own type, and need no further run.
 */
const SHAKES: readonly (Shake | null)[] = [null, 'pixels', 'channels', 'pixels', 'channels', 'pixels', 'channels'];
/**
 * Behind a rounding or a comparison one last digit may tip a result over, which no shake may happen to show. A model of
 * our own, which nobody changed, counts as wrong where it is so for each of several inputs.
 */
const TRIES = 3;

function wrongOf(measured: readonly Measured[]): number {
  return measured.filter(({ tensor }) => !tensor.ok).length;
}

class StemRunner {
  private readonly parts: RunnerParts;
  private readonly random: SeededRandom;
  private readonly roundedTo: ReadonlyMap<string, number>;
  private readonly worst = new Map<string, TensorDifference>();
  private readonly fingerprints = new Map<string, string>();
  private readonly answering = new Set<string>();
  private readonly runs: RunRecord[] = [];
  private adaptedFails: string | null = null;
  /** Bytes of results that a run may give. */
  private results = USUAL_RESULTS;
  /** Some size was not tried for what it would take. */
  private tooLarge = false;
  private failure: ChannelwiseError | null = null;

  constructor(parts: RunnerParts) {
    this.parts = parts;
    this.random = new SeededRandom(parts.plan.seed);
    this.roundedTo = coarsestOnTheWay(parts.plan.a);
  }

  async run(): Promise<RunOutcome> {
    const { plan } = this.parts;
    const works = await this.randomRuns();
    if (works) {
      if (plan.wide) for (const setting of this.possible(WIDER_SETTINGS)) await this.attempt(setting, setting.pixels);
      for (const image of plan.images) await this.once(works, image.name, image.paint);
    }
    if (!this.runs.length && !this.adaptedFails)
      throw new ChannelwiseError(
        'unsupported',
        this.failure?.code === 'run-too-large' ? 'run-too-large' : 'no-size',
        `The original can't be run at any of the input sizes tried: ${this.failure?.message ?? 'no reason given'}`,
      );
    return {
      tensors: plan.targets.flatMap((name) => this.worst.get(name) ?? []),
      runs: this.runs,
      answering: this.answering,
      adaptedFails: this.adaptedFails,
    };
  }

  /**
   * Noise at several sizes, and pictures at the first size that works. Where nothing answers to its input, other inputs
   * may still show something.
   */
  private async randomRuns(): Promise<Setting | null> {
    const works = await this.randomRunsWithin(USUAL_RESULTS);
    if (works || !this.tooLarge) return works;
    return this.randomRunsWithin(MAX_RESULTS);
  }

  private async randomRunsWithin(results: number): Promise<Setting | null> {
    const { plan } = this.parts;
    this.results = results;
    let works: Setting | null = null;
    let noises = 0;
    for (const setting of this.possible(SETTINGS)) {
      if ((noises >= plan.wanted && this.answering.size > 0) || this.adaptedFails) break;
      if (!(await this.attempt(setting, setting.pixels))) continue;
      noises++;
      if (works) continue;
      works = setting;
      if (!plan.pictures) continue;
      for (const picture of picturesAt(setting)) await this.attempt(picture, picture.pixels);
    }
    return works;
  }

  /** Where no fixed size was opened, all stay as they are declared, and what asks for that again says nothing new. */
  private possible(settings: readonly Setting[]): readonly Setting[] {
    if (this.parts.opened) return settings;
    return settings.filter((setting) => !setting.declared).map((setting) => ({ ...setting, declared: true }));
  }

  /** One run; false where the original does not run so. */
  private async attempt(setting: Setting, on: string): Promise<boolean> {
    try {
      return await this.once(setting, on);
    } catch (error) {
      if (!(error instanceof ChannelwiseError) || !ONE_RUN.has(error.code)) throw error;
      this.failure ??= error;
      this.tooLarge ||= error.code === 'run-too-large';
      return false;
    }
  }

  private async once(setting: Setting, on: string, paint?: Painter): Promise<boolean> {
    const { plan, estimates, pairs } = this.parts;
    checkCancelled(plan.signal);
    if (plan.budget.spent) throw tooLarge('more work than one proof may take');
    const planned = sampleSizes(pairs, setting);
    const operations = plan.whole ? MAX_WHOLE_OPERATIONS : undefined;
    estimates.a.check(mappedSizes(planned, pairs), { operations, given: this.results });
    const tooCostly = costFault(() => estimates.b.check(planned, { operations }));
    if (tooCostly) {
      this.adaptedFails ??= tooCostly;
      return false;
    }
    // No tensor is measured by a coarser shake than its own: of the types they were rounded to, the finest counts.
    const roundedTo = finest(plan.targets.map((name) => this.roundedTo.get(name))) ?? undefined;
    let best: readonly Measured[] | null = null;
    for (let tries = plan.wide ? 1 : TRIES; tries > 0; tries--) {
      const sample = drawSample(pairs, { setting, random: this.random, paint, roundedTo });
      const measured = await this.measure(sample, planned);
      if (!measured) return false;
      if (!best || wrongOf(measured) < wrongOf(best)) best = measured;
      if (wrongOf(best) === 0) break;
    }
    for (const { tensor, original } of best ?? []) this.note(tensor, original);
    this.runs.push({ on, sizes: planned });
    plan.onRun?.();
    return true;
  }

  /** Runs both models on one sample; null where the adapted one can't be. */
  private async measure(sample: Sample, planned: Sample['sizes']): Promise<Measured[] | null> {
    const { plan, sessions, estimates, pairs } = this.parts;
    const each = estimates.a.cost(mappedSizes(planned, pairs)).operations;
    plan.budget.take(each + estimates.b.cost(planned).operations);
    const reference = await sessions.a.run(fed(sample.original, sessions.a));
    const found = await this.adapted(sample);
    if (!found) return null;
    const noises: ReadonlyMap<string, Value>[] = [];
    let measured: Measured[] = [];
    for (const shake of plan.isSteady && sample.shakeable.length ? SHAKES : [null]) {
      if (shake !== null && plan.budget.spent && measured.length) throw unexplained(measured);
      if (shake !== null) plan.budget.take(each);
      if (shake !== null) noises.push(await sessions.a.run(fed(shaken(sample, shake, this.random), sessions.a)));
      measured = plan.targets.map((name) => {
        const terms = termsOf(plan.a, name).flatMap((term) => reference.get(term) ?? []);
        const original = reference.get(name);
        const shakenValues = noises.flatMap((noise) => noise.get(name) ?? []);
        const tensor = difference({
          name,
          original,
          adapted: found.get(name),
          shaken: shakenValues,
          terms,
          roundedTo: this.roundedTo.get(name),
        });
        return { tensor, original };
      });
      if (wrongOf(measured) === 0) break;
    }
    return measured;
  }

  private async adapted(sample: Sample): Promise<ReadonlyMap<string, Value> | null> {
    const { b: session } = this.parts.sessions;
    try {
      return await session.run(fed(sample.adapted, session));
    } catch (error) {
      if (!(error instanceof ChannelwiseError) || error.code !== 'runtime-run') throw error;
      this.adaptedFails ??= error.message;
      return null;
    }
  }

  private note(measured: TensorDifference, original: Value | undefined): void {
    const { name } = measured;
    const known = this.worst.get(name);
    this.worst.set(name, known ? worse(known, measured) : measured);
    if (!original || this.answering.has(name)) return;
    const key = `${name}:${original.dims.join()}`;
    const print = fingerprint(original);
    const before = this.fingerprints.get(key);
    if (before !== undefined && before !== print) this.answering.add(name);
    this.fingerprints.set(key, print);
  }
}

/** A difference that rounding may explain, and no work is left to see whether it does: neither proved nor wrong. */
function unexplained(measured: readonly Measured[]): ChannelwiseError {
  const wrong = measured.find(({ tensor }) => !tensor.ok)?.tensor;
  return new ChannelwiseError(
    'unsupported',
    'proof-too-costly',
    `At \`${quoted(wrong?.name ?? '')}\` the models differ by more than is expected, and to see whether rounding ` +
      'explains it would take more work than one proof may.',
  );
}

function costFault(check: () => void): string | null {
  try {
    check();
    return null;
  } catch (error) {
    if (!(error instanceof ChannelwiseError)) throw error;
    return error.message;
  }
}

/** What an addition puts together to make a tensor: it may be far larger than the result. */
export function termsOf(wiring: Wiring, name: string): string[] {
  const node = wiring.makers.get(name);
  return node && node.domain === '' && SUMS.has(node.opType)
    ? node.inputs.filter((input) => wiring.makers.has(input))
    : [];
}

function fed(feeds: Sample['original'], session: Session): Map<string, Value> {
  return new Map([...feeds].filter(([name]) => session.inputNames.includes(name)));
}
