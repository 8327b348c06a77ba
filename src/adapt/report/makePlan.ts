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
import type { Walk } from '../flow/walk.ts';
import { newChannels } from '../maps/channelMap.ts';

import type { AdaptationPlan } from './plan.ts';

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
  const asBefore = rebuilt.map((r) => r.tensor).filter((tensor) => isAsBefore(walk, settled, tensor));
  const added = addedMultiplyAdds(walk, settled);
  return {
    map,
    inputs: inputs.map((input) => ({
      name: input.input.name,
      axis: input.axis,
      oldChannels: map.matrix.length,
      newChannels: newChannels(map),
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
    warnings: [...mapWarnings(map, inputs), ...idleInputs(inputs, walk), ...parts.warnings, ...metadata.warnings],
    notes: [...new Set([...walk.notes, ...unreadableRecord(model)])],
    inFront: [...walk.inFront],
    metadata: metadata.notes,
    seam: seamOf(model, [...walk.seam, ...asBefore], (name) => isAsBefore(walk, settled, name)),
  };
}

/** What a person should know of the map itself, and of what it does to inputs of whole numbers. */
function mapWarnings(map: ChannelMap, inputs: readonly Candidate[]): string[] {
  const own = map.warning ? [map.warning] : [];
  if ([...map.matrix.flat(), ...map.shift].every(Number.isInteger)) return own;
  const fractions = inputs
    .filter(({ dtype }) => isInteger(dtype))
    .map(
      ({ input, dtype }) =>
        `Input ${input.name} holds whole numbers (${dtypeName(dtype)}), and the map gives fractions: the new model ` +
        'works with them, where the old input would have rounded.',
    );
  return [...own, ...fractions];
}

/** A warning where no output needs an adapted input. */
function idleInputs(inputs: readonly Candidate[], walk: Walk): string[] {
  const needed = neededTensors(walk);
  const idle = inputs.filter(({ input }) => !needed.has(input.name)).map(({ input }) => `\`${input.name}\``);
  return idle.length ? [`No output of the model depends on input ${idle.join(', ')}.`] : [];
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

/** The promise of a plan, with the coarsest rounding that new numbers go through. */
function exactness(walk: Walk, settled: Settled): string {
  const changed = [...settled.replacements.values()].map(({ tensor }) => tensor.dtype);
  const added = walk.constants.map(({ dtype }) => dtype);
  const half = [...changed, ...added].find(isHalf);
  const rounding = half === undefined ? 'floating-point rounding' : `the rounding of ${dtypeName(half)}`;
  return `The new model computes the original on the mapped channels, up to ${rounding}.`;
}
