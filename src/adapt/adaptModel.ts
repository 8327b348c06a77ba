import { setMetadata, toSplices } from '../formats/onnx/edit/edit.ts';
import type { Splice } from '../bytes/splice.ts';
import { attempt, cheapest } from './flow/attempt.ts';
import { emit } from './flow/outcome/emit.ts';
import { asItStands, type ExpandedModel } from './flow/inline.ts';
import { Knowledge } from './flow/known.ts';
import { settle, type Settled } from './flow/outcome/settle.ts';
import type { Walk } from './flow/walk.ts';
import { chooseInputs, flowing, type InputChoice } from './inputs/chooseInputs.ts';
import { normalisedTwice } from './report/normalisedInside.ts';
import { changeMetadata, type MetadataChange } from './report/metadata.ts';
import { makePlan } from './report/makePlan.ts';
import type { AdaptationPlan } from './report/plan.ts';
import { PROVENANCE_KEY, provenanceOf, provenanceText, type ProvenanceSource } from './report/provenance.ts';

export interface PlanRequest extends InputChoice {
  /**
   * Where no node can be added: the map goes into weights wherever it can, even where rebuilding in front would cost
   * less.
   */
  readonly inPlace?: boolean | undefined;
}

/** A model, the map it is to take, and how. */
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
  readonly metadata: MetadataChange;
}

/**
 * Plans an adaptation and turns it into splices of the original file. Throws `refused` with the reason where it can't
 * be exact.
 */
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
  const file = { model: asItStands(request.model), knowledge: new Knowledge(ctx) };
  const tried = await chooseInputs(request, file);
  const chosen = tried.map((t) => t.candidate);
  const only = tried.length === 1 ? tried[0] : undefined;
  const attempted = { ...request, ...file, inputs: chosen.map((candidate) => flowing(candidate, map)) };
  const made = only?.made ?? (await attempt(attempted));
  const { model, walk, settled } = request.inPlace
    ? { ...made, settled: settle(made.walk) }
    : await cheapest(made, attempted);
  const metadata = changeMetadata(request.model, map, new Set(chosen.map((candidate) => candidate.input.name)));
  const warnings = await normalisedTwice(request.model.graph, ctx, { map, inputs: chosen });
  const plan = makePlan({ model, map, inputs: chosen, walk, settled, metadata, warnings });
  return { plan, model, walk, settled, metadata };
}
