import { connectionsOf } from '../../graph/connections.ts';
import { dtypeName, isHalf, isInteger } from '../../tensors/dtypes.ts';
import type { Node } from '../../formats/onnx/model.ts';
import type { ChannelMap } from '../maps/channelMap.ts';
import type { ExpandedModel } from '../flow/inline.ts';
import type { Candidate } from '../inputs/candidates.ts';
import { addedMultiplyAdds } from '../flow/outcome/cost.ts';
import type { MetadataChange } from './metadata.ts';
import { unreadableRecord } from './provenance.ts';
import { savedParameters } from './savings.ts';
import { allInserted, type Settled } from '../flow/outcome/settle.ts';
import type { FoldRecipe } from '../flow/fold.ts';
import type { Rebuilt, Walk } from '../flow/walk.ts';

/** A weight that took the map in, as data. */
export interface PlannedFold {
  readonly node: string;
  readonly opType: string;
  readonly tensor: string;
  readonly oldDims: readonly number[];
  readonly newDims: readonly number[];
  /** With the map as it reached that weight. Null for a bias, which the weight beside it tells of. */
  readonly how: FoldRecipe | null;
}

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
  readonly folds: readonly PlannedFold[];
  /** Nodes that vanished because the weights took them in. */
  readonly absorbed: readonly { readonly node: string; readonly opType: string }[];
  /** Calls of the model's own functions that are written out as nodes, because the map goes into what is inside. */
  readonly writtenOut: readonly { readonly node: string; readonly function: string }[];
  /** Tensors that are made again as they were, for a node or as an output, and why. */
  readonly rebuilt: readonly Pick<Rebuilt, 'tensor' | 'node' | 'reason'>[];
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
  /** Those of the notes that tell of a node in front of a layer, which no change of weights can say. */
  readonly inFront: readonly string[];
  /** What changes in the model's metadata, and entries that tell of channels and stay. */
  readonly metadata: readonly string[];
  /** Tensors whose value equals the original's again. */
  readonly seam: readonly string[];
}

/** What a plan is made of. */
export interface PlanParts {
  /** The model that the walk went through. */
  readonly model: ExpandedModel;
  readonly map: ChannelMap;
  readonly inputs: readonly Candidate[];
  readonly walk: Walk;
  readonly settled: Settled;
  readonly metadata: MetadataChange;
  /** What was found beside the walk and a person must know. */
  readonly warnings: readonly string[];
}

/** Tells what a settled walk changes: weights, rebuilt tensors, added nodes, and what a person should know. */
export function makePlan(parts: PlanParts): AdaptationPlan {
  const { model, map, inputs, walk, settled, metadata } = parts;
  const removed = new Set(settled.removedNodes);
  const inserted = new Set(settled.inserted.flatMap((insertedNode) => insertedNode.outputs.map(settled.nameOf)));
  const rebuilt = [...walk.rebuilt.values()].filter((r) => inserted.has(settled.nameOf(r)));
  const calls = new Set([...model.inlined.values()].map((i) => i.call));
  const warnings = map.warning ? [map.warning] : [];
  if (![...map.matrix.flat(), ...map.shift].every(Number.isInteger)) {
    for (const input of inputs)
      if (isInteger(input.dtype))
        warnings.push(
          `Input ${input.input.name} holds whole numbers (${dtypeName(input.dtype)}), and the map gives ` +
            'fractions: the new model works with them, where the old input would have rounded.',
        );
  }
  const needed = neededTensors(walk);
  const idle = inputs.filter((input) => !needed.has(input.input.name)).map((input) => `\`${input.input.name}\``);
  if (idle.length) warnings.push(`No output of the model depends on input ${idle.join(', ')}.`);
  const asBefore = rebuilt.map((r) => r.tensor).filter((tensor) => isAsBefore(walk, settled, tensor));
  const added = addedMultiplyAdds(walk, settled);
  return {
    map,
    inputs: inputs.map((input) => ({
      name: input.input.name,
      axis: input.axis,
      oldChannels: map.matrix.length,
      newChannels: map.matrix[0]?.length ?? 0,
      matrix: map.matrix,
      shift: map.shift,
    })),
    folds: walk.folds.map(({ at, known: _, ...fold }) => ({ node: at.name, opType: at.opType, ...fold })),
    absorbed: walk.absorbed,
    writtenOut: [...calls].map((call) => ({ node: call.name, function: call.opType })),
    rebuilt: rebuilt.map(({ tensor, node, reason }) => ({ tensor, node, reason })),
    addedNodes: allInserted(settled).map((insertedNode) => ({ name: insertedNode.name, opType: insertedNode.opType })),
    removedNodes: model.graph.nodes
      .filter((node) => removed.has(node) && !model.inlined.has(node))
      .map((node) => node.name || node.opType),
    removedInitializers: [...settled.removedInitializers],
    saved: { parameters: savedParameters(model.graph, settled), multiplyAdds: added === null ? null : 0 - added },
    exactness: exactness(walk, settled),
    warnings: [...warnings, ...parts.warnings, ...metadata.warnings],
    notes: [...new Set([...walk.notes, ...unreadableRecord(model)])],
    inFront: [...walk.inFront],
    metadata: metadata.notes,
    seam: seamOf(model, [...walk.seam, ...asBefore], (name) => isAsBefore(walk, settled, name)),
  };
}

/** True for a tensor that the new graph has under its name, with the value it had. */
function isAsBefore(walk: Walk, settled: Settled, name: string): boolean {
  const rebuilt = walk.rebuilt.get(name);
  return rebuilt ? settled.nameOf(rebuilt) === name : !walk.flows.has(name);
}

/** All tensors that some output is computed from. */
function neededTensors(walk: Walk): Set<string> {
  const { outputs, capturedBy } = walk.known.use;
  const { makers } = connectionsOf(walk.graph.nodes);
  const needed = new Set(outputs);
  for (const name of needed) {
    const maker = makers.get(name);
    if (!maker) continue;
    for (const input of maker.inputs) needed.add(input);
    for (const input of capturedBy.get(maker) ?? []) needed.add(input);
  }
  return needed;
}

/**
 * The same tensors where the original has them too: for those inside a call that is written out, what the call gives.
 */
function seamOf(model: ExpandedModel, names: readonly string[], isSame: (name: string) => boolean): string[] {
  const calls = new Map<string, Node>();
  for (const [node, { call }] of model.inlined) for (const output of node.outputs) calls.set(output, call);
  const seen = names.flatMap(
    (name) => calls.get(name)?.outputs.filter((output) => output !== '' && isSame(output)) ?? [name],
  );
  return [...new Set(seen)];
}

function exactness(walk: Walk, settled: Settled): string {
  const changed = [...settled.replacements.values()].map(({ tensor }) => tensor.dtype);
  const added = walk.constants.map(({ dtype }) => dtype);
  const half = [...changed, ...added].find(isHalf);
  const rounding = half === undefined ? 'floating-point rounding' : `the rounding of ${dtypeName(half)}`;
  return `The new model computes the original on the mapped channels, up to ${rounding}.`;
}

/** One sentence for a notification: what folded, and how many channels the input takes now. */
export function summary(plan: AdaptationPlan): string {
  const first = plan.folds[0];
  const more = plan.folds.length > 1 ? ` and ${plan.folds.length - 1} more` : '';
  const input = plan.inputs[0];
  const channels = `input ${input?.oldChannels} → ${input?.newChannels} channel${input?.newChannels === 1 ? '' : 's'}`;
  if (first) return `${first.tensor} ${first.oldDims.join('×')} → ${first.newDims.join('×')}${more}, ${channels}`;
  return plan.rebuilt.length
    ? `The channels are rebuilt inside the model, ${channels}`
    : `No weight changes, ${channels}`;
}
