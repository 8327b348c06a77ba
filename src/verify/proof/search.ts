import { isOfKind, liesInModel } from '../../bytes/errors.ts';
import type { Node } from '../../formats/onnx/model.ts';
import { quoted } from '../names.ts';
import { WorkBudget } from '../runCost.ts';
import type { Wiring } from '../wiring.ts';
import type { InputMaps } from './inputMap.ts';
import type { TensorDifference } from './measure/difference.ts';
import { largeAxes } from './measure/sample.ts';
import { cutStem, type OpenedAxes } from './stem/stem.ts';
import { runBoth } from './measure/stemRun.ts';
import type { FullRun, Verdict } from './report.ts';
import { randomNode } from './structure/randomOperators.ts';
import type { Rebuild } from './structure/rebuild.ts';
import type { Seam, SeamFinder } from './structure/seam.ts';
import type { VerifyImage, RunOutcome } from './measure/runPlan.ts';
import { termsOf } from './measure/measurement.ts';

const RANDOM_RUNS = 3;
const FULL_RUNS = 1;
/** Noise and the pictures beside it. */
export const EXPECTED_RUNS = RANDOM_RUNS + 2;
/** A seam that is not found within so many steps is none. */
const MAX_ROUNDS = 12;
/** What these make is no tensor, so the runtime gives no numbers for it; what is made of it is measured instead. */
const SEQUENCES = /^(Sequence(Construct|Empty|Erase|Insert|Map)|SplitToSequence|Optional)$/;

/** Both stems add up in double: the order of channels, which a map changes, would show in a long sum of float32. */
const sumsInDouble = true;

/** Ends the search: why the models are not shown to be the same function. */
export interface Trouble {
  readonly verdict: Exclude<Verdict, 'proved'>;
  readonly why: string;
}

/** What the search for the seam came to. */
export interface Proof {
  readonly seam: Seam;
  readonly stemNodes: number;
  readonly outcome: RunOutcome | null;
  /** Nodes with changed subgraphs among those run. */
  readonly branches: readonly Node[];
  /** A tensor in front of the seam that differs though nothing shows that it may. */
  readonly doubt: string | null;
  readonly trouble: Trouble | null;
}

export interface SearchRequest {
  readonly a: Wiring;
  readonly b: Wiring;
  readonly maps: InputMaps;
  readonly seed: number;
  readonly images: readonly VerifyImage[];
  readonly rebuilt: Rebuild;
  readonly signal?: AbortSignal | undefined;
  readonly onRun: () => void;
}

/** One round: the seam as it is assumed now, and what is known to differ in front of it. */
interface Round {
  readonly request: SearchRequest;
  readonly finder: SeamFinder;
  readonly seam: Seam;
  /** What all rounds may take together. */
  readonly budget: WorkBudget;
  readonly last: boolean;
}

type Step = { readonly proof: Omit<Proof, 'doubt'> } | { readonly moved: readonly TensorDifference[] };

/** Measures the seam; where a tensor there is legitimately another one, moves the seam behind it and measures again. */
export async function searchSeam(request: SearchRequest, finder: SeamFinder): Promise<Proof> {
  const { b: wiring, maps, rebuilt } = request;
  const unequal = new Set(maps.inputs.map((input) => input.name));
  const budget = new WorkBudget();
  let doubt: string | null = null;
  for (let round = 1; ; round++) {
    const seam = await finder.find(unequal);
    const lists = seam.measured.filter(
      (name) => SEQUENCES.test(wiring.makers.get(name)?.opType ?? '') && !wiring.outputs.includes(name),
    );
    if (lists.length && !seam.broken.length) {
      for (const name of lists) unequal.add(name);
      continue;
    }
    const step = await measureSeam({ request, finder, seam, budget, last: round >= MAX_ROUNDS });
    if ('proof' in step) return { ...step.proof, doubt };
    for (const { name, maxAbs } of step.moved) {
      unequal.add(name);
      const explained = rebuilt.unequal?.has(name) || (rebuilt.unequal === null && Number.isNaN(maxAbs));
      if (!explained) doubt ??= name;
    }
  }
}

async function measureSeam(round: Round): Promise<Step> {
  const { request, finder, seam, budget, last } = round;
  const { a, b } = request;
  const state = { seam, stemNodes: 0, outcome: null, branches: [] };
  const [broken] = seam.broken;
  if (broken) return { proof: { ...state, trouble: { verdict: 'failed', why: broken } } };
  if (!seam.measured.length) return { proof: { ...state, trouble: null } };
  const opened = openedAxes(request);
  let stemNodes = 0;
  try {
    const stems = {
      a: await cutStem(a, withTerms(a, seam.measured), { opened, sumsInDouble }),
      b: await cutStem(b, seam.measured, { opened, sumsInDouble }),
    };
    stemNodes = stems.b.nodes.length;
    const wide = !isOurs(request.rebuilt);
    const drawn = randomNode(stems.a.nodes);
    const kinds = { wanted: RANDOM_RUNS, pictures: true, wide, whole: false, isSteady: !drawn };
    const plan = { ...request, ...kinds, targets: seam.measured, budget };
    const outcome = await runBoth(plan, stems);
    const measured = { ...state, stemNodes, outcome };
    if (outcome.adaptedFails) {
      const why = `The adapted model can't be run where the original can: ${outcome.adaptedFails}`;
      return { proof: { ...measured, trouble: { verdict: 'failed', why } } };
    }
    const wrong = outcome.tensors.filter((tensor) => !tensor.ok);
    if (!wrong.length) {
      const branches = await finder.changedBranches(stems.b.nodes);
      return { proof: { ...measured, branches, trouble: null } };
    }
    const final = wrong.find((difference) => last || !isMovable(difference, round));
    if (!final) return { moved: wrong };
    return { proof: { ...measured, trouble: differenceAt(final, drawn) } };
  } catch (error) {
    return { proof: { ...state, stemNodes, trouble: unmeasured(error) } };
  }
}

/** The adapted model is what adapting the original gives: nobody changed it since. */
export function isOurs({ result }: Rebuild): boolean {
  return result === 'bytes' || result === 'content';
}

function differenceAt(difference: TensorDifference, drawn: Node | undefined): Trouble {
  if (!drawn)
    return { verdict: 'failed', why: `At \`${quoted(difference.name)}\`, ${difference.why ?? 'the models differ'}.` };
  return { verdict: 'unproved', why: drawsText(drawn) };
}

function drawsText({ opType, name }: Node): string {
  return `Node \`${quoted(name)}\` (${quoted(opType)}) draws other numbers at each run, so the models can't be compared.`;
}

/** What the runtime can't do is no proof and no error. Throws what concerns the files or the user. */
function unmeasured(error: unknown): Trouble {
  if (!isOfKind(error, 'refused', 'unsupported') || error.code === 'unrelated') throw error;
  return { verdict: 'unproved', why: error.message };
}

function withTerms(wiring: Wiring, targets: readonly string[]): string[] {
  return [...new Set([...targets, ...targets.flatMap((name) => termsOf(wiring, name))])];
}

function openedAxes({ b: wiring, maps }: Pick<SearchRequest, 'b' | 'maps'>): OpenedAxes {
  return new Map(maps.inputs.map(({ name, axis }) => [name, largeAxes(wiring.inputs.get(name), axis)]));
}

/**
 * A tensor that may differ, as long as what follows from it does not. In a model of our own that is any but those that
 * its adaptation makes equal again. In another one it is only what adapting again leaves other than it was. The record
 * in the file has no say here.
 */
function isMovable(difference: TensorDifference, { request, seam }: Round): boolean {
  const { a, b, rebuilt } = request;
  if (a.outputs.includes(difference.name) || b.outputs.includes(difference.name)) return false;
  if (!isOurs(rebuilt) && rebuilt.unequal) return rebuilt.unequal.has(difference.name);
  if (Number.isNaN(difference.maxAbs) || seam.sameMaker.has(difference.name)) return true;
  return isOurs(rebuilt) && !rebuilt.equal.has(difference.name);
}

/** Runs both whole models. */
export async function runFull(request: SearchRequest): Promise<FullRun> {
  const { a, b } = request;
  const targets = a.outputs.filter((name) => a.makers.has(name) && b.makers.has(name));
  try {
    const stems = {
      a: await cutStem(a, withTerms(a, targets), { sumsInDouble }),
      b: await cutStem(b, targets, { sumsInDouble }),
    };
    const drawn = randomNode(stems.a.nodes);
    const kinds = { wanted: FULL_RUNS, images: [], pictures: false, wide: false, whole: true, isSteady: !drawn };
    const plan = { ...request, ...kinds, targets, budget: new WorkBudget(Infinity) };
    const outcome = await runBoth(plan, stems);
    const wrong = outcome.tensors.find((tensor) => !tensor.ok);
    if (wrong && drawn) return { ok: null, tensors: [], runs: outcome.runs, why: drawsText(drawn) };
    const differs = wrong ? `At \`${quoted(wrong.name)}\`, ${wrong.why ?? 'the models differ'}.` : null;
    const why = outcome.adaptedFails ?? differs;
    return { ok: why === null, tensors: outcome.tensors, runs: outcome.runs, why };
  } catch (error) {
    if (!liesInModel(error)) throw error;
    return { ok: null, tensors: [], runs: [], why: error.message };
  }
}
