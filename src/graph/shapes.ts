import type { Dim, Graph, Model, Node, ValueInfo } from '../onnx/model.ts';
import { EVALUATE, MAX_STEERING, type Integers } from './integers.ts';
import { ELEMENTWISE } from './ops/elementwise.ts';
import { LAYOUT } from './ops/layout.ts';
import { MATRIX } from './ops/matrix.ts';
import { SPATIAL } from './ops/spatial.ts';
import { RuleInput, type ShapeRule } from './shapeRule.ts';

/** Shape rules by operator; other domains as `domain:Operator`. A new operator's rule goes into its family's file in ops/. */
const RULES: Readonly<Record<string, ShapeRule>> = { ...ELEMENTWISE, ...SPATIAL, ...LAYOUT, ...MATRIX };
/** Ranks beyond this are no tensor's. */
const MAX_RANK = 64;

/** Element types of outputs that differ from the first input's. */
const OUTPUT_DTYPES: Readonly<Record<string, number>> = {
  Shape: 7, Size: 7, ArgMax: 7, ArgMin: 7, NonZero: 7, ConvInteger: 6, MatMulInteger: 6, DynamicQuantizeLinear: 2,
  Equal: 9, Greater: 9, GreaterOrEqual: 9, Less: 9, LessOrEqual: 9, Not: 9, And: 9, Or: 9, Xor: 9, IsNaN: 9, IsInf: 9,
};

export interface InferredTensor {
  readonly dims: readonly Dim[] | null;
  readonly dtype: number | null;
  /** Why the shape is not known. */
  readonly reason?: string;
}

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

class Inference {
  private readonly graph: Graph;
  private readonly opset: number;
  private readonly bind: Readonly<Record<string, number>>;
  private readonly tensors = new Map<string, InferredTensor>();
  private readonly integers: Map<string, Integers>;
  private readonly declared = new Map<string, ValueInfo>();
  private readonly contradictions: Contradiction[] = [];

  constructor(model: Model, options: InferOptions) {
    this.graph = model.graph;
    this.opset = Math.max(1, ...model.opsets.filter((o) => o.domain === '').map((o) => o.version));
    this.bind = options.bind ?? {};
    this.integers = new Map(options.constants ?? []);
  }

  run(): Shapes {
    const { graph } = this;
    for (const list of [graph.valueInfo, graph.outputs]) for (const v of list) this.declared.set(v.name, v);
    for (const v of graph.inputs) if (v.type?.kind === 'tensor') this.tensors.set(v.name, { dims: this.bound(v.type.dims), dtype: v.type.dtype });
    for (const t of graph.initializers) this.tensors.set(t.name, { dims: t.dims, dtype: t.dtype });
    for (const t of graph.sparseInitializers) this.tensors.set(t.values.name, { dims: t.dims, dtype: t.values.dtype });
    for (const node of graph.nodes) this.visit(node);
    return { tensors: this.tensors, integers: this.integers, contradictions: this.contradictions };
  }

  private bound(dims: readonly Dim[] | null): readonly Dim[] | null {
    return dims?.map((d) => (typeof d === 'string' && Object.hasOwn(this.bind, d) ? this.bind[d] ?? d : d)) ?? null;
  }

  private visit(node: Node): void {
    const key = node.domain ? `${node.domain}:${node.opType}` : node.opType;
    const input = new RuleInput(node, this.opset, (name) => this.tensors.get(name)?.dims ?? null, (name) => this.integers.get(name) ?? null);
    let shapes: readonly (readonly Dim[] | null)[] = [];
    let reason: string | undefined;
    if (key === 'Constant') shapes = [constantDims(node)];
    else if (Object.hasOwn(RULES, key)) {
      try {
        shapes = RULES[key]?.(input) ?? [];
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        reason = `${node.opType} ${node.name}: ${error.message}`;
      }
    } else reason = `there is no shape rule for ${key} yet`;
    node.outputs.forEach((name, o) => { if (name) this.record(node, name, shapes[o] ?? null, reason, this.dtype(node, key, o)); });
    this.evaluate(node, key, input);
  }

  private record(node: Node, name: string, found: readonly Dim[] | null, reason: string | undefined, dtype: number | null): void {
    const inferred = found && found.length <= MAX_RANK ? found : null;
    const type = this.declared.get(name)?.type;
    const declared = type?.kind === 'tensor' ? this.bound(type.dims) : null;
    if (inferred && declared && contradicts(inferred, declared)) {
      this.contradictions.push({ node: node.name, opType: node.opType, tensor: name, declared, inferred });
    }
    const dims = inferred && declared && inferred.length === declared.length ? inferred.map((d, i) => d ?? declared[i] ?? null) : inferred ?? declared;
    const missing = dims ? undefined : reason ?? 'the shape of one of its inputs is not known';
    this.tensors.set(name, { dims, dtype: dtype ?? (type?.kind === 'tensor' ? type.dtype : null), ...(missing ? { reason: missing } : {}) });
  }

  private dtype(node: Node, key: string, output: number): number | null {
    const of = (i: number): number | null => this.tensors.get(node.inputs[i] ?? '')?.dtype ?? null;
    if (key === 'Constant') return node.attributes.find((a) => a.tensor)?.tensor?.dtype ?? (node.attributes.some((a) => a.name.startsWith('value_int')) ? 7 : 1);
    if (key === 'Cast') return Number(node.attributes.find((a) => a.name === 'to')?.int ?? 0n) || null;
    if (key === 'ConstantOfShape') return node.attributes.find((a) => a.name === 'value')?.tensor?.dtype ?? 1;
    if (key === 'QuantizeLinear') return node.inputs[2] ? of(2) : 2;
    if (key === 'DequantizeLinear') return of(1);
    if (key === 'QLinearConv' || key === 'QLinearMatMul') return of(7);
    if (key === 'Where') return of(1);
    if ((key === 'MaxPool' || key === 'TopK') && output === 1) return 7;
    return OUTPUT_DTYPES[key] ?? (Object.hasOwn(RULES, key) ? of(0) : null);
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

function constantDims(node: Node): readonly Dim[] | null {
  for (const a of node.attributes) {
    if (a.tensor) return a.tensor.dims;
    if (a.sparseTensor) return a.sparseTensor.dims;
    if (a.name === 'value_ints') return [a.ints?.length ?? 0];
    if (a.name === 'value_floats') return [a.floats?.length ?? 0];
    if (a.name === 'value_int' || a.name === 'value_float' || a.name === 'value_string') return [];
  }
  return null;
}
