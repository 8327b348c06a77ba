import { DTYPES, rawBytes, isWeightType } from '../../tensors/dtypes.ts';
import { isConstant } from '../../formats/onnx/attributes.ts';
import type { Dim, FunctionDef, Graph, Model, Node, SparseTensor, Tensor } from '../../formats/onnx/model.ts';
import { dimAt } from '../sizes/dims.ts';
import { connectionsOf } from '../connections.ts';
import { MACS, NOT_COUNTED } from './macs.ts';
import { peakBytes } from './peak.ts';
import { calledFunction, operatorKey } from '../operatorKey.ts';
import { RULES } from '../ops/table.ts';
import { CONTROL_FLOW } from '../shapes/controlFlow.ts';
import type { InnerScope, ScopeShapes } from '../shapes/graphScope.ts';
import { storedTensors } from '../storedTensors.ts';
import { product } from '../../tensors/dims.ts';
import type { Shapes } from '../shapes/inferredShapes.ts';

/** What one node costs. Nodes with graphs or functions inside include them. */
export interface NodeCost {
  /**
   * Elements of the weights it reads, counted at the first node that reads them: stored tensors of floating-point and
   * quantised types. No weights are the running mean and variance of BatchNormalization, and the scales and zero points
   * of quantisation.
   */
  readonly params: number;
  /**
   * Multiply-adds of convolutions, matrix products and recurrent layers; other operators count none. Of an If, the
   * costlier branch; of a loop, its rounds, or one where their number is not known. null where a size or a counting
   * rule is not known.
   */
  readonly macs: number | null;
  /**
   * Bytes of the tensors it makes, at their own type; null where a size is not known. Tensors inside graphs and
   * functions are in their own nodes.
   */
  readonly memory: number | null;
}

export interface ModelCost {
  readonly params: number;
  /**
   * What nodes of known operators multiply; null where one of them is not known, and where the model has unknown
   * operators and no others that multiply.
   */
  readonly macs: number | null;
  /**
   * Nodes whose multiply-adds are not known because sizes are not, or because what lies inside them can't be followed.
   */
  readonly uncounted: number;
  /**
   * Operators of which nothing is known or which multiply in ways that have no rule, by their keys. What they multiply
   * is in no number.
   */
  readonly unknownOperators: readonly string[];
  /** Bytes of all tensors that nodes of the main graph make, views too. */
  readonly memory: number | null;
  /**
   * The most bytes alive at once when each node runs as soon as the file's order allows: a tensor lives from the node
   * that makes it (an input from the start) to the last that reads it (an output to the end). Weights are not among
   * them.
   */
  readonly peak: number | null;
}

export interface Costs {
  readonly total: ModelCost;
  /** Of the main graph's nodes and those inside its nodes. */
  of(node: Node): NodeCost;
}

const NONE: Work = { macs: 0, uncounted: 0 };
const NOT_KNOWN: Work = { macs: null, uncounted: 1 };
const NOTHING: NodeCost = { params: 0, macs: 0, memory: 0 };
/** Inputs that are no weights, by operator. */
const NOT_WEIGHTS: Readonly<Record<string, readonly number[]>> = {
  BatchNormalization: [3, 4],
  QuantizeLinear: [1, 2],
  DequantizeLinear: [1, 2],
  QLinearConv: [1, 2, 4, 5, 6, 7],
  QLinearMatMul: [1, 2, 4, 5, 6, 7],
};

/**
 * Costs for one image: a name that is the first size of an input, and no other size of one, is a batch and counts as
 * one where it has no number.
 */
export function modelCosts(model: Model, shapes: Shapes): Costs {
  const { graph } = model;
  const counting = new Counting(model.functions, batchOfOne(graph, shapes));
  const stored = storedTensors(graph);
  const { params, macs, uncounted } = counting.nodes(graph.nodes, shapes, { own: stored, up: null });
  const unknownOperators = [...counting.unknownOperators];
  const nothingKnown = macs === 0 && unknownOperators.length > 0;
  const bytes = (name: string): number | null => counting.bytes(shapes.tensors.get(name));
  return {
    total: {
      params,
      macs: nothingKnown ? null : macs,
      uncounted,
      unknownOperators,
      memory: addUp(graph.nodes.map((node) => counting.costs.get(node)?.memory ?? null)),
      peak: safe(peakBytes(graph, stored, bytes)),
    },
    of: (node) => counting.costs.get(node) ?? NOTHING,
  };
}

/**
 * Names of batch sizes, each with the number one. A name that stands for other sizes too, such as the `None` of some
 * exporters, is no batch.
 */
function batchOfOne(graph: Graph, shapes: Shapes): Map<string, number> {
  const dims = graph.inputs.map(({ name }) => shapes.tensors.get(name)?.dims ?? []);
  const others = new Set(dims.flatMap((list) => list.slice(1)));
  const firsts = dims.flatMap((list) => list[0] ?? []);
  const names = firsts.filter((dim): dim is string => typeof dim === 'string' && !others.has(dim));
  return new Map(names.map((name) => [name, 1]));
}

/** The weights a graph sees: its own, then those of the graph around it. */
interface Weights {
  readonly own: ReadonlyMap<string, Tensor | SparseTensor>;
  readonly up: Weights | null;
}

/** Multiply-adds of one node or of several, and how many nodes are not in them. */
interface Work {
  readonly macs: number | null;
  readonly uncounted: number;
  /** Nothing is known of the operator: it adds nothing to sums, and for itself it says so. */
  readonly isUnknown?: true;
}

interface Sum extends Work {
  readonly params: number;
}

class Counting {
  readonly costs = new Map<Node, NodeCost>();
  readonly unknownOperators = new Set<string>();
  private readonly functions: readonly FunctionDef[];
  private readonly batch: ReadonlyMap<string, number>;
  private readonly counted = new Set<Tensor | SparseTensor>();
  private readonly known = new Map<ScopeShapes, Sum>();

  constructor(functions: readonly FunctionDef[], batch: ReadonlyMap<string, number>) {
    this.functions = functions;
    this.batch = batch;
  }

  nodes(nodes: readonly Node[], shapes: ScopeShapes, weights: Weights): Sum {
    const sums = connectionsOf(nodes).order.map((node) => this.node(node, shapes, weights));
    return {
      params: sums.reduce((total, sum) => total + sum.params, 0),
      macs: addUp(sums.map((sum) => sum.macs)),
      uncounted: sums.reduce((total, sum) => total + sum.uncounted, 0),
    };
  }

  private node(node: Node, shapes: ScopeShapes, weights: Weights): Sum {
    const own = this.params(node, weights);
    const inner = shapes.inner.get(node);
    const sum = inner ? this.insides(inner, weights) : { ...this.work(node, shapes, weights), params: 0 };
    const made = isConstant(node) ? [] : node.outputs.filter(Boolean);
    const memory = addUp(made.map((name) => this.bytes(shapes.tensors.get(name))));
    const params = own + sum.params;
    this.costs.set(node, { params, macs: sum.isUnknown ? null : sum.macs, memory });
    return { macs: sum.macs, uncounted: sum.uncounted, params };
  }

  /** The graphs and functions inside a node: of several of which one runs, the costlier; of a loop, its rounds. */
  private insides(inner: readonly InnerScope[], weights: Weights): Sum {
    const parts = inner.map((scope) => this.inside(scope, weights));
    const macs = parts.map((part, i) => this.repeated(part.macs, inner[i]?.runs ?? null));
    return {
      params: parts.reduce((total, part) => total + part.params, 0),
      macs: inner.some((scope) => scope.either) ? largest(macs) : addUp(macs),
      uncounted: parts.reduce((total, part) => total + part.uncounted, 0),
    };
  }

  /**
   * Inference bounds how deep graphs and functions lie in each other; what is shared is counted through once, its
   * weights at the first reader.
   */
  private inside({ body, shapes }: InnerScope, around: Weights): Sum {
    const known = this.known.get(shapes);
    if (known) return { ...known, params: 0 };
    const isGraph = 'initializers' in body;
    const holder = isGraph ? body : { initializers: [], sparseInitializers: [], nodes: body.nodes };
    const sum = this.nodes(body.nodes, shapes, { own: storedTensors(holder), up: isGraph ? around : null });
    this.known.set(shapes, sum);
    return sum;
  }

  /** One round where their number is not known. */
  private repeated(macs: number | null, runs: Dim): number | null {
    const times = dimAt(runs, this.batch) ?? 1;
    if (times === 0) return 0;
    return macs === null ? null : safe(macs * times);
  }

  private work(node: Node, shapes: ScopeShapes, weights: Weights): Work {
    const key = operatorKey(node);
    const isEntered = CONTROL_FLOW.has(key) || calledFunction(this.functions, node) !== null;
    if (isEntered) return NOT_KNOWN;
    const rule = MACS.get(key);
    if (!rule) return this.withoutRule(key);
    const dims = (name: string | undefined): readonly Dim[] | null => (name ? dimsIn(name, shapes, weights) : null);
    const macs = this.number(
      rule({
        node,
        input: (i) => this.single(dims(node.inputs[i])),
        output: (i) => this.single(dims(node.outputs[i])),
      }),
    );
    return macs === null ? NOT_KNOWN : { macs, uncounted: 0 };
  }

  private withoutRule(key: string): Work {
    const multiplies = NOT_COUNTED.has(key);
    if (!multiplies && RULES.has(key)) return NONE;
    this.unknownOperators.add(key);
    return multiplies ? { macs: null, uncounted: 0 } : { macs: 0, uncounted: 0, isUnknown: true };
  }

  /** Dims whose batch is one wherever it is only a name: expressions may get too long for texts, numbers don't. */
  private single(dims: readonly Dim[] | null): readonly Dim[] | null {
    return dims?.map((dim) => dimAt(dim, this.batch) ?? dim) ?? null;
  }

  private params(node: Node, weights: Weights): number {
    const skipped = Object.hasOwn(NOT_WEIGHTS, node.opType) ? NOT_WEIGHTS[node.opType] : undefined;
    let params = 0;
    for (const [i, name] of node.inputs.entries()) {
      const tensor = name && !skipped?.includes(i) ? storedIn(name, weights) : undefined;
      if (!tensor || this.counted.has(tensor)) continue;
      const { dtype, dims } = 'values' in tensor ? tensor.values : tensor;
      if (!isWeightType(dtype)) continue;
      this.counted.add(tensor);
      params += product(dims);
    }
    return params;
  }

  /** Bytes of a tensor for one image. */
  bytes(t: { readonly dims: readonly Dim[] | null; readonly dtype: number | null } | undefined): number | null {
    const row = t?.dtype ? DTYPES[t.dtype] : undefined;
    if (!row || row.bits === null || !t?.dims) return null;
    const count = t.dims.reduce((total: number, dim) => total * (dimAt(dim, this.batch) ?? NaN), 1);
    return safe(rawBytes(row, count));
  }

  private number(dim: Dim): number | null {
    const n = dimAt(dim, this.batch);
    return n === null ? null : safe(n);
  }
}

function storedIn(name: string, weights: Weights): Tensor | SparseTensor | undefined {
  for (let at: Weights | null = weights; at; at = at.up) {
    const found = at.own.get(name);
    if (found) return found;
  }
  return undefined;
}

function dimsIn(name: string, shapes: ScopeShapes, weights: Weights): readonly Dim[] | null {
  const value = shapes.inferred(name);
  if (!value) return storedIn(name, weights)?.dims ?? null;
  return value.kind === 'tensor' ? value.dims : null;
}

function safe(n: number): number | null {
  return Number.isSafeInteger(n) ? n : null;
}

function addUp(parts: readonly (number | null)[]): number | null {
  return safe(parts.reduce((total: number, part) => total + (part ?? NaN), 0));
}

function largest(parts: readonly (number | null)[]): number | null {
  return parts.includes(null) ? null : Math.max(0, ...(parts as number[]));
}
