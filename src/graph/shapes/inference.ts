import { dtypeName } from '../../tensors/dtypes.ts';
import { isConstant } from '../../formats/onnx/attributes.ts';
import type { Attribute, Dim, FunctionDef, Graph, Model, Node, Tensor, ValueInfo } from '../../formats/onnx/model.ts';
import { connectionsOf } from '../connections.ts';
import { CONTROL_FLOW } from './controlFlow.ts';
import { shownDim } from '../sizes/dims.ts';
import { fromDeclared, inferredTensor, unknownValue, type Inferred, type InferredTensor } from './inferred.ts';
import { Functions } from './functions.ts';
import { isBlank } from './join.ts';
import { operatorKey } from '../operatorKey.ts';
import { applyRule } from '../ops/table.ts';
import { GraphScope, nodeLabel, opsetsOf, type InnerScope, type Passed } from './graphScope.ts';
import { RuleInput } from './shapeRule.ts';
import type { Contradiction, InferOptions, Shapes } from './shapes.ts';
import type { SteeringConstants } from './steering.ts';
import { Symbols, type SymbolMark } from './symbols.ts';
import { EVALUATE } from '../values/evaluate.ts';
import { isSmall, MAX_ENTRIES, small, vector, type Reading, type SmallTensor } from '../values/smallTensor.ts';

/** Subgraphs and functions inside each other; the scan takes 32 subgraphs, each of which may call. */
const MAX_DEPTH = 64;
/** Loops and functions may visit this many nodes besides each node once. */
const MAX_VISITS = 100_000;
const TOO_MUCH = `its loops and functions unfold to more than ${MAX_VISITS.toLocaleString('en')} nodes`;

/** What inference has done so far, to go back to. */
interface Mark {
  readonly symbols: SymbolMark;
  readonly contradictions: number;
}

/** A node, and the graph or function it stands in. */
interface Place {
  readonly node: Node;
  readonly scope: GraphScope;
}

/**
 * A node whose outputs are being settled; `named` holds dims whose open sizes have got names, so that outputs that
 * share them agree.
 */
interface Settling extends Place {
  readonly named: Map<readonly Dim[], readonly Dim[]>;
}

/** Dims of an output, of which some may be open. */
interface OpenDims {
  /** The output's name. */
  readonly name: string;
  readonly dims: readonly Dim[];
  /** What the file declares. */
  readonly declared: readonly Dim[] | null;
  /** Why a size is open, where a rule says so. */
  readonly reason: string | undefined;
}

export class Inference {
  readonly symbols: Symbols;
  private readonly model: Model;
  private readonly constants: SteeringConstants;
  private readonly contradictions: Contradiction[] = [];
  private readonly functions: Functions;
  private visits = 0;

  constructor(model: Model, options: InferOptions) {
    this.model = model;
    this.constants = options.constants ?? new Map<Tensor, SmallTensor>();
    this.symbols = new Symbols(model, options.bind ?? {});
    this.functions = new Functions(model);
  }

  run(): Shapes {
    const { graph } = this.model;
    const scope = GraphScope.main(opsetsOf(this.model.opsets));
    this.visits = -graph.nodes.length;
    const stored = new Set(graph.initializers.map((initializer) => initializer.name));
    for (const input of graph.inputs)
      if (input.type && !stored.has(input.name)) scope.put(input.name, { value: this.input(input), small: null });
    this.fill(graph, scope);
    const integers = new Map<string, readonly (number | null)[]>();
    for (const [name, { values }] of scope.values)
      integers.set(
        name,
        values.map((value) => (typeof value === 'number' ? value : null)),
      );
    return {
      tensors: scope.tensors,
      others: scope.others,
      inner: scope.inner,
      inferred: (name) => scope.inferred(name),
      sizes: [...this.symbols.sizes],
      unused: this.symbols.unused,
      integers,
      contradictions: this.contradictions,
      symbols: this.symbols.reasons,
    };
  }

  /** What a declared type says, numbers in the place of bound names. */
  declared(info: ValueInfo): Inferred {
    return info.type
      ? fromDeclared(info.type, (dims) => dims?.map((dim) => this.symbols.declared(dim)) ?? null)
      : unknownValue();
  }

  mark(): Mark {
    return { symbols: this.symbols.mark(), contradictions: this.contradictions.length };
  }

  restore(mark: Mark): void {
    this.symbols.restore(mark.symbols);
    this.contradictions.length = mark.contradictions;
  }

  /** Goes inside a graph of a node with these inputs. Declared types fill what they leave open. */
  inside(graph: Graph, place: Place, label: string, inputs: readonly Passed[]): GraphScope {
    const scope = place.scope.subgraph(pathOf(place, label));
    graph.inputs.forEach((input, i) => {
      const given = inputs[i];
      const declared = input.type ? this.declared(input) : null;
      scope.put(
        input.name,
        given && !isBlank(given.value)
          ? given
          : { value: declared ?? given?.value ?? unknownValue('its graph gets no such input'), small: null },
      );
    });
    this.fill(graph, scope);
    return scope;
  }

  /** Goes inside a function that a node calls. */
  call(body: FunctionDef, place: Place, inputs: readonly (Passed | null)[]): GraphScope {
    const given = [...body.attributes, ...place.node.attributes];
    const attributes = new Map(given.map((attribute): [string, Attribute] => [attribute.name, attribute]));
    const scope = place.scope.call(pathOf(place, body.name), opsetsOf(body.opsets), attributes);
    body.inputs.forEach((name, i) => {
      if (name && inputs[i]) scope.put(name, inputs[i]);
    });
    for (const inner of connectionsOf(body.nodes).order) this.visit(inner, scope, EMPTY);
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
      scope.put(tensor.name, { value, small: this.constants.get(tensor) ?? null });
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
    const input = new RuleInput(node, scope.opsets.get(node.domain) ?? 1, scope);
    const inner = this.goInside(node, original, input, scope);
    const { outputs, contradiction } = inner ?? applyRule(input);
    if (contradiction !== undefined)
      this.contradict({ node, scope }, node.outputs[0] ?? '', { message: contradiction });
    const settling: Settling = { node, scope, named: new Map() };
    node.outputs.forEach((name, o) => {
      if (!name) return;
      const value = this.settled(settling, name, outputs[o] ?? unknownValue(), declared.get(name));
      scope.put(name, { value, small: null });
    });
    const values = inner ? inner.values : this.evaluate(node, input, scope);
    node.outputs.forEach((name, o) => {
      if (name && values[o]) scope.values.set(name, values[o]);
    });
  }

  private goInside(
    node: Node,
    original: Node,
    input: RuleInput,
    scope: GraphScope,
  ): { outputs: Inferred[]; values: readonly (SmallTensor | null)[]; contradiction?: undefined } | null {
    const key = operatorKey(node);
    const body = this.functions.find(node);
    const control = CONTROL_FLOW.get(key);
    if (!body && !control) return null;
    if (scope.depth >= MAX_DEPTH)
      return this.blank(node, `graphs and functions lie more than ${MAX_DEPTH} deep in each other`);
    const keep = (found: readonly InnerScope[]): void => {
      scope.inner.set(original, found);
    };
    const passed = body
      ? this.functions.call(this, { node, scope, body, keep })
      : control?.({ inference: this, node, scope, input, keep });
    if (typeof passed === 'string' || !passed) return this.blank(node, passed ?? 'it can not be followed');
    return { outputs: passed.map((p) => p.value), values: passed.map((p) => p.small) };
  }

  private blank(node: Node, reason: string): { outputs: Inferred[]; values: [] } {
    return { outputs: node.outputs.map(() => unknownValue(reason)), values: [] };
  }

  /** What follows and what the file declares, together; sizes that neither says get a name. */
  private settled(settling: Settling, name: string, found: Inferred, info: ValueInfo | undefined): Inferred {
    const said = this.saidOf(info);
    if (found.kind !== 'tensor') return found;
    if (said && said.kind !== 'tensor') return isBlank(found) ? said : found;
    if (said) this.check(settling, name, found, said);
    const dtype = (found.dtype ?? said?.dtype) || null;
    const dims = found.dims ?? said?.dims ?? null;
    if (!dims) return inferredTensor(dtype, null, found.reason ?? 'the shape of one of its inputs is not known');
    const whole = this.allNamed(settling, { name, dims, declared: said?.dims ?? null, reason: found.reason });
    const isAsFound = whole === found.dims && dtype === found.dtype && !found.reason;
    return isAsFound ? found : inferredTensor(dtype, whole);
  }

  private saidOf(info: ValueInfo | undefined): Inferred | null {
    return info?.type ? this.declared(info) : null;
  }

  /** The dims themselves where no size is open; an open one is what the file declares, or gets a name. */
  private allNamed({ node, named }: Settling, { name, dims, declared: said, reason }: OpenDims): readonly Dim[] {
    const declared = said?.length === dims.length ? said : null;
    const isOpen = (dim: Dim, axis: number): boolean => {
      if (typeof dim !== 'string') return dim === null;
      return typeof declared?.[axis] === 'number' && this.symbols.reasons.has(dim);
    };
    if (!dims.some(isOpen)) return dims;
    const before = declared ? undefined : named.get(dims);
    if (before) return before;
    const whole = dims.map((dim, axis) =>
      isOpen(dim, axis) ? (declared?.[axis] ?? this.named(node, name, axis, reason)) : dim,
    );
    named.set(dims, whole);
    return whole;
  }

  private named(node: Node, tensor: string, axis: number, reason = 'it is decided while the model runs'): Dim {
    return this.symbols.fresh(
      stemOf(node),
      `size ${axis} of \`${tensor}\`, which ${node.opType} ${nodeLabel(node)} gives: ${reason}`,
    );
  }

  private check(place: Place, tensor: string, found: InferredTensor, said: InferredTensor): void {
    const follows = (declared: string, inferred: string): string =>
      `\`${tensor}\` is declared ${declared}, but follows as ${inferred}`;
    if (found.dims && said.dims && contradicts(found.dims, said.dims)) {
      const message = follows(dimsText(said.dims), dimsText(found.dims));
      this.contradict(place, tensor, { message, declared: said.dims, inferred: found.dims });
    } else if (found.dtype && said.dtype && found.dtype !== said.dtype) {
      this.contradict(place, tensor, { message: follows(dtypeName(said.dtype), dtypeName(found.dtype)) });
    }
  }

  private contradict(
    { node, scope }: Place,
    tensor: string,
    said: Pick<Contradiction, 'message' | 'declared' | 'inferred'>,
  ): void {
    this.contradictions.push({ scope: scope.path, node: node.name, opType: node.opType, tensor, ...said });
  }

  private input(value: ValueInfo): Inferred {
    const { name, type } = value;
    return type?.kind === 'tensor'
      ? inferredTensor(type.dtype || null, type.dims && this.symbols.input(name, type.dims))
      : this.declared(value);
  }

  private evaluate(node: Node, input: RuleInput, scope: GraphScope): readonly (SmallTensor | null)[] {
    if (node.domain !== '') return [];
    if (isConstant(node)) return [this.constant(node)];
    if (node.opType === 'ConstantOfShape' && node.outputs[0]) {
      const fill = input.attribute('value')?.tensor ? this.stored(input.attribute('value')?.tensor)?.values[0] : 0;
      if (typeof fill === 'number') scope.fills.set(node.outputs[0], fill);
    }
    const rule = Object.hasOwn(EVALUATE, node.opType) ? EVALUATE[node.opType] : undefined;
    if (!rule) return [];
    const dims = (o: number): readonly Dim[] | null => scope.tensors.get(node.outputs[o] ?? '')?.dims ?? null;
    if (!node.outputs.some((_, o) => isSmall(dims(o)))) return [];
    const reading: Reading = {
      rule: input,
      small: (i) => (node.inputs[i] ? scope.small(node.inputs[i]) : null),
      attribute: (name) => this.stored(input.attribute(name)?.tensor),
      out: (o) => {
        const d = dims(o);
        return isSmall(d) ? d : null;
      },
      outDtype: (o) => scope.tensors.get(node.outputs[o] ?? '')?.dtype ?? null,
    };
    try {
      return rule(reading).map((value, o) => (value && dims(o)?.join() === value.dims.join() ? value : null));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return [];
    }
  }

  private stored(tensor: Tensor | undefined): SmallTensor | null {
    return (tensor && this.constants.get(tensor)) ?? null;
  }

  private constant(node: Node): SmallTensor | null {
    for (const { name, tensor, int, ints, float, floats } of node.attributes) {
      if (tensor) return this.stored(tensor);
      if (name === 'value_int' && int !== undefined) return small([], [Number(int)]);
      if (name === 'value_float' && float !== undefined) return small([], [float]);
      if (name === 'value_ints' && ints && ints.length <= MAX_ENTRIES) return vector(ints.map(Number));
      if (name === 'value_floats' && floats && floats.length <= MAX_ENTRIES) return vector(floats);
    }
    return null;
  }
}

const EMPTY: ReadonlyMap<string, ValueInfo> = new Map();

function pathOf({ node, scope }: Place, label: string): string {
  return `${scope.path ? `${scope.path}/` : ''}${nodeLabel(node)}/${label}`;
}

function stemOf(node: Node): string {
  return node.opType === 'NonMaxSuppression' ? 'nms' : node.opType.toLowerCase();
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

function contradicts(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length !== b.length || a.some((d, i) => typeof d === 'number' && typeof b[i] === 'number' && d !== b[i]);
}

function dimsText(dims: readonly Dim[]): string {
  return `[${dims.map((dim) => shownDim(dim) ?? '?').join(', ')}]`;
}
