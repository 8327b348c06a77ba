import type { Attribute, FunctionDef, Graph, Model, Node, Tensor, ValueInfo } from '../../formats/onnx/model.ts';
import { connectionsOf } from '../connections.ts';
import { operatorKey } from '../operatorKey.ts';
import { applyRule } from '../ops/table.ts';
import type { SmallTensor } from '../values/smallTensor.ts';
import { CONTROL_FLOW } from './controlFlow.ts';
import { Evaluation } from './evaluation.ts';
import { Functions } from './functions.ts';
import { GraphScope, nodeLabel, opsetsOf, type InnerScope, type Passed } from './graphScope.ts';
import { inferredTensor, unknownValue, type Inferred } from './inferred.ts';
import type { InferOptions, Shapes } from './inferredShapes.ts';
import type { Inferring, Mark, Place } from './inferring.ts';
import { isBlank } from './join.ts';
import { Settling } from './settling.ts';
import { RuleInput } from './shapeRule.ts';
import { Symbols } from './symbols.ts';
import { countText } from '../../text/numbers.ts';

/** Subgraphs and functions inside each other; the scan takes 32 subgraphs, each of which may call. */
const MAX_DEPTH = 64;
/** Loops and functions may visit this many nodes besides each node once. */
const MAX_VISITS = 100_000;
const TOO_MUCH = `its loops and functions unfold to more than ${countText(MAX_VISITS)} nodes`;

/** What a node makes: by its operator's rule, or by what was found inside it. */
interface Made {
  readonly outputs: readonly Inferred[];
  /** The entries of small outputs; absent where the operator is still to be evaluated. */
  readonly values?: readonly (SmallTensor | null)[];
  readonly contradiction?: string | undefined;
}

/** One pass through a model, node by node, and inside the graphs and functions of its nodes. */
export class Inference implements Inferring {
  readonly symbols: Symbols;
  private readonly model: Model;
  private readonly evaluation: Evaluation;
  private readonly settling: Settling;
  private readonly functions: Functions;
  private visits = 0;

  constructor(model: Model, options: InferOptions) {
    this.model = model;
    this.evaluation = new Evaluation(options.constants ?? new Map<Tensor, SmallTensor>());
    this.symbols = new Symbols(model, options.bind ?? {});
    this.settling = new Settling(this.symbols);
    this.functions = new Functions(model);
  }

  /** Goes through the main graph. Called once. */
  run(): Shapes {
    const { graph } = this.model;
    const scope = GraphScope.main(opsetsOf(this.model.opsets));
    this.visits = -graph.nodes.length;
    const stored = new Set(graph.initializers.map((initializer) => initializer.name));
    for (const input of graph.inputs)
      if (input.type && !stored.has(input.name)) scope.put(input.name, { value: this.input(input), small: null });
    this.fill(graph, scope);
    return {
      tensors: scope.tensors,
      others: scope.others,
      inner: scope.inner,
      inferred: (name) => scope.inferred(name),
      sizes: [...this.symbols.sizes],
      unused: this.symbols.unused,
      integers: integersOf(scope),
      contradictions: this.settling.contradictions,
      symbols: this.symbols.reasons,
    };
  }

  declared(info: ValueInfo): Inferred {
    return this.settling.declared(info);
  }

  mark(): Mark {
    return this.settling.mark();
  }

  restore(mark: Mark): void {
    this.settling.restore(mark);
  }

  inside(graph: Graph, place: Place, label: string, inputs: readonly Passed[]): GraphScope {
    const scope = place.scope.subgraph(pathOf(place, label));
    for (const [i, input] of graph.inputs.entries()) {
      const given = inputs[i];
      if (given && !isBlank(given.value)) {
        scope.put(input.name, given);
        continue;
      }
      const declared = input.type ? this.declared(input) : null;
      const value = declared ?? given?.value ?? unknownValue('its graph gets no such input');
      scope.put(input.name, { value, small: null });
    }
    this.fill(graph, scope);
    return scope;
  }

  call(body: FunctionDef, place: Place, inputs: readonly (Passed | null)[]): GraphScope {
    const given = [...body.attributes, ...place.node.attributes];
    const attributes = new Map(given.map((attribute): [string, Attribute] => [attribute.name, attribute]));
    const scope = place.scope.call(pathOf(place, body.name), opsetsOf(body.opsets), attributes);
    for (const [i, name] of body.inputs.entries()) if (name && inputs[i]) scope.put(name, inputs[i]);
    for (const inner of connectionsOf(body.nodes).order) this.visit(inner, scope, NOTHING_DECLARED);
    return scope;
  }

  passed(scope: GraphScope, name: string): Passed {
    return { value: scope.inferred(name) ?? unknownValue(), small: scope.small(name) };
  }

  private fill(graph: Graph, scope: GraphScope): void {
    const declared = new Map<string, ValueInfo>();
    for (const list of [graph.valueInfo, graph.outputs]) for (const info of list) declared.set(info.name, info);
    for (const tensor of graph.initializers) {
      const value = inferredTensor(tensor.dtype, tensor.dims);
      scope.put(tensor.name, { value, small: this.evaluation.stored(tensor) });
    }
    for (const { values, dims } of graph.sparseInitializers)
      scope.put(values.name, { value: inferredTensor(values.dtype, dims), small: null });
    for (const node of connectionsOf(graph.nodes).order) this.visit(node, scope, declared);
  }

  private visit(original: Node, scope: GraphScope, declared: ReadonlyMap<string, ValueInfo>): void {
    if (++this.visits > MAX_VISITS && scope.depth > 0) {
      for (const name of original.outputs) if (name) scope.put(name, { value: unknownValue(TOO_MUCH), small: null });
      return;
    }
    const node = scope.attributes ? withAttributes(original, scope.attributes) : original;
    const place = { node, scope };
    const input = new RuleInput(node, scope.opsets.get(node.domain) ?? 1, scope);
    const made: Made = this.goInside(place, original, input) ?? applyRule(input);
    if (made.contradiction !== undefined)
      this.settling.contradict(place, node.outputs[0] ?? '', { message: made.contradiction });
    const settled = this.settling.outputs(place, made.outputs, declared);
    for (const [i, name] of node.outputs.entries()) if (settled[i]) scope.put(name, { value: settled[i], small: null });
    const values = made.values ?? this.evaluation.outputs(node, input, scope);
    for (const [i, name] of node.outputs.entries()) if (name && values[i]) scope.values.set(name, values[i]);
  }

  /** What a node with graphs or a function inside makes; null for other nodes. */
  private goInside({ node, scope }: Place, original: Node, input: RuleInput): Made | null {
    const body = this.functions.find(node);
    const control = CONTROL_FLOW.get(operatorKey(node));
    if (!body && !control) return null;
    if (scope.depth >= MAX_DEPTH)
      return unknownOutputs(node, `graphs and functions lie more than ${MAX_DEPTH} deep in each other`);
    const keep = (found: readonly InnerScope[]): void => {
      scope.inner.set(original, found);
    };
    const passed = body
      ? this.functions.call(this, { node, scope, body, keep })
      : control?.({ inference: this, node, scope, input, keep });
    if (typeof passed === 'string' || !passed) return unknownOutputs(node, passed ?? 'it can not be followed');
    return { outputs: passed.map((p) => p.value), values: passed.map((p) => p.small) };
  }

  private input(value: ValueInfo): Inferred {
    const { name, type } = value;
    return type?.kind === 'tensor'
      ? inferredTensor(type.dtype || null, type.dims && this.symbols.input(name, type.dims))
      : this.declared(value);
  }
}

const NOTHING_DECLARED: ReadonlyMap<string, ValueInfo> = new Map();

function integersOf(scope: GraphScope): Map<string, readonly (number | null)[]> {
  const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);
  return new Map([...scope.values].map(([name, { values }]) => [name, values.map(numberOf)]));
}

function unknownOutputs(node: Node, reason: string): Made {
  return { outputs: node.outputs.map(() => unknownValue(reason)), values: [] };
}

/** Where a graph inside a node is, for people: `loop/body`. */
function pathOf({ node, scope }: Place, label: string): string {
  return `${scope.path ? `${scope.path}/` : ''}${nodeLabel(node)}/${label}`;
}

/** A node inside a function, with the attributes of the call where it refers to them. */
function withAttributes(node: Node, given: ReadonlyMap<string, Attribute>): Node {
  if (!node.attributes.some((attribute) => attribute.refAttrName)) return node;
  const attributes = node.attributes.flatMap((attribute) => {
    const from = attribute.refAttrName ? given.get(attribute.refAttrName) : attribute;
    return from ? [{ ...from, name: attribute.name }] : [];
  });
  return { ...node, attributes };
}
