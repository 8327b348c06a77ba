import type { ChannelMap } from '../../adapt/maps/channelMap.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import type { Node } from '../../formats/onnx/model.ts';
import { silent, type TensorDifference } from './difference.ts';
import { checkFolds, type FoldCheck } from './foldCheck.ts';
import { givenMap, inputMaps, type InputMaps } from './inputMap.ts';
import { SeamFinder, type Seam } from './seam.ts';
import { runtimeVersion } from '../session.ts';
import { cutStem } from './stem.ts';
import { runBoth, termsOf, type RunOutcome, type RunRecord, type VerifyImage } from './stemRun.ts';
import { statement } from './statement.ts';
import { wiring, type ModelFile, type Wiring } from '../wiring.ts';

export interface VerifyRequest {
  readonly original: ModelFile;
  readonly adapted: ModelFile;
  /** How the input follows from the adapted one's, where the adapted model does not record it. */
  readonly map?: ChannelMap | undefined;
  readonly seed?: number | undefined;
  /** Run both whole models too. */
  readonly full?: boolean | undefined;
  readonly images?: readonly VerifyImage[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/** What was checked and what came out, as plain data. */
export interface VerifyReport {
  /** proved: equal up to rounding. failed: not the same function. unproved: it could not be checked, or not enough of it. */
  readonly verdict: 'proved' | 'failed' | 'unproved';
  readonly ok: boolean;
  /** One sentence for the user. */
  readonly statement: string;
  /** Of the seam tensor that comes closest to its tolerance; null when nothing was run. */
  readonly maxAbs: number | null;
  readonly maxRel: number | null;
  readonly relL2: number | null;
  readonly tolerance: number | null;
  readonly tensors: readonly TensorDifference[];
  readonly runs: readonly RunRecord[];
  readonly seam: {
    readonly tensors: readonly string[];
    /** Nodes behind the seam: the same bytes in both models. */
    readonly identicalNodes: number;
    readonly stemNodes: number;
    /** Bytes of nodes and weights found the same. */
    readonly bytesCompared: number;
  } | null;
  readonly full: {
    readonly ok: boolean | null;
    readonly tensors: readonly TensorDifference[];
    readonly runs: readonly RunRecord[];
    readonly why: string | null;
  } | null;
  readonly maps: { readonly inputs: InputMaps['inputs']; readonly assumption: string | null };
  /** Checked by arithmetic: a weight that is off by less than a run shows, and what the runtime could not run. */
  readonly folds: readonly FoldCheck[];
  readonly runtime: string | null;
  readonly seed: number;
  readonly warnings: readonly string[];
}

export const DEFAULT_SEED = 1;
const RANDOM_RUNS = 3;
const FULL_RUNS = 1;
/** A seam that is not found within so many steps is none. */
const MAX_ROUNDS = 12;
/** Operators that give other numbers at each run. */
const RANDOM_OPERATORS = /^(Random(Normal|Uniform)(Like)?|Multinomial|Bernoulli)$/;

/** What these make is no tensor, so the runtime gives no numbers for it; what is made of it is measured instead. */
const SEQUENCES = /^(Sequence(Construct|Empty|Erase|Insert|Map)|SplitToSequence|Optional)$/;

/** What the search for the seam came to. */
export interface Proof {
  readonly seam: Seam;
  readonly stemNodes: number;
  readonly outcome: RunOutcome | null;
  /** Nodes with changed subgraphs among those run. */
  readonly branches: readonly Node[];
  /** Ends the search: why it is no proof. */
  readonly trouble: { readonly verdict: 'failed' | 'unproved'; readonly why: string } | null;
}

/**
 * Proves that the adapted model computes the original on mapped channels: measures both at the seam, and checks that everything behind it is the
 * same bytes. What the runtime can't do makes the report `unproved`, never an error. Throws ChannelwiseError when the models don't belong together,
 * can't be read, or on a cancel.
 */
export async function verify(request: VerifyRequest): Promise<VerifyReport> {
  const { signal, onProgress } = request;
  const seed = request.seed ?? DEFAULT_SEED;
  const [original, adapted] = [request.original.model, request.adapted.model];
  const maps = request.map ? givenMap(original, adapted, request.map) : inputMaps(original, adapted);
  const [a, b] = [wiring(request.original), wiring(request.adapted)];
  checkRelated(a, b);
  const finder = new SeamFinder(a, b);
  const images = request.images ?? [];
  const total = RANDOM_RUNS + images.length + (request.full ? FULL_RUNS * 3 : 0);
  let done = 0;
  const onRun = (): void => onProgress?.(Math.min(0.99, ++done / total));
  const proof = await prove({ a, b, maps, seed, images, signal, onRun }, finder);
  const folds =
    proof.trouble?.verdict === 'failed' ? [] : await checkFolds(a, b, maps, proof.trouble ? null : proof.seam.measured);
  const full = request.full ? await runFull({ a, b, maps, seed, signal, onRun }) : null;
  const runtime = await runtimeVersion().catch(() => null);
  const verdict = verdictOf(proof, folds, full);
  const tensors = proof.outcome?.tensors ?? [];
  const worst = worstOf(tensors);
  const warnings = warningsOf(maps, tensors, proof);
  onProgress?.(1);
  const report = {
    verdict: verdict.verdict,
    ok: verdict.verdict === 'proved',
    statement: '',
    maxAbs: worst?.maxAbs ?? null,
    maxRel: worst?.maxRel ?? null,
    relL2: worst?.relL2 ?? null,
    tolerance: worst?.tolerance ?? null,
    tensors,
    runs: proof.outcome?.runs ?? [],
    seam: {
      tensors: proof.seam.measured,
      identicalNodes: proof.seam.identicalNodes,
      stemNodes: proof.stemNodes,
      bytesCompared: finder.bytes.bytes,
    },
    full,
    maps: { inputs: maps.inputs, assumption: maps.assumption },
    folds,
    runtime,
    seed,
    warnings,
  };
  return { ...report, statement: statement(report, verdict.why) };
}

interface ProofRequest {
  readonly a: Wiring;
  readonly b: Wiring;
  readonly maps: InputMaps;
  readonly seed: number;
  readonly images: readonly VerifyImage[];
  readonly signal?: AbortSignal | undefined;
  readonly onRun: () => void;
}

/** Measures the seam; where a tensor there is legitimately another one, moves the seam behind it and measures again. */
async function prove(request: ProofRequest, finder: SeamFinder): Promise<Proof> {
  const { a, b, maps } = request;
  const unequal = new Set(maps.inputs.map((i) => i.name));
  for (let round = 0; ; round++) {
    const seam = await finder.find(unequal);
    const stop = (
      verdict: 'failed' | 'unproved',
      why: string,
      outcome: RunOutcome | null = null,
      stemNodes = 0,
    ): Proof => ({ seam, stemNodes, outcome, branches: [], trouble: { verdict, why } });
    const [broken] = seam.broken;
    if (broken) return stop('failed', broken);
    const lists = seam.measured.filter(
      (name) => SEQUENCES.test(b.makers.get(name)?.opType ?? '') && !b.outputs.includes(name),
    );
    if (lists.length) {
      for (const name of lists) unequal.add(name);
      continue;
    }
    if (!seam.measured.length) return { seam, stemNodes: 0, outcome: null, branches: [], trouble: null };
    let stemNodes = 0;
    try {
      const stems = { a: await cutStem(a, withTerms(a, seam.measured)), b: await cutStem(b, seam.measured) };
      stemNodes = stems.b.nodes.length;
      const outcome = await runBoth(
        { ...request, targets: seam.measured, wanted: RANDOM_RUNS, optimize: false },
        stems,
      );
      if (outcome.adaptedFails)
        return stop(
          'failed',
          `The adapted model can't be run where the original can: ${outcome.adaptedFails}`,
          outcome,
          stemNodes,
        );
      const wrong = outcome.tensors.filter((t) => !t.ok);
      if (!wrong.length)
        return { seam, stemNodes, outcome, branches: await finder.changedBranches(stems.b.nodes), trouble: null };
      const final = wrong.find((t) => round + 1 >= MAX_ROUNDS || !movable(t, a, b, seam, maps));
      if (final) {
        const drawn = stems.a.nodes.find((n) => RANDOM_OPERATORS.test(n.opType));
        return drawn
          ? stop(
              'unproved',
              `${drawn.opType} \`${drawn.name}\` draws other numbers at each run, so the models can't be compared.`,
              outcome,
              stemNodes,
            )
          : stop('failed', `At \`${final.name}\`, ${final.why ?? 'the models differ'}.`, outcome, stemNodes);
      }
      for (const t of wrong) unequal.add(t.name);
    } catch (error) {
      if (
        !(error instanceof ChannelwiseError) ||
        error.kind === 'cancelled' ||
        error.kind === 'io' ||
        error.kind === 'malformed' ||
        error.code === 'unrelated'
      )
        throw error;
      return stop('unproved', error.message, null, stemNodes);
    }
  }
}

function withTerms(a: Wiring, targets: readonly string[]): string[] {
  return [...new Set([...targets, ...targets.flatMap((name) => termsOf(a, name))])];
}

/** A tensor that may differ, as long as what follows from it does not: it has another shape, is not claimed to be equal, or only its inputs changed. */
function movable(t: TensorDifference, a: Wiring, b: Wiring, seam: Seam, maps: InputMaps): boolean {
  if (a.outputs.includes(t.name) || b.outputs.includes(t.name)) return false;
  if (Number.isNaN(t.maxAbs) || seam.sameMaker.has(t.name)) return true;
  return maps.hint !== null && !maps.hint.has(t.name);
}

async function runFull(request: Omit<ProofRequest, 'images'>): Promise<VerifyReport['full']> {
  const { a, b } = request;
  const targets = a.outputs.filter((name) => a.makers.has(name) && b.makers.has(name));
  try {
    const stems = { a: await cutStem(a, withTerms(a, targets)), b: await cutStem(b, targets) };
    const outcome = await runBoth({ ...request, targets, wanted: FULL_RUNS, images: [], optimize: true }, stems);
    const wrong = outcome.tensors.find((t) => !t.ok);
    const why = outcome.adaptedFails ?? (wrong ? `At \`${wrong.name}\`, ${wrong.why ?? 'the models differ'}.` : null);
    return { ok: why === null, tensors: outcome.tensors, runs: outcome.runs, why };
  } catch (error) {
    if (!(error instanceof ChannelwiseError) || error.kind === 'cancelled' || error.kind === 'io') throw error;
    return { ok: null, tensors: [], runs: [], why: error.message };
  }
}

/** Models that share neither an output nor a node are two models, not one and its variant. */
function checkRelated(a: Wiring, b: Wiring): void {
  if (b.outputs.some((name) => a.outputs.includes(name))) return;
  throw new ChannelwiseError(
    'refused',
    'unrelated',
    `The two models share no output (${list(a.outputs)} and ${list(b.outputs)}), so they don't belong together.`,
  );
}

function list(names: readonly string[]): string {
  return (
    names
      .slice(0, 3)
      .map((n) => `\`${n}\``)
      .join(', ') + (names.length > 3 ? ', …' : '') || 'none'
  );
}

function verdictOf(
  proof: Proof,
  folds: readonly FoldCheck[],
  full: VerifyReport['full'],
): { verdict: VerifyReport['verdict']; why: string | null } {
  const wrong = folds.find((f) => f.ok === false);
  if (wrong)
    return { verdict: 'failed', why: `The weight \`${wrong.tensor}\` is wrong: ${wrong.why ?? 'it is not the sum'}.` };
  if (proof.trouble) return proof.trouble;
  if (full?.ok === false) return { verdict: 'failed', why: full.why };
  if (proof.outcome && silent(proof.outcome.tensors))
    return {
      verdict: 'unproved',
      why: 'Everything measured is one and the same number for all inputs tried, which shows nothing.',
    };
  return { verdict: 'proved', why: null };
}

function worstOf(tensors: readonly TensorDifference[]): TensorDifference | null {
  const share = (t: TensorDifference): number =>
    Number.isNaN(t.maxAbs) ? Infinity : t.maxAbs === 0 ? 0 : t.maxAbs / (t.tolerance || Number.MIN_VALUE);
  return tensors.reduce<TensorDifference | null>((w, t) => (!w || share(t) > share(w) ? t : w), null);
}

function warningsOf(maps: InputMaps, tensors: readonly TensorDifference[], proof: Proof): string[] {
  const warnings = maps.assumption ? [maps.assumption] : [];
  for (const t of tensors)
    if (t.peak === 0 && /float/.test(t.dtype))
      warnings.push(`\`${t.name}\` is zero for all inputs tried, so its measurement says little.`);
  for (const n of proof.branches)
    warnings.push(
      `${n.opType} \`${n.name || n.outputs[0]}\` has subgraphs that were changed; only the branches these inputs take were measured.`,
    );
  if (!proof.trouble && !proof.outcome)
    warnings.push('Nothing had to be measured: all outputs follow from bytes that are the same.');
  return warnings;
}
