import { calledFunction } from '../../graph/operatorKey.ts';
import { inferShapes } from '../../graph/shapes/shapes.ts';
import type { ScopeShapes } from '../../graph/shapes/graphScope.ts';
import { steeringConstants, type SteeringConstants } from '../../graph/shapes/steering.ts';
import type { Dim, Graph, Node, ValueInfo } from '../../formats/onnx/model.ts';
import type { TensorContext } from '../../formats/onnx/tensors/tensorContext.ts';
import { Constants } from '../constants/constants.ts';
import type { ExpandedModel } from './inline.ts';
import { bodyUse, graphUse, type GraphUse } from '../../graph/use.ts';
import type { FlowingInput } from './flow.ts';

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
  /** The same inside a graph that a node holds, which sees what is around it. */
  inside(node: Node, body: Graph): Known;
}

/** What is the same for every walk through a model. */
interface Facts {
  readonly constants: Constants;
  readonly use: GraphUse;
  readonly steering: SteeringConstants;
  /** By the sizes that an adapted input gets where the file leaves them open. */
  readonly bySizes: Map<string, Known>;
}

/** What is known about tensors before a walk, found once for all walks of an adaptation. */
export class Knowledge {
  private readonly ctx: TensorContext;
  private readonly facts = new Map<ExpandedModel, Facts>();

  constructor(ctx: TensorContext) {
    this.ctx = ctx;
  }

  /**
   * What is known where these inputs are adapted. Such an input counts as having the channels it is adapted for, also
   * where the file names that size with a symbol, so that sizes computed from it are numbers.
   */
  async of(model: ExpandedModel, inputs: readonly FlowingInput[]): Promise<Known> {
    const facts = this.facts.get(model) ?? (await this.factsOf(model));
    this.facts.set(model, facts);
    const byName = new Map(inputs.map((input) => [input.name, input]));
    const changed = model.graph.inputs.flatMap((value) => {
      const input = byName.get(value.name);
      return input && !isDeclared(value, input) ? [input] : [];
    });
    const key = JSON.stringify(changed.map(({ name, dtype, dims }) => [name, dtype, dims]));
    const known = facts.bySizes.get(key) ?? knownWith(model, facts, changed);
    facts.bySizes.set(key, known);
    return known;
  }

  private async factsOf(model: ExpandedModel): Promise<Facts> {
    return {
      constants: new Constants(model.graph, this.ctx, (node) => !model.inlined.has(node)),
      use: graphUse(model),
      steering: await steeringConstants(model, this.ctx),
      bySizes: new Map(),
    };
  }
}

function isDeclared({ type }: ValueInfo, { dtype, dims }: FlowingInput): boolean {
  if (type?.kind !== 'tensor' || type.dtype !== dtype || type.dims?.length !== dims.length) return false;
  return type.dims.every((dim, i) => dim === dims[i]);
}

function knownWith(model: ExpandedModel, facts: Facts, changed: readonly FlowingInput[]): Known {
  const { graph } = model;
  const byName = new Map(changed.map((input) => [input.name, input]));
  const sized = graph.inputs.map((value): ValueInfo => {
    const input = byName.get(value.name);
    return input ? { ...value, type: { kind: 'tensor', dtype: input.dtype, dims: input.dims } } : value;
  });
  const shapes = inferShapes({ ...model, graph: { ...graph, inputs: sized } }, { constants: facts.steering });
  const bodies = new Map<Graph, Known>();
  const declared = new Map<string, ValueInfo>();
  for (const list of [graph.valueInfo, graph.outputs, sized]) for (const info of list) declared.set(info.name, info);
  const stored = new Map(graph.initializers.map((initializer) => [initializer.name, initializer]));
  const tensorType = (name: string): { dtype: number; dims: readonly Dim[] | null } | null => {
    const type = declared.get(name)?.type;
    return type?.kind === 'tensor' ? type : null;
  };
  const known: Known = {
    opset: Math.max(1, ...model.opsets.filter((opset) => opset.domain === '').map((opset) => opset.version)),
    constants: facts.constants,
    use: facts.use,
    isCall: (node) => calledFunction(model.functions, node) !== null,
    dims: (name) => shapes.tensors.get(name)?.dims ?? stored.get(name)?.dims ?? tensorType(name)?.dims ?? null,
    dtype: (name) => shapes.tensors.get(name)?.dtype ?? stored.get(name)?.dtype ?? tensorType(name)?.dtype ?? null,
    integers: (name) => shapes.integers.get(name) ?? null,
    inside: (node, body) => knownInside({ known, shapes, bodies }, node, body),
  };
  return known;
}

/** What is known of a graph, and of the graphs inside its nodes as far as somebody asked. */
interface Around {
  readonly known: Known;
  readonly shapes: Pick<ScopeShapes, 'tensors' | 'inner'>;
  readonly bodies: Map<Graph, Known>;
}

function knownInside({ known, shapes, bodies }: Around, node: Node, body: Graph): Known {
  const there = bodies.get(body);
  if (there) return there;
  const own = shapes.inner.get(node)?.find((scope) => scope.body === body)?.shapes ?? NOTHING_INFERRED;
  const stored = new Map(body.initializers.map((initializer) => [initializer.name, initializer]));
  const inside: Known = {
    opset: known.opset,
    constants: known.constants.inside(body),
    use: bodyUse(known.use, node, body),
    isCall: (inner) => known.isCall(inner),
    dims: (name) => own.tensors.get(name)?.dims ?? stored.get(name)?.dims ?? known.dims(name),
    dtype: (name) => own.tensors.get(name)?.dtype ?? stored.get(name)?.dtype ?? known.dtype(name),
    integers: (name) => known.integers(name),
    inside: (inner, graph) => knownInside({ known: inside, shapes: own, bodies }, inner, graph),
  };
  bodies.set(body, inside);
  return inside;
}

const NOTHING_INFERRED: Pick<ScopeShapes, 'tensors' | 'inner'> = { tensors: new Map(), inner: new Map() };
