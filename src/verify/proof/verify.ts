import type { ByteSource } from '../../bytes/byteSource.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import { WireReader } from '../../formats/onnx/scan/wire.ts';
import { quoted, quotedList } from '../names.ts';
import { runtimeVersion } from '../session.ts';
import { descendants, wiring, type Wiring } from '../wiring.ts';
import { givenMap, inputMaps, type InputMaps } from './inputMap.ts';
import { isFloatTensor, shareOfTolerance, type TensorDifference } from './measure/difference.ts';
import { loadFault } from './stem/skeleton.ts';
import { misnamedMap } from './recordedMap.ts';
import type { FullRun, Verdict, VerifyReport, VerifyRequest } from './report.ts';
import { EXPECTED_RUNS, isOurs, runFull, searchSeam, type Proof, type SearchRequest, type Trouble } from './search.ts';
import { statement } from './statement.ts';
import { changedHalfWeight, checkRebuilt } from './structure/changedWeights.ts';
import { checkFolds, type FoldCheck } from './structure/foldCheck.ts';
import { declarationFaults, interfaceFaults } from './structure/interfaces.ts';
import { rebuild } from './structure/rebuild.ts';
import { SeamFinder } from './structure/seam.ts';
import { unexplainedNode } from './structure/unexplained.ts';

/** Seeds are drawn from so many. */
const SEEDS = 2 ** 31;

/**
 * Checks that the adapted model computes the original on mapped channels. It adapts the original again and compares
 * bytes; it compares what both models take and give, loads both, recomputes changed weights, measures the tensors where
 * both become identical, and checks that everything behind is the same bytes. What the runtime can't do makes the
 * report `unproved`, never an error. Throws ChannelwiseError when the models don't belong together, can't be read, or
 * on a cancel.
 */
export async function verify(request: VerifyRequest): Promise<VerifyReport> {
  const { signal, onProgress } = request;
  const seed = request.seed ?? Math.floor(Math.random() * SEEDS);
  const [original, adapted] = [request.original.model, request.adapted.model];
  const maps = request.map ? givenMap(original, adapted, request.map) : inputMaps(original, adapted);
  const [a, given] = [wiring(request.original), wiring(request.adapted)];
  checkRelated(a, given);
  const rebuilt = await rebuild(a, given, maps, signal);
  const b = rebuilt.bytes ? await readFrom(rebuilt.bytes, given, signal) : given;
  const finder = new SeamFinder(a, b, rebuilt.copies);
  const images = request.images ?? [];
  const total = EXPECTED_RUNS + images.length + (request.full ? 1 : 0);
  let done = 0;
  const onRun = (): void => onProgress?.(Math.min(0.99, ++done / total));
  const search: SearchRequest = { a, b, maps, seed, images, rebuilt, signal, onRun };
  const fault = await staticFault(search);
  const proof = fault === null ? await searchSeam(search, finder) : await stopped(finder, maps, fault);
  const full = request.full && fault === null ? await runFull(search) : null;
  const folds = await foldsOf(search, proof);
  const trouble = troubleOf(search, proof, folds, full) ?? (await doubtOf(search, proof));
  const runtime = await runtimeVersion().catch(() => null);
  onProgress?.(1);
  return reportOf({ search, proof, folds, full, trouble, runtime, bytesCompared: finder.bytes.bytes });
}

/** All that a proof found. */
interface Findings {
  readonly search: SearchRequest;
  readonly proof: Proof;
  readonly folds: readonly FoldCheck[];
  readonly full: FullRun | null;
  readonly trouble: Trouble | null;
  readonly runtime: string | null;
  readonly bytesCompared: number;
}

function reportOf({ search, proof, folds, full, trouble, runtime, bytesCompared }: Findings): VerifyReport {
  const { maps, rebuilt, seed } = search;
  const { tensors = [], runs = [] } = proof.outcome ?? {};
  const verdict: Verdict = trouble?.verdict ?? 'proved';
  const report = {
    verdict,
    ok: verdict === 'proved',
    statement: '',
    ...largestOf(tensors),
    tensors,
    runs,
    rebuilt: rebuilt.result,
    seam: {
      tensors: proof.seam.measured,
      identicalNodes: proof.seam.identicalNodes,
      stemNodes: proof.stemNodes,
      bytesCompared,
    },
    full,
    maps: { inputs: maps.inputs, assumption: maps.assumption },
    folds,
    runtime,
    seed,
    warnings: warningsOf(maps, proof),
  };
  return { ...report, statement: statement(report, trouble?.why ?? null, misnamedMap(maps)) };
}

/** The model of the same bytes elsewhere, so that its own file need not be held. */
async function readFrom(bytes: ByteSource, { file }: Wiring, signal: AbortSignal | undefined): Promise<Wiring> {
  await file.letGo?.();
  return wiring({ ...file, ctx: { ...file.ctx, wire: new WireReader(bytes, signal) } });
}

/** What shows without a run that the adapted model is another one. */
async function staticFault({ a, b, maps, rebuilt }: SearchRequest): Promise<string | null> {
  const [fault] = interfaceFaults(a, b, maps);
  if (fault) return fault;
  const [declared] = isOurs(rebuilt) ? [] : await declarationFaults(a, b);
  return declared ?? (await loadFault(a, b));
}

async function stopped(finder: SeamFinder, maps: InputMaps, why: string): Promise<Proof> {
  const seam = await finder.find(new Set(maps.inputs.map((input) => input.name)));
  const trouble: Trouble = { verdict: 'failed', why: seam.broken[0] ?? why };
  return { seam, stemNodes: 0, outcome: null, branches: [], doubt: null, trouble };
}

/**
 * A model of our own may pass a map on through a convolution of its own kind; in any other, each convolution at the
 * input has to hold the sum.
 */
async function foldsOf({ a, b, maps, rebuilt }: SearchRequest, proof: Proof): Promise<FoldCheck[]> {
  if (proof.trouble?.verdict === 'failed') return [];
  const measured = isOurs(rebuilt) && !proof.trouble ? new Set(proof.seam.measured) : null;
  const equal = new Set(proof.outcome?.tensors.filter((tensor) => tensor.ok).map((tensor) => tensor.name));
  const recomputed = await checkFolds({ a, b, maps, measured, equal });
  const again = rebuilt.model ? await checkRebuilt({ a, again: rebuilt.model, b }, rebuilt.weights) : [];
  return [...recomputed, ...again];
}

/** Models that share no output are two models, not one and its variant. */
function checkRelated(a: Wiring, b: Wiring): void {
  const outputs = new Set(a.outputs);
  if (b.outputs.some((name) => outputs.has(name))) return;
  throw new ChannelwiseError(
    'refused',
    'unrelated',
    `The two models share no output (${quotedList(a.outputs)} and ${quotedList(b.outputs)}), so they don't belong ` +
      'together.',
  );
}

/** What was found wrong, or could not be found out. */
function troubleOf(
  search: SearchRequest,
  proof: Proof,
  folds: readonly FoldCheck[],
  full: FullRun | null,
): Trouble | null {
  const wrong = folds.find((fold) => fold.ok === false);
  if (wrong) {
    const why = `The weight \`${quoted(wrong.tensor)}\` is wrong: ${wrong.why ?? 'it is not the sum'}.`;
    return { verdict: 'failed', why };
  }
  if (proof.trouble) return proof.trouble;
  if (full?.ok === false) return { verdict: 'failed', why: full.why ?? 'The whole models differ.' };
  const mute = muteTensor(search, proof);
  return mute === null ? null : { verdict: 'unproved', why: mute };
}

/**
 * A tensor that is the same for all inputs tried is no evidence. A model of our own may well be the same for all (a
 * softmax over equal channels is); there only a tensor of zeros, or of one whole number, says nothing, and another one
 * that answers is enough.
 */
function muteTensor({ a, maps, rebuilt }: SearchRequest, { outcome }: Proof): string | null {
  if (!outcome) return null;
  const names = maps.inputs.map((input) => input.name);
  const following = descendants(a, names);
  const dependent = outcome.tensors.filter((tensor) => following.has(tensor.name));
  const mute = dependent.filter((difference) => !outcome.answering.has(difference.name));
  const says = (difference: TensorDifference): boolean =>
    isOurs(rebuilt) && isFloatTensor(difference) && difference.peak > 0;
  if (dependent.length && mute.length === dependent.length && !mute.some(says))
    return 'Everything measured is the same for all inputs tried, which shows nothing.';
  const numbers = mute.find(isFloatTensor);
  if (!numbers || isOurs(rebuilt)) return null;
  return `\`${quoted(numbers.name)}\` is the same for all inputs tried, so that it agrees shows nothing.`;
}

/** What keeps a model that somebody else made from being proved, though all that was tried agrees. */
async function doubtOf({ a, b, rebuilt }: SearchRequest, proof: Proof): Promise<Trouble | null> {
  if (isOurs(rebuilt)) return null;
  if (proof.doubt !== null)
    return {
      verdict: 'unproved',
      why: `At \`${quoted(proof.doubt)}\` the models differ, and only behind it they agree for all inputs tried.`,
    };
  const half = rebuilt.model && (await changedHalfWeight({ a, again: rebuilt.model, b }, rebuilt.weights));
  if (half !== null)
    return {
      verdict: 'unproved',
      why: `The weight \`${quoted(half)}\` is not as adapting gives it, by less than what half precision can show.`,
    };
  const why = await unexplainedNode(b, rebuilt.model ? [a, rebuilt.model] : [a]);
  return why === null ? null : { verdict: 'unproved', why };
}

/** The differences of the tensor that comes closest to its tolerance. */
function largestOf(
  tensors: readonly TensorDifference[],
): Pick<VerifyReport, 'maxAbs' | 'maxRel' | 'relL2' | 'tolerance'> {
  const [first, ...others] = tensors;
  if (!first) return { maxAbs: null, maxRel: null, relL2: null, tolerance: null };
  const { maxAbs, maxRel, relL2, tolerance } = others.reduce(
    (worst, tensor) => (shareOfTolerance(tensor) > shareOfTolerance(worst) ? tensor : worst),
    first,
  );
  return { maxAbs, maxRel: Number.isFinite(maxRel) ? maxRel : null, relL2, tolerance };
}

function warningsOf(maps: InputMaps, proof: Proof): string[] {
  const warnings = maps.assumption ? [maps.assumption] : [];
  for (const tensor of proof.outcome?.tensors ?? [])
    if (isFloatTensor(tensor) && tensor.peak === 0)
      warnings.push(`\`${quoted(tensor.name)}\` is zero for all inputs tried, so its measurement says little.`);
  for (const branch of proof.branches)
    warnings.push(
      `${quoted(branch.opType)} \`${quoted(branch.name || (branch.outputs[0] ?? ''))}\` has subgraphs that were ` +
        'changed; only the branches these inputs take were measured.',
    );
  if (!proof.trouble && !proof.outcome)
    warnings.push('Nothing had to be measured: all outputs follow from bytes that are the same.');
  return warnings;
}
