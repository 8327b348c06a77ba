import { isRefusal } from '../../bytes/errors.ts';
import type { Node } from '../../formats/onnx/model.ts';
import { isPermutation, columnCount } from '../maps/affine.ts';
import { channelFlow, type FlowOptions } from './channelFlow.ts';
import { costOf, costsLess, costsNothing } from './outcome/cost.ts';
import { expand, type ExpandedModel } from './inline.ts';
import type { Knowledge } from './known.ts';
import { settle, type Settled } from './outcome/settle.ts';
import type { Walk } from './walk.ts';
import type { FlowingInput } from './flow.ts';

/** A walk, and the model it went through: the file's, or the file's with calls of local functions written out. */
export interface Attempt {
  readonly model: ExpandedModel;
  readonly walk: Walk;
}

export interface AttemptRequest {
  readonly knowledge: Knowledge;
  /** The file's model. */
  readonly model: ExpandedModel;
  readonly inputs: readonly FlowingInput[];
  /**
   * Weights that are stored as integers stay so: where their sums would not fit, the channels are rebuilt in front of
   * them.
   */
  readonly keepIntegers?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Functions inside functions are few; each round writes out one level. */
const MAX_ROUNDS = 32;

/**
 * Walks the model, and again with the calls written out that the image reached, as long as there are such; the walk
 * that folds best counts.
 */
export async function attempt({ knowledge, model, inputs, signal, keepIntegers }: AttemptRequest): Promise<Attempt> {
  let best: Attempt | null = null;
  let failure: unknown = null;
  let at: ExpandedModel | null = model;
  for (let round = 0; at && round < MAX_ROUNDS; round++) {
    const calls = new Set<Node>();
    const known = await knowledge.of(at, inputs);
    // Behind merged axes a product may not take the map in after all; kept apart, the tensor in front of it can be
    // rebuilt.
    for (const merges of [true, false]) {
      try {
        const walk: Walk = await channelFlow(at.graph, known, inputs, {
          signal,
          merges,
          keepsIntegers: keepIntegers === true,
          onCall: (node) => calls.add(node),
        });
        if (!best || better(walk, best.walk)) best = { model: at, walk };
        break;
      } catch (error) {
        if (!isRefusal(error)) throw error;
        failure ??= error;
      }
    }
    at = calls.size ? expand(at, calls, known.use.names) : null;
  }
  if (best) return best;
  throw failure;
}

/** Whether the first walk rebuilds fewer tensors, or as many and folds into more weights. */
export function better(a: Walk, b: Walk): boolean {
  return a.rebuilt.size !== b.rebuilt.size ? a.rebuilt.size < b.rebuilt.size : a.folds.length > b.folds.length;
}

/** What an attempt comes to. */
export interface Outcome extends Attempt {
  readonly settled: Settled;
}

/**
 * The cheapest of several ways to the same function: the attempt; rebuilding the images once, in front of the file's
 * model; and, under another order of channels, carrying that order on.
 */
export async function cheapest(first: Attempt, request: AttemptRequest): Promise<Outcome> {
  const { model, inputs, signal } = request;
  const keepsIntegers = request.keepIntegers === true;
  let best: Outcome = { ...first, settled: settle(first.walk) };
  const { m = [] } = inputs[0]?.map ?? {};
  const channels = { old: m.length, now: columnCount(m) };
  let cost = costOf(best.walk, best.settled, channels);
  const ways: { readonly model: ExpandedModel; readonly options: FlowOptions }[] = [
    { model, options: { signal, keepsIntegers, inFront: true } },
  ];
  if (inputs.every(({ map }) => isPermutation(map)))
    ways.push({ model: first.model, options: { signal, keepsIntegers, keepsOrder: true } });
  for (const way of ways) {
    if (costsNothing(cost)) break;
    const known = await request.knowledge.of(way.model, inputs);
    const walk = await unlessRefused(() => channelFlow(way.model.graph, known, inputs, way.options));
    if (!walk) continue;
    const settled = settle(walk);
    const other = costOf(walk, settled, channels);
    if (!costsLess(other, cost)) continue;
    best = { model: way.model, walk, settled };
    cost = other;
  }
  return best;
}

async function unlessRefused<T>(run: () => Promise<T>): Promise<T | null> {
  try {
    return await run();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return null;
  }
}
