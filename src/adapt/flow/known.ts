import { calledFunction } from '../../graph/operatorKey.ts';
import { inferShapes } from '../../graph/shapes/shapes.ts';
import { steeringConstants } from '../../graph/shapes/steering.ts';
import type { Dim, Node, ValueInfo } from '../../formats/onnx/model.ts';
import type { TensorContext } from '../../formats/onnx/tensors/tensorData.ts';
import type { FlowingInput } from './channelFlow.ts';
import { Constants } from '../constants/constants.ts';
import type { ExpandedModel } from './inline.ts';
import { graphUse, type GraphUse } from '../../graph/use.ts';

/** What a rule may ask about values that carry no channels. */
export interface Known {
  readonly opset: number;
  readonly constants: Constants;
  readonly use: GraphUse;
  /** True when a node calls a function of the model, whatever operator has the same name. */
  isCall(node: Node): boolean;
  dims(tensor: string): readonly Dim[] | null;
  dtype(tensor: string): number | null;
  /** The integers of a small tensor that steers shapes, null where one is unknown; null when nothing is known. */
  integers(tensor: string): readonly (number | null)[] | null;
}

/**
 * What is known about a model's tensors before a walk. An adapted input counts as having the channels it is adapted for, also where
 * the file names that size with a symbol, so that sizes computed from it are numbers.
 */
export async function knowledge(
  ctx: TensorContext,
  model: ExpandedModel,
  inputs: readonly FlowingInput[],
): Promise<Known> {
  const { graph } = model;
  const sized = graph.inputs.map((value): ValueInfo => {
    const input = inputs.find((i) => i.name === value.name);
    return input ? { ...value, type: { kind: 'tensor', dtype: input.dtype, dims: input.dims } } : value;
  });
  const shapes = inferShapes(
    { ...model, graph: { ...graph, inputs: sized } },
    { constants: await steeringConstants(model, ctx) },
  );
  const declared = new Map<string, ValueInfo>();
  for (const list of [graph.valueInfo, graph.outputs, sized]) for (const v of list) declared.set(v.name, v);
  const stored = new Map(graph.initializers.map((t) => [t.name, t]));
  const tensorType = (name: string): { dtype: number; dims: readonly Dim[] | null } | null => {
    const type = declared.get(name)?.type;
    return type?.kind === 'tensor' ? type : null;
  };
  return {
    opset: Math.max(1, ...model.opsets.filter((o) => o.domain === '').map((o) => o.version)),
    constants: new Constants(graph, ctx, (node) => !model.inlined.has(node)),
    use: graphUse(model),
    isCall: (node) => calledFunction(model.functions, node) !== null,
    dims: (name) => shapes.tensors.get(name)?.dims ?? stored.get(name)?.dims ?? tensorType(name)?.dims ?? null,
    dtype: (name) => shapes.tensors.get(name)?.dtype ?? stored.get(name)?.dtype ?? tensorType(name)?.dtype ?? null,
    integers: (name) => shapes.integers.get(name) ?? null,
  };
}
