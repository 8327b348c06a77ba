import { ChannelwiseError, hasCode } from '../../../bytes/errors.ts';
import { quoted } from '../../names.ts';
import type { RunEstimate } from '../../runCost.ts';
import type { Session } from '../../session.ts';
import type { Value } from '../../values.ts';
import type { Wiring } from '../../wiring.ts';
import { difference, type TensorDifference } from './difference.ts';
import { coarsestOnTheWay } from './precision.ts';
import type { SeededRandom } from './random.ts';
import type { RunPlan } from './runPlan.ts';
import { mappedSizes, shaken, type InputPair, type Sample, type Shake } from './sample.ts';

/** Operators that put their inputs together by adding them up. */
const SUMS = new Set(['Add', 'Sub', 'Sum']);

/** One measured tensor, and what the original gave. */
export interface Measured {
  readonly tensor: TensorDifference;
  readonly original: Value | undefined;
}

/**
 * How the original's pixels are shaken to see what rounding does, one after the other until it explains the difference.
 * At first they are not: most differences are within a few steps of their own type, and need no further run.
 */
const SHAKES: readonly (Shake | null)[] = [null, 'pixels', 'channels', 'pixels', 'channels', 'pixels', 'channels'];
/** Two open stems, and what tells the cost of running them. */
export interface OpenStems {
  readonly sessions: { readonly a: Session; readonly b: Session };
  readonly estimates: { readonly a: RunEstimate; readonly b: RunEstimate };
  readonly pairs: readonly InputPair[];
}

/** What measuring one sample came to: the tensors, or why the adapted model can't be run on it. */
type Outcome = { readonly tensors: readonly Measured[] } | { readonly adaptedFails: string };

/** Runs both stems on samples, and compares the targets of a plan. */
export class Measurement {
  /** By tensor: the coarsest type that anything was rounded to on the way to it. */
  readonly roundedTo: ReadonlyMap<string, number>;
  private readonly plan: RunPlan;
  private readonly stems: OpenStems;
  private readonly random: SeededRandom;

  constructor(plan: RunPlan, stems: OpenStems, random: SeededRandom) {
    this.plan = plan;
    this.stems = stems;
    this.random = random;
    this.roundedTo = coarsestOnTheWay(plan.a);
  }

  /**
   * Runs both models on one sample, and the original on shaken ones until rounding explains what differs. Throws
   * `unsupported` (proof-too-costly) where no work is left to see that.
   */
  async measure(sample: Sample): Promise<Outcome> {
    const { plan } = this;
    const { sessions, estimates, pairs } = this.stems;
    const each = estimates.a.cost(mappedSizes(sample.sizes, pairs)).operations;
    plan.budget.take(each + estimates.b.cost(sample.sizes).operations);
    const original = await sessions.a.run(fed(sample.original, sessions.a));
    const adapted = await this.adapted(sample);
    if (typeof adapted === 'string') return { adaptedFails: adapted };
    const noises: ReadonlyMap<string, Value>[] = [];
    let tensors: Measured[] = [];
    for (const shake of plan.isSteady && sample.shakeable.length ? SHAKES : [null]) {
      if (shake !== null) {
        if (plan.budget.spent && tensors.length) throw unexplained(tensors);
        plan.budget.take(each);
        noises.push(await sessions.a.run(fed(shaken(sample, shake, this.random), sessions.a)));
      }
      tensors = plan.targets.map((name) => this.compared(name, { original, adapted, noises }));
      if (wrongCount(tensors) === 0) break;
    }
    return { tensors };
  }

  private compared(name: string, { original, adapted, noises }: Runs): Measured {
    const value = original.get(name);
    const tensor = difference({
      name,
      original: value,
      adapted: adapted.get(name),
      shaken: noises.flatMap((noise) => noise.get(name) ?? []),
      terms: termsOf(this.plan.a, name).flatMap((term) => original.get(term) ?? []),
      roundedTo: this.roundedTo.get(name),
    });
    return { tensor, original: value };
  }

  /** What the adapted model gives; the runtime's message where it can't be run. */
  private async adapted(sample: Sample): Promise<ReadonlyMap<string, Value> | string> {
    const { b: session } = this.stems.sessions;
    try {
      return await session.run(fed(sample.adapted, session));
    } catch (error) {
      if (!hasCode(error, 'runtime-run')) throw error;
      return error.message;
    }
  }
}

/** What both models gave for one sample, and the original for shaken ones. */
interface Runs {
  readonly original: ReadonlyMap<string, Value>;
  readonly adapted: ReadonlyMap<string, Value>;
  readonly noises: readonly ReadonlyMap<string, Value>[];
}

/** How many tensors differ by more than rounding explains. */
export function wrongCount(measured: readonly Measured[]): number {
  return measured.filter(({ tensor }) => !tensor.ok).length;
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
