import { setMetadata, toSplices } from '../formats/onnx/edit/edit.ts';
import { ChannelwiseError } from '../bytes/errors.ts';
import type { Model, ValueInfo } from '../formats/onnx/model.ts';
import type { TensorContext } from '../formats/onnx/tensors/tensorData.ts';
import type { Splice } from '../bytes/splice.ts';
import { unit } from './maps/affine.ts';
import { attempt, better, cheapest, type Attempt } from './flow/attempt.ts';
import type { FlowingInput } from './flow/channelFlow.ts';
import { affine, type ChannelMap } from './maps/channelMap.ts';
import { emit } from './flow/emit.ts';
import { candidates, noImageInput, realInputs, typeText, type Candidate } from './flow/inputs.ts';
import { changeMetadata } from './report/metadata.ts';
import { makePlan, type AdaptationPlan } from './report/plan.ts';
import { PROVENANCE_KEY, provenanceOf, provenanceText, type ProvenanceSource } from './report/provenance.ts';
import type { ExpandedModel } from './flow/inline.ts';
import { settle, type Settled } from './flow/settle.ts';
import type { Walk } from './flow/walk.ts';

export interface PlanRequest {
  readonly ctx: TensorContext;
  readonly model: Model;
  readonly map: ChannelMap;
  /** Adapt these inputs only, taken for images where an axis has the right size; all image inputs when absent. */
  readonly inputs?: readonly string[] | undefined;
  /** Where no node can be added: the map goes into weights wherever it can, even where rebuilding in front would cost less. */
  readonly inPlace?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface AdaptRequest extends PlanRequest {
  readonly version: string;
  readonly source: ProvenanceSource;
}

export interface Adaptation {
  readonly plan: AdaptationPlan;
  readonly splices: readonly Splice[];
}

/** What is to change, before it is written in the form of a file. */
export interface PlannedAdaptation {
  readonly plan: AdaptationPlan;
  /** The model, with calls of functions written out where the map goes into them. */
  readonly model: ExpandedModel;
  readonly walk: Walk;
  readonly settled: Settled;
  readonly metadata: ReturnType<typeof changeMetadata>;
}

/** Plans an adaptation and turns it into splices of the original file. Throws `refused` with the reason where it can't be exact. */
export async function adaptModel(request: AdaptRequest): Promise<Adaptation> {
  const { ctx } = request;
  const { plan, model, walk, settled, metadata } = await planAdaptation(request);
  const rewrite = { ctx, model: request.model, expanded: model, walk, settled };
  const record = setMetadata(request.model, PROVENANCE_KEY, provenanceText(provenanceOf(request.model), plan, request));
  const edits = [...(await emit(rewrite)), record, ...metadata.edits];
  return { plan, splices: await toSplices(ctx.wire, edits) };
}

/** Plans an adaptation. Throws `refused` with the reason where it can't be exact. */
export async function planAdaptation(request: PlanRequest): Promise<PlannedAdaptation> {
  const { ctx, map } = request;
  const tried = await chooseInputs(request);
  const chosen = tried.map((t) => t.candidate);
  const only = tried.length === 1 ? tried[0] : undefined;
  const inputs = chosen.map((c) => flowing(c, map));
  const { signal } = request;
  const made = only?.made ?? (await attempt({ ctx, model: request.model, inputs, signal }));
  const { model, walk, settled } = request.inPlace
    ? { ...made, settled: settle(made.walk) }
    : await cheapest(made, { ctx, model: request.model, inputs, signal });
  const metadata = changeMetadata(request.model, map, new Set(chosen.map((c) => c.input.name)));
  return { plan: makePlan({ model, map, inputs: chosen, walk, settled, metadata }), model, walk, settled, metadata };
}

function flowing(c: Candidate, map: ChannelMap): FlowingInput {
  return {
    name: c.input.name,
    axis: c.axis,
    rank: c.rank,
    dtype: c.dtype,
    dims: c.dims.map((d, i) => (i === c.axis ? map.matrix.length : d)),
    map: affine(map),
  };
}

/** Inputs that are tried: each one alone, which walks the whole graph. The caches of the largest language models are some hundred inputs beside the image. */
const MAX_TRIED = 1024;

/** A place where an input's channels may lie, and how far the map comes from there. What was made for one input alone is no use beside others, and large. */
interface Tried {
  readonly candidate: Candidate;
  readonly made: Attempt | null;
}

/** Tries the places where channels may lie, one input at a time, and keeps the one whose map folds best. */
async function chooseInputs(request: PlanRequest): Promise<Tried[]> {
  const { ctx, model, map, inputs, signal } = request;
  const real = realInputs(model.graph);
  const wanted = inputs ? [...new Set(inputs)].map((name) => named(real, name)) : real;
  const possible = wanted.filter((input) => candidates(input, map.matrix.length).length);
  if (possible.length > MAX_TRIED)
    throw new ChannelwiseError(
      'refused',
      'too-many-inputs',
      `${possible.length} inputs may take images, more than the ${MAX_TRIED} that are tried; name the inputs to adapt.`,
    );
  const chosen: Tried[] = [];
  let failure: ChannelwiseError | null = null;
  for (const input of possible) {
    let best: { candidate: Candidate; made: Attempt } | null = null;
    for (const candidate of candidates(input, map.matrix.length)) {
      try {
        const made = await attempt({ ctx, model, inputs: [flowing(candidate, map)], signal });
        const { walk } = made;
        const asked = inputs !== undefined && candidate.certain;
        if (
          (asked || plausible(candidate, walk) || (await confirmed(request, candidate))) &&
          (!best || better(walk, best.made.walk))
        )
          best = { candidate, made };
      } catch (error) {
        if (!(error instanceof ChannelwiseError) || error.kind !== 'refused') throw error;
        failure ??= error;
      }
    }
    if (best) chosen.push(chosen.length ? { candidate: best.candidate, made: null } : best);
  }
  if (chosen.length) return chosen;
  throw failure ?? noImageInput(wanted, map);
}

function named(real: readonly ValueInfo[], name: string): ValueInfo {
  const found = real.find((i) => i.name === name);
  if (!found)
    throw new ChannelwiseError(
      'refused',
      'no-such-input',
      `The model has no input \`${name}\`; it has ${real.map((i) => `\`${i.name}\` ${typeText(i)}`).join(', ') || 'none'}.`,
      { tensor: name },
    );
  return found;
}

/** Unconfirmed channel axes need a weight that takes the map in; so do series, where three may be anything. */
function plausible(c: Candidate, walk: Walk): boolean {
  if (walk.folds.length) return true;
  if (!c.certain) return false;
  return c.rank > 3 || (c.axis !== 1 && c.dims.every((d, i) => i === c.axis || typeof d !== 'number' || d >= 8));
}

/** A weight that takes the channels in another order confirms the axis, for maps that fold nowhere: everything per channel lets an order through. */
async function confirmed(request: PlanRequest, candidate: Candidate): Promise<boolean> {
  const channels = request.map.matrix.length;
  const turned = {
    name: 'turned',
    matrix: Array.from({ length: channels }, (_, c) => unit(channels, (c + 1) % channels)),
    shift: new Array<number>(channels).fill(0),
  };
  const { walk } = await attempt({ ...request, inputs: [flowing(candidate, turned)] });
  return walk.folds.length > 0;
}
