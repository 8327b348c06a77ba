import { ChannelwiseError, hasCode } from '../../../bytes/errors.ts';
import { quoted } from '../../names.ts';
import { RunEstimate } from '../../runCost.ts';
import { openSession, type Operators } from '../../session.ts';
import type { RunOutcome, RunPlan } from './runPlan.ts';
import type { InputPair } from './sample.ts';
import type { Stem } from '../stem/stem.ts';
import { Trials } from './trials.ts';

/** The runtime's time grows with the square of the outputs it is asked for. */
const MAX_TARGETS = 4096;

/** The same part of both models. */
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
  const operators: Operators = plan.whole ? 'fused' : 'as written';
  const a = await openSession(stems.a.bytes, operators);
  try {
    const b = await openSession(stems.b.bytes, operators).catch(refusal);
    if (typeof b === 'string') return { tensors: [], runs: [], answering: new Set(), adaptedFails: b };
    try {
      const open = { sessions: { a, b }, estimates, pairs };
      return await new Trials(plan, open, { opened: stems.a.opened }).run();
    } finally {
      await b.close();
    }
  } finally {
    await a.close();
  }
}

/** Why the runtime doesn't take a model. */
function refusal(error: unknown): string {
  if (!hasCode(error, 'runtime-model')) throw error;
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
