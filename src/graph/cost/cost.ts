import { DTYPES, rawBytes, isWeightType } from '../../tensors/dtypes.ts';
import type { Dim, FunctionDef, Graph, Model, Node, SparseTensor, Tensor } from '../../formats/onnx/model.ts';
import { dimAt } from '../sizes/dims.ts';
import { connectionsOf } from '../connections.ts';
import { MACS, type CountedNode } from './macs.ts';
import { nestedGraphs } from '../nested.ts';
import { operatorKey } from '../operatorKey.ts';
import type { ScopeShapes } from '../shapes/scope.ts';
import type { Shapes } from '../shapes/shapes.ts';
import { storedTensors } from '../storedTensors.ts';

/** What one node costs. Nodes with graphs or functions inside include them. */
export interface NodeCost {
  /**
   * Elements of the weights it reads, counted at the first node that reads them: stored tensors of floating-point and quantised types.
   * No weights are the running mean and variance of BatchNormalization, and the scales and zero points of quantisation.
   */
  readonly params: number;
  /**
   * Multiply-adds of convolutions, matrix products and recurrent layers; other operators count none. Of an If, the costlier branch; of a loop,
   * its rounds, or one where their number is not known. null where a size or a counting rule is not known.
   */
  readonly macs: number | null;
  /** Bytes of the tensors it makes, at their own type; null where a size is not known. Tensors inside graphs and functions are in their own nodes. */
  readonly memory: number | null;
}

export interface ModelCost {
  readonly params: number;
  readonly macs: number | null;
  /** Nodes whose multiply-adds are not known. */
  readonly uncounted: number;
  /** Bytes of all tensors that nodes of the main graph make, views too. */
  readonly memory: number | null;
  /**
   * The most bytes alive at once when each node runs as soon as the file's order allows: a tensor lives from the node that makes it (an input from the start) to the last
   * that reads it (an output to the end). Weights are not among them.
   */
  readonly peak: number | null;
}

export interface Costs {
  readonly total: ModelCost;
  /** Of the main graph's nodes and those inside its nodes. */
  of(node: Node): NodeCost;
}

const NOTHING: NodeCost = { params: 0, macs: 0, memory: 0 };
/** Inputs that are no weights, by operator. */
const NOT_WEIGHTS: Readonly<Record<string, readonly number[]>> = {
  BatchNormalization: [3, 4],
  QuantizeLinear: [1, 2],
  DequantizeLinear: [1, 2],
  QLinearConv: [1, 2, 4, 5, 6, 7],
  QLinearMatMul: [1, 2, 4, 5, 6, 7],
};

/** Costs for one image: a name that is the first size of an input is a batch and counts as one where it has no number. */
export function modelCosts(model: Model, shapes: Shapes): Costs {
  const costs = new Map<Node, NodeCost>();
  const batch = new Map<string, number>();
  for (const { name } of model.graph.inputs) {
    const first = shapes.tensors.get(name)?.dims?.[0];
    if (typeof first === 'string') batch.set(first, 1);
  }
  const counting = new Counting(costs, batch);
  const stored = storedTensors(model.graph);
  const { params, macs, uncounted } = counting.nodes(model.graph.nodes, shapes, { own: stored, up: null });
  const memory = addUp(model.graph.nodes.map((n) => costs.get(n)?.memory ?? null));
  const total = {
    params,
    macs,
    uncounted,
    memory,
    peak: peak(model.graph, stored, (name) => counting.bytes(shapes.tensors.get(name))),
  };
  return { total, of: (node) => costs.get(node) ?? NOTHING };
}

/** The weights a graph sees: its own, then those of the graph around it. */
interface Weights {
  readonly own: ReadonlyMap<string, Tensor | SparseTensor>;
  readonly up: Weights | null;
}

interface Sum {
  readonly params: number;
  readonly macs: number | null;
  readonly uncounted: number;
}

class Counting {
  private readonly costs: Map<Node, NodeCost>;
  private readonly batch: ReadonlyMap<string, number>;
  private readonly counted = new Set<Tensor | SparseTensor>();
  private readonly known = new Map<ScopeShapes, Sum>();

  constructor(costs: Map<Node, NodeCost>, batch: ReadonlyMap<string, number>) {
    this.costs = costs;
    this.batch = batch;
  }

  /** Inference bounds how deep graphs and functions lie in each other; what is shared is counted through once, its weights at the first reader. */
  private inside(body: Graph | FunctionDef, shapes: ScopeShapes, around: Weights): Sum {
    const known = this.known.get(shapes);
    if (known) return { ...known, params: 0 };
    const weights = {
      own: storedTensors(
        'initializers' in body ? body : { initializers: [], sparseInitializers: [], nodes: body.nodes },
      ),
      up: 'initializers' in body ? around : null,
    };
    const sum = this.nodes(body.nodes, shapes, weights);
    this.known.set(shapes, sum);
    return sum;
  }

  nodes(nodes: readonly Node[], shapes: ScopeShapes, weights: Weights): Sum {
    const sums = connectionsOf(nodes).order.map((node) => this.node(node, shapes, weights));
    return {
      params: sums.reduce((n, s) => n + s.params, 0),
      macs: addUp(sums.map((s) => s.macs)),
      uncounted: sums.reduce((n, s) => n + s.uncounted, 0),
    };
  }

  private node(node: Node, shapes: ScopeShapes, weights: Weights): Sum {
    let params = this.params(node, weights);
    const dims = (name: string | undefined): readonly Dim[] | null => (name ? dimsIn(name, shapes, weights) : null);
    const inner = shapes.inner.get(node);
    let sum: Omit<Sum, 'params'>;
    if (inner) {
      const parts = inner.map((s) => ({
        ...this.inside(s.body, s.shapes, weights),
        runs: dimAt(s.runs, this.batch) ?? 1,
        either: s.either,
      }));
      params += parts.reduce((n, p) => n + p.params, 0);
      const macs = parts.map((p) => (p.runs === 0 ? 0 : p.macs === null ? null : safe(p.macs * p.runs)));
      sum = {
        macs: parts.some((p) => p.either) ? largest(macs) : addUp(macs),
        uncounted: parts.reduce((n, p) => n + p.uncounted, 0),
      };
    } else {
      const rule = MACS.get(operatorKey(node));
      const macs = rule
        ? this.number(
            rule(this.single({ node, input: (i) => dims(node.inputs[i]), output: (i) => dims(node.outputs[i]) })),
          )
        : 0;
      sum = { macs, uncounted: macs === null ? 1 : 0 };
    }
    const memory =
      node.opType === 'Constant'
        ? 0
        : addUp(node.outputs.filter(Boolean).map((name) => this.bytes(shapes.tensors.get(name))));
    this.costs.set(node, { params, macs: sum.macs, memory });
    return { ...sum, params };
  }

  /** A node whose batch is one wherever it is only a name: expressions may get too long for texts, numbers don't. */
  private single(n: CountedNode): CountedNode {
    const one = (dims: readonly Dim[] | null): readonly Dim[] | null =>
      dims?.map((d) => dimAt(d, this.batch) ?? d) ?? null;
    return { node: n.node, input: (i) => one(n.input(i)), output: (i) => one(n.output(i)) };
  }

  private params(node: Node, weights: Weights): number {
    const skipped = Object.hasOwn(NOT_WEIGHTS, node.opType) ? NOT_WEIGHTS[node.opType] : undefined;
    let params = 0;
    for (let i = 0; i < node.inputs.length; i++) {
      const name = node.inputs[i];
      const t = name && !skipped?.includes(i) ? storedIn(name, weights) : undefined;
      if (!t || this.counted.has(t) || !isWeightType('values' in t ? t.values.dtype : t.dtype)) continue;
      this.counted.add(t);
      params += 'values' in t ? t.values.dims.reduce((n, d) => n * d, 1) : t.dims.reduce((n, d) => n * d, 1);
    }
    return params;
  }

  /** Bytes of a tensor for one image. */
  bytes(t: { readonly dims: readonly Dim[] | null; readonly dtype: number | null } | undefined): number | null {
    const row = t?.dtype ? DTYPES[t.dtype] : undefined;
    if (!row || row.bits === null || !t?.dims) return null;
    const count = t.dims.reduce((n: number, d) => n * (dimAt(d, this.batch) ?? NaN), 1);
    return safe(rawBytes(row, count));
  }

  private number(d: Dim): number | null {
    const n = dimAt(d, this.batch);
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
  return value ? (value.kind === 'tensor' ? value.dims : null) : (storedIn(name, weights)?.dims ?? null);
}

function safe(n: number): number | null {
  return Number.isSafeInteger(n) ? n : null;
}

function addUp(parts: readonly (number | null)[]): number | null {
  return safe(parts.reduce((n: number, p) => n + (p ?? NaN), 0));
}

function largest(parts: readonly (number | null)[]): number | null {
  return parts.includes(null) ? null : Math.max(0, ...(parts as number[]));
}

/** A tensor that lives for a while: its bytes (NaN where they are not known) and the last node that reads it, -1 when none does. */
interface Living {
  readonly size: number;
  last: number;
  alive: boolean;
}

/** Walks the nodes as they run, with what is alive. */
function peak(
  graph: Graph,
  stored: ReadonlyMap<string, unknown>,
  bytes: (name: string) => number | null,
): number | null {
  const values = new Map<string, Living>();
  const add = (name: string): void => {
    if (name && !values.has(name) && !stored.has(name))
      values.set(name, { size: bytes(name) ?? NaN, last: -1, alive: false });
  };
  const read = (name: string, at: number): void => {
    const value = values.get(name);
    if (value) value.last = at;
  };
  for (const v of graph.inputs) add(v.name);
  const { order } = connectionsOf(graph.nodes);
  for (const node of order) if (node.opType !== 'Constant') for (const name of node.outputs) add(name);
  const reads = order.map(readBy);
  reads.forEach((names, i) => {
    for (const name of names) read(name, i);
  });
  for (const o of graph.outputs) read(o.name, order.length);
  let [now, most] = [0, 0];
  const live = (value: Living | undefined, alive: boolean): void => {
    if (!value || value.alive === alive) return;
    value.alive = alive;
    now += alive ? value.size : -value.size;
  };
  for (const v of graph.inputs) live(values.get(v.name), true);
  for (const [i, node] of order.entries()) {
    const made = node.outputs.map((name) => values.get(name));
    if (node.opType !== 'Constant') for (const value of made) live(value, true);
    if (now > most) most = now;
    for (const name of reads[i] ?? []) {
      const value = values.get(name);
      if (value?.last === i) live(value, false);
    }
    for (const value of made) if (value?.last === -1) live(value, false);
  }
  return safe(Number.isNaN(now) ? NaN : most);
}

/** What a node reads, with what the graphs inside it read. */
function readBy(node: Node): readonly string[] {
  const inside = node.attributes.some((a) => a.graph || a.graphs) ? nestedGraphs(node) : [];
  return inside.length
    ? [...node.inputs, ...inside.flatMap((g) => [...g.nodes.flatMap((n) => n.inputs), ...g.outputs.map((o) => o.name)])]
    : node.inputs;
}
