import { ChannelwiseError, isRefusal } from '../../bytes/errors.ts';
import type { Splice } from '../../bytes/splice.ts';
import type { NewData } from '../../formats/keras/hdf5/edit/replaceDataset.ts';
import type { OpenedNetwork } from '../../formats/keras/openNetwork.ts';
import { kerasSplices } from '../../formats/keras/writeKeras.ts';
import { planAdaptation, type PlannedAdaptation } from '../adaptModel.ts';
import type { ChannelMap } from '../maps/channelMap.ts';
import type { AdaptationPlan } from '../report/plan.ts';
import { planInFront } from './planInFront.ts';
import { rebuildInFront } from './rebuildInFront.ts';
import { optimizerState } from './optimizerState.ts';
import { shapeEdits } from './shapeEdits.ts';
import { Translation } from './translation.ts';

export interface KerasAdaptation {
  readonly plan: AdaptationPlan;
  readonly splices: readonly Splice[];
}

export interface KerasRequest {
  readonly opened: OpenedNetwork;
  readonly map: ChannelMap;
  readonly inputs?: readonly string[] | undefined;
  /** The axis that holds the channels, where several may. */
  readonly axis?: number | undefined;
  /** Makes the record that the file is to keep. */
  readonly record?: ((plan: AdaptationPlan) => string) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Adapts a Keras network: channel flow plans on the presented graph, and what it changes goes back into datasets and
 * configuration. Throws `refused` with the reason where the plan needs what Keras's layers, as they stand in the file,
 * can't say.
 */
export async function adaptKeras(request: KerasRequest): Promise<KerasAdaptation> {
  let refusal: ChannelwiseError | null = null;
  // The cheapest plan, then the one that takes the map into weights wherever it can.
  for (const inPlace of [false, true]) {
    const planned = await plan(request, inPlace);
    try {
      return await translated(request, planned);
    } catch (error) {
      if (!isRefusal(error) || !error.code.startsWith('keras-')) throw error;
      refusal = error;
      if (!inPlace) continue;
      const rebuilt = await withLayersInFront(request, planned.plan);
      if (rebuilt) return rebuilt;
    }
  }
  throw refusal ?? new RangeError('no plan was tried');
}

function plan({ opened, map, inputs, axis, signal }: KerasRequest, inPlace: boolean): Promise<PlannedAdaptation> {
  return planAdaptation({ ctx: opened.ctx, model: opened.presented.model, map, inputs, axis, signal, inPlace });
}

/** What a plan changes, in datasets and configuration. */
async function translated({ opened, record }: KerasRequest, planned: PlannedAdaptation): Promise<KerasAdaptation> {
  const { file } = opened;
  const change = new Translation(opened, planned);
  change.refuseNewNodes();
  change.takeWeights();
  change.takeAbsorbedLayers();
  change.edits.push(...shapeEdits(opened, planned.walk));
  const state = await optimizerState(file.tree, change.changedWeights());
  const datasets = new Map([...change.datasets, ...state]);
  const made = change.plan(state.size);
  const splices = await kerasSplices(file, { datasets, config: change.edits, record: record?.(made) });
  return { plan: made, splices };
}

/** The old image rebuilt behind the input, for what no weight can take in; null where no layers can say it. */
async function withLayersInFront(
  { opened, record }: KerasRequest,
  planned: AdaptationPlan,
): Promise<KerasAdaptation | null> {
  const front = rebuildInFront(opened, planned.inputs);
  if (!front) return null;
  const made = planInFront(planned, front.added);
  const change = { datasets: new Map<string, NewData>(), config: front.edits, record: record?.(made) };
  return { plan: made, splices: await kerasSplices(opened.file, change) };
}
