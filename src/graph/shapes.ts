import type { Dim, Graph, Model, Node, ValueInfo } from '../onnx/model.ts';
import { EVALUATE, MAX_STEERING, type Integers } from './integers.ts';
import { fromDeclared, inferredTensor, unknownValue, type Inferred, type InferredHolder, type InferredTensor } from './inferred.ts';
import { applyRule, operatorKey } from './ops/table.ts';
import { RuleInput, type Scope } from './shapeRule.ts';

/** A place where the file says another shape than follows from its inputs. */
export interface Contradiction {
  readonly node: string;
  readonly opType: string;
  readonly tensor: string;
  readonly declared: readonly Dim[];
  readonly inferred: readonly Dim[];
}

export interface Shapes {
  readonly tensors: ReadonlyMap<string, InferredTensor>;
  /** Sequences, optionals, maps and sparse tensors. */
  readonly others: ReadonlyMap<string, InferredHolder>;
  readonly integers: ReadonlyMap<string, Integers>;
  readonly contradictions: readonly Contradiction[];
}

export interface InferOptions {
  /** Small constant integer tensors by name, read before. */
  readonly constants?: ReadonlyMap<string, Integers>;
  /** Sizes for symbols, such as batch = 1. */
  readonly bind?: Readonly<Record<string, number>>;
}

/** Infers the shape and element type of every tensor of the main graph, in one pass over its nodes in file order. */
export function inferShapes(model: Model, options: InferOptions = {}): Shapes {
  return new Inference(model, options).run();
}

class Inference implements Scope {
  private readonly graph: Graph;
  private readonly opsets: ReadonlyMap<string, number>;
  private readonly bind: Readonly<Record<string, number>>;
  private readonly tensors = new Map<string, InferredTensor>();
  private readonly others = new Map<string, InferredHolder>();
  private readonly integers: Map<string, Integers>;
  private readonly declared = new Map<string, ValueInfo>();
  private readonly contradictions: Contradiction[] = [];

  constructor(model: Model, options: InferOptions) {
    this.graph = model.graph;
    const opsets = new Map<string, number>();
    for (const { domain, version } of model.opsets) opsets.set(domain, Math.max(1, version, opsets.get(domain) ?? 1));
    this.opsets = opsets;
    this.bind = options.bind ?? {};
    this.integers = new Map(options.constants ?? []);
  }

  run(): Shapes {
    const { graph } = this;
    for (const list of [graph.valueInfo, graph.outputs]) for (const v of list) this.declared.set(v.name, v);
    for (const v of graph.inputs) if (v.type) this.put(v.name, fromDeclared(v.type, (dims) => this.bound(dims)));
    for (const t of graph.initializers) this.put(t.name, inferredTensor(t.dtype, t.dims));
    for (const t of graph.sparseInitializers) this.put(t.values.name, inferredTensor(t.values.dtype, t.dims));
    for (const node of graph.nodes) this.visit(node);
    return { tensors: this.tensors, others: this.others, integers: this.integers, contradictions: this.contradictions };
  }

  inferred(name: string): Inferred | null {
    return this.tensors.get(name) ?? this.others.get(name) ?? null;
  }

  numbers(name: string): Integers | null {
    return this.integers.get(name) ?? null;
  }

  private put(name: string, value: Inferred): void {
    if (value.kind === 'tensor') this.tensors.set(name, value);
    else this.others.set(name, value);
  }

  private bound(dims: readonly Dim[] | null): readonly Dim[] | null {
    return dims?.map((d) => (typeof d === 'string' && Object.hasOwn(this.bind, d) ? this.bind[d] ?? d : d)) ?? null;
  }

  private visit(node: Node): void {
    const input = new RuleInput(node, this.opsets.get(node.domain) ?? 1, this);
    const { outputs } = applyRule(input);
    node.outputs.forEach((name, o) => { if (name) this.record(node, name, outputs[o] ?? unknownValue()); });
    this.evaluate(node, operatorKey(node), input);
  }

  private record(node: Node, name: string, inferred: Inferred): void {
    const type = this.declared.get(name)?.type;
    if (inferred.kind !== 'tensor' || type?.kind === 'other') {
      const said = type?.kind === 'other' && inferred.kind === 'tensor' ? fromDeclared(type, (dims) => this.bound(dims)) : inferred;
      this.put(name, said);
      return;
    }
    const declared = type ? this.bound(type.dims) : null;
    if (inferred.dims && declared && contradicts(inferred.dims, declared)) {
      this.contradictions.push({ node: node.name, opType: node.opType, tensor: name, declared, inferred: inferred.dims });
    }
    const dims = inferred.dims && declared && inferred.dims.length === declared.length ? inferred.dims.map((d, i) => d ?? declared[i] ?? null) : inferred.dims ?? declared;
    const missing = dims ? undefined : inferred.reason ?? 'the shape of one of its inputs is not known';
    this.tensors.set(name, inferredTensor((inferred.dtype ?? type?.dtype) || null, dims, missing));
  }

  private evaluate(node: Node, key: string, input: RuleInput): void {
    const output = node.outputs[0];
    const rule = Object.hasOwn(EVALUATE, key) ? EVALUATE[key] : undefined;
    if (!output || !rule || this.integers.has(output)) return;
    const value = rule(input, node.inputs.map((name) => this.integers.get(name) ?? null));
    if (value && value.length <= MAX_STEERING) this.integers.set(output, value);
  }
}

function contradicts(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length !== b.length || a.some((d, i) => typeof d === 'number' && typeof b[i] === 'number' && d !== b[i]);
}
