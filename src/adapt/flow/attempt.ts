import { ChannelwiseError } from '../../bytes/errors.ts';
import type { Model, Node } from '../../formats/onnx/model.ts';
import type { TensorContext } from '../../formats/onnx/tensors/tensorData.ts';
import { channelFlow, type FlowingInput } from './channelFlow.ts';
import { asItStands, expand, type ExpandedModel } from './inline.ts';
import { knowledge } from './known.ts';
import type { Walk } from './walk.ts';

/** A walk, and the model it went through: the file's, or the file's with calls of local functions written out. */
export interface Attempt {
  readonly model: ExpandedModel;
  readonly walk: Walk;
}

/** Functions inside functions are few; each round writes out one level. */
const MAX_ROUNDS = 32;

/** Walks the model, and again with the calls written out that the image reached, as long as there are such; the walk that folds best counts. */
export async function attempt(
  ctx: TensorContext,
  model: Model,
  inputs: readonly FlowingInput[],
  signal?: AbortSignal,
): Promise<Attempt> {
  let best: Attempt | null = null;
  let failure: unknown = null;
  let at: ExpandedModel | null = asItStands(model);
  for (let round = 0; at && round < MAX_ROUNDS; round++) {
    const calls = new Set<Node>();
    const known = await knowledge(ctx, at, inputs);
    // Behind merged axes a product may not take the map in after all; kept apart, the tensor in front of it can be rebuilt.
    for (const merges of [true, false]) {
      try {
        const walk: Walk = await channelFlow(at.graph, known, inputs, {
          signal,
          merges,
          onCall: (node) => calls.add(node),
        });
        if (!best || better(walk, best.walk)) best = { model: at, walk };
        break;
      } catch (error) {
        if (!(error instanceof ChannelwiseError) || error.kind !== 'refused') throw error;
        failure ??= error;
      }
    }
    at = calls.size ? expand(at, calls, known.use.names) : null;
  }
  if (best) return best;
  throw failure;
}

export function better(a: Walk, b: Walk): boolean {
  return a.rebuilt.size !== b.rebuilt.size ? a.rebuilt.size < b.rebuilt.size : a.folds.length > b.folds.length;
}
