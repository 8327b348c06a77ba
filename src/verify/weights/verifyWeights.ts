import { affine, grayscale, type ChannelMap } from '../../adapt/maps/channelMap.ts';
import { isWeightOf } from '../../adapt/weights/find/chosenLayers.ts';
import { isPatchMatrix, PATCH_ORDERS, type LayerChoice, type PatchOrder } from '../../adapt/weights/patchOrder.ts';
import { isOptimizerState, momentPower, siblingName, weightAxes } from '../../adapt/weights/tensorNames.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import type { StoredTensor } from '../../tensors/storedTensor.ts';
import { worse, type TensorDifference } from '../proof/measure/difference.ts';
import { shortNumber } from '../proof/matrixText.ts';
import type { Verdict, VerifyReport } from '../proof/report.ts';
import { runtimeVersion } from '../session.ts';
import { Convolution } from './convolution.ts';
import {
  IMAGE,
  layerDifference,
  momentDifference,
  strange,
  type LayerContext,
  type LayerDifference,
} from './layerDifference.ts';
import { pairTensors, type ChangedTensor, type PairedTensors } from './pairTensors.ts';
import { withoutFile } from './withoutFile.ts';
import type { RunRecord } from '../proof/measure/runPlan.ts';
import { countText } from '../../text/numbers.ts';

export interface VerifyWeightsRequest {
  readonly original: readonly StoredTensor[];
  readonly adapted: readonly StoredTensor[];
  /** The map that the adapted file was made with; null where it is not known. */
  readonly map: ChannelMap | null;
  /** The layers that took it in, where that is recorded: it tells in which order a linear layer reads patches. */
  readonly layers?: readonly LayerChoice[] | undefined;
  readonly seed?: number | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
  /** Says that the adapted file is not read any more, where its bytes are held in memory. */
  readonly letGo?: (() => Promise<void>) | undefined;
}

/** Seeds are drawn from so many. */
const SEEDS = 2 ** 31;
/** Gray is assumed for colour images. */
const COLOURS = 3;
const ASSUMED = 'The file does not record its map; gray was assumed.';

/**
 * Proves a converted file of weights: for every changed weight one convolution is built from each file and run in ONNX
 * Runtime, the original's on the mapped channels; an optimizer's moments are recomputed; every other tensor is compared
 * byte for byte. What the runtime can't do makes the report `unproved`. Throws `refused` where the files don't belong
 * together.
 */
export async function verifyWeights(request: VerifyWeightsRequest): Promise<VerifyReport> {
  const { original, adapted, onProgress } = request;
  const seed = request.seed ?? Math.floor(Math.random() * SEEDS);
  const compared = await pairTensors(original, adapted, (fraction) => onProgress?.(fraction * 0.9));
  const paired = request.letGo ? await withoutFile(compared, request.letGo) : compared;
  const map = request.map ?? assumedMap(paired.changed);
  const layers = request.layers ?? [];
  const found = await changedTensors(paired, { map, seed, original, adapted, layers });
  onProgress?.(1);
  return reportOf({ paired, map, found, seed, isAssumed: request.map === null });
}

/** Gray, where the file does not say what was done. */
function assumedMap(changed: readonly ChangedTensor[]): ChannelMap {
  const layer = changed.find(({ name, original }) => isLayer(original) && !isOptimizerState(name));
  const channels = layer ? grayChannels(layer) : null;
  if (channels === null)
    throw new ChannelwiseError(
      'refused',
      'no-map',
      'The files do not say which map lies between them; name it with --map.',
    );
  return grayscale(channels);
}

/** How many channels became one; null where it is not one channel that is left. */
function grayChannels({ original, adapted }: ChangedTensor): number | null {
  const axis = weightAxes(original).channels;
  const [was = 0, now = 0] = [original.dims[axis], adapted.dims[axis]];
  // A linear layer keeps as many numbers as its patches have pixels.
  if (original.dims.length === 2) return was === COLOURS * now ? COLOURS : null;
  return now === 1 ? was : null;
}

function isLayer(tensor: StoredTensor): boolean {
  return tensor.dims.length >= 3 || isPatchMatrix(tensor, COLOURS);
}

interface Context extends Omit<LayerContext, 'convolution' | 'ends'> {
  readonly map: ChannelMap;
  readonly layers: readonly LayerChoice[];
}

/** A changed weight, and the orders in which it may read patches. */
interface ChangedLayer {
  readonly pair: ChangedTensor;
  readonly orders: readonly (PatchOrder | null)[];
}

function changedLayers({ changed }: PairedTensors, { map, layers }: Context): ChangedLayer[] {
  const network = changed.filter(({ name }) => !isOptimizerState(name));
  return network.flatMap((pair): ChangedLayer[] => {
    const recorded = layers.find(({ name }) => name === pair.name || isWeightOf(pair.original, name));
    if (recorded) return [{ pair, orders: [recorded.order] }];
    if (pair.original.dims.length >= 3) return [{ pair, orders: [null] }];
    return isPatchMatrix(pair.original, map.matrix.length) ? [{ pair, orders: [...PATCH_ORDERS.keys()] }] : [];
  });
}

interface Found {
  readonly tensors: readonly TensorDifference[];
  readonly runs: readonly RunRecord[];
  /** Why the files are not the same function, a clause; null where nothing speaks against it. */
  readonly wrong: string | null;
  /** Why it could not be checked. */
  readonly unproved: string | null;
  /** What was taken for granted, a sentence each. */
  readonly assumed: readonly string[];
}

async function changedTensors(paired: PairedTensors, context: Context): Promise<Found> {
  const nothing = { tensors: [], runs: [], wrong: null, unproved: null, assumed: [] };
  const [missing] = paired.unpaired;
  if (missing !== undefined) return { ...nothing, wrong: `only one of the files has ${missing}.` };
  const convolution = await Convolution.open().catch((error: unknown) => {
    if (error instanceof ChannelwiseError) return error;
    throw error;
  });
  if (convolution instanceof ChannelwiseError)
    return { ...nothing, unproved: `ONNX Runtime could not run: ${convolution.message}` };
  try {
    return await differences(paired, { ...context, ends: affine(context.map), convolution });
  } finally {
    await convolution.close();
  }
}

async function differences(paired: PairedTensors, context: Context & LayerContext): Promise<Found> {
  const tensors: TensorDifference[] = [];
  const runs: RunRecord[] = [];
  const assumed: string[] = [];
  const layers = changedLayers(paired, context);
  const orders = new Map<string, PatchOrder | null>();
  for (const layer of layers) {
    const { difference, run, order } = await bestOrder(layer, context);
    tensors.push(difference);
    runs.push(run);
    orders.set(shapeText(layer.pair.original), order);
    if (order !== null && layer.orders.length > 1 && difference.ok) assumed.push(orderText(layer.pair.name, order));
  }
  const explained = new Set(layers.flatMap(({ pair: { name } }) => [name, siblingName(name, 'bias')]));
  for (const pair of paired.changed) {
    const power = momentPower(pair.name);
    const order = orders.get(shapeText(pair.original)) ?? null;
    if (power !== null) tensors.push(await momentDifference(pair, { map: context.map, power, order }));
    else if (!explained.has(pair.name)) tensors.push(strange(pair));
  }
  const pairs = layers.map(({ pair }) => pair);
  tensors.push(...staleMoments(paired, pairs, context.original));
  const bad = tensors.find(({ ok }) => !ok);
  return { tensors, runs, wrong: bad ? `${bad.name} ${bad.why}.` : null, unproved: null, assumed };
}

/** The order in which both layers agree; the first one where they do in none. */
async function bestOrder(
  { pair, orders }: ChangedLayer,
  context: LayerContext,
): Promise<LayerDifference & { readonly order: PatchOrder | null }> {
  const [first = null, ...more] = orders;
  const found = { ...(await layerDifference(pair, first, context)), order: first };
  if (found.difference.ok) return found;
  for (const order of more) {
    const other = await layerDifference(pair, order, context);
    if (other.difference.ok) return { ...other, order };
  }
  return found;
}

function orderText(name: string, order: PatchOrder): string {
  return `The file does not record in which order ${name} reads its patches; the two agree as ${order}.`;
}

/**
 * What an optimizer keeps that still has the shape of a weight that lost it: the next step of the optimizer would fail.
 */
function staleMoments(
  { changed }: PairedTensors,
  weights: readonly ChangedTensor[],
  original: readonly StoredTensor[],
): TensorDifference[] {
  const moved = new Set(changed.map(({ name }) => name));
  const kept = new Set(original.filter(({ name }) => !moved.has(name) && !isOptimizerState(name)).map(shapeText));
  const lost = weights.filter((pair) => shapeText(pair.original) !== shapeText(pair.adapted));
  const shapes = new Set(lost.map((pair) => shapeText(pair.original)).filter((shape) => !kept.has(shape)));
  return original
    .filter((tensor) => isOptimizerState(tensor.name) && !moved.has(tensor.name) && shapes.has(shapeText(tensor)))
    .map((tensor) => strange({ name: tensor.name, original: tensor, adapted: tensor }));
}

function shapeText({ dims }: StoredTensor): string {
  return dims.join('×');
}

interface ReportParts {
  readonly paired: PairedTensors;
  readonly map: ChannelMap;
  readonly found: Found;
  readonly seed: number;
  readonly isAssumed: boolean;
}

async function reportOf({ paired, map, found, seed, isAssumed }: ReportParts): Promise<VerifyReport> {
  const { tensors, runs, wrong, unproved, assumed } = found;
  const warnings = [...(isAssumed ? [ASSUMED] : []), ...assumed];
  const worst = tensors.length > 0 ? tensors.reduce(worse) : null;
  const nothing = tensors.length === 0 && wrong === null ? 'no tensor of the two files differs.' : null;
  const why = wrong ?? unproved ?? nothing;
  const verdict = verdictOf(wrong, why);
  return {
    verdict,
    ok: verdict === 'proved',
    statement: statementOf(verdict, why, { worst, same: paired.sameTensors }),
    maxAbs: worst?.maxAbs ?? null,
    maxRel: worst?.maxRel ?? null,
    relL2: worst?.relL2 ?? null,
    tolerance: worst?.tolerance ?? null,
    tensors,
    runs,
    rebuilt: 'impossible',
    seam: {
      tensors: tensors.map(({ name }) => name),
      identicalNodes: 0,
      stemNodes: runs.length,
      bytesCompared: paired.bytesCompared,
    },
    full: null,
    maps: {
      inputs: [{ name: IMAGE, axis: channelAxis(paired), map: affine(map) }],
      assumption: warnings.length > 0 ? warnings.join(' ') : null,
    },
    folds: [],
    runtime: await runtimeVersion().catch(() => null),
    seed,
    warnings,
  };
}

/** The axis of the channels in the changed weight. */
function channelAxis({ changed }: PairedTensors): number {
  const layer = changed.find(({ original }) => isLayer(original));
  return layer ? weightAxes(layer.original).channels : 1;
}

/** What was measured, and how many tensors are the same bytes. */
interface Measured {
  readonly worst: TensorDifference | null;
  readonly same: number;
}

function statementOf(verdict: Verdict, why: string | null, { worst, same }: Measured): string {
  if (verdict === 'failed') return `Not the same function: ${why}`;
  if (verdict === 'unproved') return `Not verified: ${why}`;
  const error = `relative error ${shortNumber(worst?.maxRel ?? 0)} of the changed layer on random inputs in ONNX Runtime`;
  return `Verified: ${error}; the other ${countText(same)} tensors are byte-identical.`;
}

function verdictOf(wrong: string | null, why: string | null): Verdict {
  if (wrong !== null) return 'failed';
  return why === null ? 'proved' : 'unproved';
}
