import { checkCancelled } from '../../../bytes/cancel.ts';
import { ChannelwiseError, hasCode, isTellable } from '../../../bytes/errors.ts';
import { MAX_WHOLE_OPERATIONS, tooLarge } from '../../runCost.ts';
import type { Value } from '../../values.ts';
import { worse, type TensorDifference } from './difference.ts';
import { fingerprint } from './fingerprint.ts';
import { Measurement, wrongCount, type Measured, type OpenStems } from './measurement.ts';
import { finest } from './precision.ts';
import { SeededRandom } from './random.ts';
import type { RunOutcome, RunPlan, RunRecord } from './runPlan.ts';
import { drawSample, mappedSizes, sampleSizes, type Painter } from './sample.ts';
import { SETTINGS, WIDER_SETTINGS, picturesAt, type Setting } from './settings.ts';

/** Errors that end one run and not the others: at other sizes it may work. */
const ONE_RUN = ['runtime-run', 'run-too-large', 'input-too-large'];

/**
 * Bytes of the measured tensors of one run. Both models' are held, and those of up to six shaken runs; where some size
 * gives no more than the usual amount, larger ones are left out.
 */
const USUAL_RESULTS = 2 ** 25;
const MAX_RESULTS = 2 ** 27;

/**
 * Behind a rounding or a comparison one last digit may tip a result over, which no shake may happen to show. A model of
 * our own, which nobody changed, counts as wrong where it is so for each of several inputs.
 */
const TRIES = 3;

/** Tries a plan at one input size after the other, and keeps the worst that was measured of each tensor. */
export class Trials {
  private readonly plan: RunPlan;
  private readonly stems: OpenStems;
  /** Fixed sizes were opened, so that smaller pictures can be run too. */
  private readonly opened: boolean;
  private readonly random: SeededRandom;
  private readonly measurement: Measurement;
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

  constructor(plan: RunPlan, stems: OpenStems, { opened }: { readonly opened: boolean }) {
    this.plan = plan;
    this.stems = stems;
    this.opened = opened;
    this.random = new SeededRandom(plan.seed);
    this.measurement = new Measurement(plan, stems, this.random);
  }

  /** All runs of the plan. Throws `unsupported`: `no-size`, or `run-too-large` where all sizes were too large. */
  async run(): Promise<RunOutcome> {
    const { plan } = this;
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
    const { plan } = this;
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
    if (this.opened) return settings;
    return settings.filter((setting) => !setting.declared).map((setting) => ({ ...setting, declared: true }));
  }

  /** One run; false where the original does not run so. */
  private async attempt(setting: Setting, on: string): Promise<boolean> {
    try {
      return await this.once(setting, on);
    } catch (error) {
      if (!hasCode(error, ...ONE_RUN)) throw error;
      this.failure ??= error;
      this.tooLarge ||= error.code === 'run-too-large';
      return false;
    }
  }

  private async once(setting: Setting, on: string, paint?: Painter): Promise<boolean> {
    const { plan } = this;
    const { estimates, pairs } = this.stems;
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
    const measured = await this.measured(setting, paint);
    if (!measured) return false;
    for (const { tensor, original } of measured) this.note(tensor, original);
    this.runs.push({ on, sizes: planned });
    plan.onRun?.();
    return true;
  }

  /** The best of a few samples; null where the adapted model can't be run on one. */
  private async measured(setting: Setting, paint: Painter | undefined): Promise<readonly Measured[] | null> {
    const { plan, random } = this;
    // No tensor is measured by a coarser shake than its own: of the types they were rounded to, the finest counts.
    const roundedTo = finest(plan.targets.map((name) => this.measurement.roundedTo.get(name))) ?? undefined;
    let best: readonly Measured[] | null = null;
    for (let tries = plan.wide ? 1 : TRIES; tries > 0; tries--) {
      const sample = drawSample(this.stems.pairs, { setting, random, paint, roundedTo });
      const outcome = await this.measurement.measure(sample);
      if ('adaptedFails' in outcome) {
        this.adaptedFails ??= outcome.adaptedFails;
        return null;
      }
      if (!best || wrongCount(outcome.tensors) < wrongCount(best)) best = outcome.tensors;
      if (wrongCount(best) === 0) break;
    }
    return best;
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

/** Why a check refuses; null where it doesn't. */
function costFault(check: () => void): string | null {
  try {
    check();
    return null;
  } catch (error) {
    if (!isTellable(error)) throw error;
    return error.message;
  }
}
