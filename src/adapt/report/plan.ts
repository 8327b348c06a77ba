import { dtypeName, isInteger } from '../../tensors/dtypes.ts';
import type { Node } from '../../formats/onnx/model.ts';
import type { ChannelMap } from '../maps/channelMap.ts';
import type { ExpandedModel } from '../flow/inline.ts';
import type { Candidate } from '../flow/inputs.ts';
import { nameOf } from '../flow/rewrite.ts';
import { savedMultiplyAdds, savedParameters } from './savings.ts';
import type { Settled } from '../flow/settle.ts';
import type { Escape, Fold, FoldRecipe, Walk } from '../flow/walk.ts';

/** What an adaptation does, as data. `channelwise … --json` prints it as it is. */
export interface AdaptationPlan {
  readonly map: ChannelMap;
  readonly inputs: readonly {
    readonly name: string;
    readonly axis: number;
    readonly oldChannels: number;
    readonly newChannels: number;
    readonly matrix: readonly (readonly number[])[];
    readonly shift: readonly number[];
  }[];
  readonly folds: readonly Fold[];
  /** How each weight took the map in, with the map as it reached that weight. */
  readonly recipes: readonly FoldRecipe[];
  /** Nodes that vanished because the weights took them in. */
  readonly absorbed: readonly { readonly node: string; readonly opType: string }[];
  /** Calls of the model's own functions that are written out as nodes, because the map goes into what is inside. */
  readonly writtenOut: readonly { readonly node: string; readonly function: string }[];
  readonly escapes: readonly Escape[];
  readonly addedNodes: readonly { readonly name: string; readonly opType: string }[];
  readonly removedNodes: readonly string[];
  readonly removedInitializers: readonly string[];
  readonly saved: {
    readonly parameters: number;
    /** Per image where the sizes are known, else null. What added nodes cost is taken off. */
    readonly multiplyAdds: number | null;
  };
  readonly exactness: string;
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
  /** Tensors whose value equals the original's again. */
  readonly seam: readonly string[];
}

export function makePlan(
  model: ExpandedModel,
  map: ChannelMap,
  inputs: readonly Candidate[],
  walk: Walk,
  settled: Settled,
): AdaptationPlan {
  const removed = new Set(settled.removedNodes);
  const inserted = new Set(settled.inserted.flatMap((n) => n.outputs.map(nameOf)));
  const escapes = walk.escapes.filter((e) => inserted.has(walk.rebuilds.get(e.tensor)?.name ?? ''));
  const calls = new Set([...model.inlined.values()].map((i) => i.call));
  const warnings = map.warning ? [map.warning] : [];
  if (![...map.matrix.flat(), ...map.shift].every(Number.isInteger)) {
    for (const c of inputs)
      if (isInteger(c.dtype))
        warnings.push(
          `Input ${c.input.name} holds whole numbers (${dtypeName(c.dtype)}), and the map gives fractions: the new model works with them, where the old input would have rounded.`,
        );
  }
  if (!walk.folds.length && !escapes.length) warnings.push('Nothing in the model depends on this input.');
  return {
    map,
    inputs: inputs.map((c) => ({
      name: c.input.name,
      axis: c.axis,
      oldChannels: map.matrix.length,
      newChannels: map.matrix[0]?.length ?? 0,
      matrix: map.matrix,
      shift: map.shift,
    })),
    folds: walk.folds,
    recipes: walk.recipes,
    absorbed: walk.absorbed,
    writtenOut: [...calls].map((n) => ({ node: n.name, function: n.opType })),
    escapes,
    addedNodes: settled.inserted.map((n) => ({ name: n.name, opType: n.opType })),
    removedNodes: model.graph.nodes
      .filter((n) => removed.has(n) && !model.inlined.has(n))
      .map((n) => n.name || n.opType),
    removedInitializers: [...settled.removedInitializers],
    saved: { parameters: savedParameters(model, walk, settled), multiplyAdds: savedMultiplyAdds(walk, settled) },
    exactness: exactness(walk),
    warnings,
    notes: [...new Set(walk.notes)],
    seam: seamOf(model, walk, [
      ...walk.seam,
      ...escapes
        .map((e) => walk.rebuilds.get(e.tensor))
        .filter((r) => r && r.name === r.tensor)
        .map((r) => r?.tensor ?? ''),
    ]),
  };
}

/** The same tensors where the original has them too: for those inside a call that is written out, what the call gives. */
function seamOf(model: ExpandedModel, walk: Walk, names: readonly string[]): string[] {
  const makers = new Map<string, Node>();
  for (const node of model.inlined.keys()) for (const output of node.outputs) makers.set(output, node);
  const settledAgain = (name: string): boolean =>
    name !== '' && (!walk.flows.has(name) || walk.rebuilds.get(name)?.name === name);
  return [
    ...new Set(
      names.flatMap((name) => model.inlined.get(makers.get(name) as Node)?.call.outputs.filter(settledAgain) ?? [name]),
    ),
  ];
}

/** Integers of 8 to 64 bits. */ /** Float types of fewer digits than float32, whose rounding is the bound. */
const SHORT_FLOATS: Readonly<Record<number, string>> = { 10: 'float16', 16: 'bfloat16' };

function exactness(walk: Walk): string {
  const short =
    [...walk.replacements.values()].map((r) => SHORT_FLOATS[r.tensor.dtype]).find(Boolean) ??
    walk.constants.map((c) => SHORT_FLOATS[c.dtype]).find(Boolean);
  return `The new model computes the original on the mapped channels, up to ${short ? `the rounding of ${short}` : 'floating-point rounding'}.`;
}

/** One sentence for a notification: what folded, and how many channels the input takes now. */
export function summary(plan: AdaptationPlan): string {
  const first = plan.folds[0];
  const more = plan.folds.length > 1 ? ` and ${plan.folds.length - 1} more` : '';
  const input = plan.inputs[0];
  const channels = `input ${input?.oldChannels} → ${input?.newChannels} channel${input?.newChannels === 1 ? '' : 's'}`;
  if (!first) return `The channels are rebuilt inside the model, ${channels}`;
  return `${first.tensor} ${first.oldDims.join('×')} → ${first.newDims.join('×')}${more}, ${channels}`;
}
