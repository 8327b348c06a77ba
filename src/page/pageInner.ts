import { dtypeName } from '../tensors/dtypes.ts';
import type { FunctionDef, Graph, Model, Node } from '../formats/onnx/model.ts';
import type { Costs } from '../graph/cost/cost.ts';
import type { ScopeShapes } from '../graph/shapes/scope.ts';
import type { DimText, PageEdge, PageInner, PageValue, PageWeight } from '../protocol/messages.ts';
import { dimText, knownDims, pageNode, pageValue, storedWeights, type DimTexts } from './pageModel.ts';

/** Inner nodes shown in all. A function called everywhere is drawn at every call, so the file's size does not bound them. */
const MAX_NODES = 20_000;
/** Functions may call one another in a circle. */
const MAX_DEPTH = 32;

/** Names as a graph sees them: its own, then those of the graph around it. */
interface Names {
  readonly maker: Map<string, number>;
  readonly dims: DimTexts;
  readonly weights: ReadonlyMap<string, PageWeight>;
  readonly up: Names | null;
}

interface Body {
  readonly owner: Node;
  readonly ownerId: number;
  readonly title: string;
  readonly graph: Graph | FunctionDef;
  readonly around: Names;
  /** What is known of the graph around it. */
  readonly shapes: ScopeShapes | undefined;
  readonly depth: number;
}

/** The node inputs that an inner graph's inputs take, by position: inner input k takes node input k, where k is at least `from`. */
const INPUTS_FROM: Readonly<Record<string, number>> = { Loop: 1, Scan: 0, SequenceMap: 0 };

/** What lies inside nodes, as the page draws it; null when nothing does. Nodes are numbered on from the main graph's, outer graphs first. */
export function pageInner(
  model: Model,
  mainInputs: readonly string[],
  shapes: ScopeShapes,
  weights: ReadonlyMap<string, PageWeight>,
  costs: Costs,
): PageInner | null {
  const functions = new Map(model.functions.map((f) => [callKey(f, f.name), f]));
  const main: Names = {
    maker: makers(model.graph.nodes, 0, mainInputs, 0),
    dims: knownDims(shapes),
    weights,
    up: null,
  };
  const inner: PageInner = { graphs: [], nodes: [], edges: [], left: 0 };
  const waiting: Body[] = [];
  const look = (
    nodes: readonly Node[],
    firstId: number,
    around: Names,
    within: ScopeShapes | undefined,
    depth: number,
  ): void => {
    nodes.forEach((owner, i) => {
      for (const { title, graph } of bodiesOf(owner, functions))
        waiting.push({ owner, ownerId: firstId + i, title, graph, around, shapes: within, depth });
    });
  };
  look(model.graph.nodes, 0, main, shapes, 1);
  let inputs = mainInputs.length;
  for (let at = 0; at < waiting.length; at++) {
    const body = waiting[at]!;
    const { graph } = body;
    if (body.depth > MAX_DEPTH || inner.nodes.length + graph.nodes.length > MAX_NODES) {
      inner.left += graph.nodes.length;
      continue;
    }
    const firstId = model.graph.nodes.length + inner.nodes.length;
    const known = body.shapes?.inner.get(body.owner)?.find((s) => s.body === graph)?.shapes;
    const values = inputValues(graph, known);
    const names = ownNames(body, firstId, values, inputs, known);
    inner.graphs.push({ owner: body.ownerId, title: body.title, inputs: values, nodes: graph.nodes.length });
    connect(body, names, firstId, inputs, inner, costs);
    inputs += values.length;
    look(graph.nodes, firstId, names, known, body.depth + 1);
  }
  return inner.graphs.length > 0 || inner.left > 0 ? inner : null;
}

function callKey({ domain, overload }: { domain: string; overload: string }, name: string): string {
  return JSON.stringify([domain, name, overload]);
}

function bodiesOf(
  node: Node,
  functions: ReadonlyMap<string, FunctionDef>,
): { title: string; graph: Graph | FunctionDef }[] {
  const found: { title: string; graph: Graph | FunctionDef }[] = [];
  for (const a of node.attributes) {
    if (a.graph) found.push({ title: a.name, graph: a.graph });
    a.graphs?.forEach((graph, i) => found.push({ title: `${a.name} ${i + 1}`, graph }));
  }
  const called = functions.get(callKey(node, node.opType));
  if (called) found.push({ title: called.name, graph: called });
  return found;
}

function makers(
  nodes: readonly Node[],
  firstId: number,
  inputs: readonly string[],
  firstInput: number,
): Map<string, number> {
  const maker = new Map<string, number>();
  inputs.forEach((name, i) => maker.set(name, -1 - firstInput - i));
  nodes.forEach((node, i) => {
    for (const output of node.outputs) if (output) maker.set(output, firstId + i);
  });
  return maker;
}

function inputValues(graph: Graph | FunctionDef, known: ScopeShapes | undefined): PageValue[] {
  const values: PageValue[] =
    'initializers' in graph
      ? graph.inputs.map(pageValue)
      : graph.inputs.map((name) => ({ name, dtype: '', dims: null }));
  return values.map((v) => {
    const found = known?.tensors.get(v.name);
    return {
      name: v.name,
      dtype: v.dtype || (found?.dtype ? dtypeName(found.dtype) : ''),
      dims: v.dims ?? found?.dims?.map(dimText) ?? null,
    };
  });
}

/** A function sees its own names only; a subgraph also those around it. */
function ownNames(
  { graph, around }: Body,
  firstId: number,
  values: readonly PageValue[],
  firstInput: number,
  known: ScopeShapes | undefined,
): Names {
  const maker = makers(
    graph.nodes,
    firstId,
    values.map((v) => v.name),
    firstInput,
  );
  const dims = known ? knownDims(known) : new Map<string, DimText[]>();
  if (!('initializers' in graph))
    return {
      maker,
      dims,
      weights: storedWeights({ initializers: [], sparseInitializers: [], nodes: graph.nodes }),
      up: null,
    };
  return { maker, dims, weights: storedWeights(graph), up: around };
}

/** The first scope that knows a name decides, whatever it knows of it. */
function scopeOf(names: Names, name: string): Names | null {
  for (let n: Names | null = names; n; n = n.up) if (n.maker.has(name) || n.weights.has(name)) return n;
  return null;
}

function connect(body: Body, names: Names, firstId: number, firstInput: number, inner: PageInner, costs: Costs): void {
  const { graph, owner, ownerId, around } = body;
  const lookup = {
    weight: (name: string) => scopeOf(names, name)?.weights.get(name),
    dims: (name: string) => (scopeOf(names, name) ?? names).dims.get(name),
  };
  const edge = (from: Names, to: number, tensor: string): PageEdge[] => {
    const scope = tensor ? scopeOf(from, tensor) : null;
    const made = scope?.maker.get(tensor);
    // A stored value has no box of its own.
    return made === undefined || scope!.weights.has(tensor)
      ? []
      : [{ from: made, to, tensor, dims: scope!.dims.get(tensor) ?? null }];
  };
  const start =
    'initializers' in graph
      ? Object.hasOwn(INPUTS_FROM, owner.opType)
        ? (INPUTS_FROM[owner.opType] ?? 0)
        : Infinity
      : 0;
  for (let k = start; k < Math.min(graph.inputs.length, owner.inputs.length); k++)
    inner.edges.push(...edge(around, -1 - firstInput - k, owner.inputs[k]!));
  graph.nodes.forEach((node, i) => {
    inner.nodes.push(pageNode(node, firstId + i, lookup, costs.of(node)));
    for (const tensor of node.inputs) inner.edges.push(...edge(names, firstId + i, tensor));
  });
  for (const output of graph.outputs)
    inner.edges.push(...edge(names, ownerId, typeof output === 'string' ? output : output.name));
}
