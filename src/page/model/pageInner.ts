import type { FunctionDef, Graph, Model, Node } from '../../formats/onnx/model.ts';
import { connectionsOf } from '../../graph/connections.ts';
import type { Costs } from '../../graph/cost/cost.ts';
import { calledFunction } from '../../graph/operatorKey.ts';
import type { ScopeShapes } from '../../graph/shapes/graphScope.ts';
import type { DimText, PageEdge, PageInner, PageValue, PageWeight } from '../../protocol/pageModel.ts';
import { dtypeName } from '../../tensors/dtypes.ts';
import { pageNode, type Lookup } from './pageNode.ts';
import { dimText, knownDims, pageValue, storedWeights, type DimTexts } from './pageValue.ts';
import { constantsByName, type SmallConstants } from './smallConstants.ts';

/**
 * Inner nodes shown in all. A function called everywhere is drawn at every call, so the file's size does not bound
 * them.
 */
const MAX_NODES = 20_000;
/** Functions may call one another in a circle. */
const MAX_DEPTH = 32;

/** Names as a graph sees them: its own, then those of the graph around it. */
interface Names {
  readonly maker: ReadonlyMap<string, number>;
  readonly dims: DimTexts;
  readonly weights: ReadonlyMap<string, PageWeight>;
  readonly values: ReadonlyMap<string, string>;
  readonly up: Names | null;
}

/** What is known of the main graph, which what lies inside its nodes may read. */
export interface MainGraph {
  /** Names of its inputs that are no weights. */
  readonly inputs: readonly string[];
  readonly shapes: ScopeShapes;
  readonly weights: ReadonlyMap<string, PageWeight>;
  readonly costs: Costs;
  readonly constants: SmallConstants;
  readonly formal: Lookup['formal'];
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

/**
 * The node inputs that an inner graph's inputs take, by position: inner input k takes node input k, where k is at least
 * `from`.
 */
const INPUTS_FROM: Readonly<Record<string, number>> = { Loop: 1, Scan: 0, SequenceMap: 0 };

/**
 * What lies inside nodes, as the page draws it; null when nothing does. Nodes are numbered on from the main graph's,
 * outer graphs first.
 */
export function pageInner(model: Model, outer: MainGraph): PageInner | null {
  const { shapes, weights, constants } = outer;
  const mainInputs = outer.inputs;
  const main: Names = {
    maker: makers(model.graph.nodes, 0, mainInputs, 0),
    dims: knownDims(shapes),
    weights,
    values: constantsByName(model.graph, constants),
    up: null,
  };
  const inner: PageInner = { graphs: [], nodes: [], edges: [], left: 0 };
  const waiting: Body[] = [];
  const look = (nodes: readonly Node[], place: Pick<Body, 'ownerId' | 'around' | 'shapes' | 'depth'>): void => {
    nodes.forEach((owner, i) => {
      for (const { title, graph } of bodiesOf(owner, model.functions))
        waiting.push({ ...place, owner, ownerId: place.ownerId + i, title, graph });
    });
  };
  look(model.graph.nodes, { ownerId: 0, around: main, shapes, depth: 1 });
  let inputs = mainInputs.length;
  for (let at = 0; at < waiting.length; at++) {
    const body = waiting[at]!;
    const { graph } = body;
    if (body.depth > MAX_DEPTH || inner.nodes.length + graph.nodes.length > MAX_NODES) {
      inner.left += graph.nodes.length;
      continue;
    }
    const firstId = model.graph.nodes.length + inner.nodes.length;
    const known = body.shapes?.inner.get(body.owner)?.find((innerScope) => innerScope.body === graph)?.shapes;
    const values = inputValues(graph, known);
    const names = ownNames(body, { firstId, firstInput: inputs, values, known, constants });
    inner.graphs.push({ owner: body.ownerId, title: body.title, inputs: values, nodes: graph.nodes.length });
    connect({ body, names, firstId, firstInput: inputs, inner, outer });
    inputs += values.length;
    look(graph.nodes, { ownerId: firstId, around: names, shapes: known, depth: body.depth + 1 });
  }
  return inner.graphs.length > 0 || inner.left > 0 ? inner : null;
}

function bodiesOf(node: Node, functions: readonly FunctionDef[]): { title: string; graph: Graph | FunctionDef }[] {
  const found: { title: string; graph: Graph | FunctionDef }[] = [];
  for (const attribute of node.attributes) {
    if (attribute.graph) found.push({ title: attribute.name, graph: attribute.graph });
    attribute.graphs?.forEach((graph, i) => found.push({ title: `${attribute.name} ${i + 1}`, graph }));
  }
  const called = calledFunction(functions, node);
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
  for (const [name, index] of connectionsOf(nodes).makerIndex) maker.set(name, firstId + index);
  return maker;
}

function inputValues(graph: Graph | FunctionDef, known: ScopeShapes | undefined): PageValue[] {
  const values: PageValue[] =
    'initializers' in graph
      ? graph.inputs.map(pageValue)
      : graph.inputs.map((name) => ({ name, dtype: '', dims: null }));
  return values.map((value) => {
    const found = known?.tensors.get(value.name);
    return {
      name: value.name,
      dtype: value.dtype || (found?.dtype ? dtypeName(found.dtype) : ''),
      dims: value.dims ?? found?.dims?.map(dimText) ?? null,
    };
  });
}

/** Where an inner graph's nodes and inputs are numbered from, and what is known of it. */
interface Numbered {
  readonly firstId: number;
  readonly firstInput: number;
  readonly values: readonly PageValue[];
  readonly known: ScopeShapes | undefined;
  readonly constants: SmallConstants;
}

/** A function sees its own names only; a subgraph also those around it. */
function ownNames({ graph, around }: Body, { firstId, firstInput, values, known, constants }: Numbered): Names {
  const inputs = values.map((value) => value.name);
  const maker = makers(graph.nodes, firstId, inputs, firstInput);
  const dims = known ? knownDims(known) : new Map<string, DimText[]>();
  const isFunction = !('initializers' in graph);
  const stored = isFunction ? { ...graph, initializers: [], sparseInitializers: [] } : graph;
  return {
    maker,
    dims,
    weights: storedWeights(stored),
    values: constantsByName(stored, constants),
    up: isFunction ? null : around,
  };
}

/** The first scope that knows a name decides, whatever it knows of it. */
function scopeOf(names: Names, name: string): Names | null {
  for (let n: Names | null = names; n; n = n.up) if (n.maker.has(name) || n.weights.has(name)) return n;
  return null;
}

interface Connecting {
  readonly body: Body;
  readonly names: Names;
  readonly firstId: number;
  readonly firstInput: number;
  readonly inner: PageInner;
  readonly outer: MainGraph;
}

/** Adds a body's nodes, and the edges into it, within it, and from its results to its owner. */
function connect({ body, names, firstId, firstInput, inner, outer }: Connecting): void {
  const { graph, owner, ownerId, around } = body;
  const lookup: Lookup = {
    weight: (name) => scopeOf(names, name)?.weights.get(name),
    dims: (name) => (scopeOf(names, name) ?? names).dims.get(name),
    value: (name) => scopeOf(names, name)?.values.get(name),
    formal: outer.formal,
  };
  const edge = (from: Names, to: number, tensor: string): PageEdge[] => {
    const scope = tensor ? scopeOf(from, tensor) : null;
    const made = scope?.maker.get(tensor);
    // A stored value has no box of its own.
    if (!scope || made === undefined || scope.weights.has(tensor)) return [];
    return [{ from: made, to, tensor, dims: scope.dims.get(tensor) ?? null }];
  };
  for (let k = firstTaken(body); k < Math.min(graph.inputs.length, owner.inputs.length); k++)
    inner.edges.push(...edge(around, -1 - firstInput - k, owner.inputs[k]!));
  graph.nodes.forEach((node, i) => {
    inner.nodes.push(pageNode(node, firstId + i, lookup, outer.costs.of(node)));
    for (const tensor of node.inputs) inner.edges.push(...edge(names, firstId + i, tensor));
  });
  for (const output of graph.outputs)
    inner.edges.push(...edge(names, ownerId, typeof output === 'string' ? output : output.name));
}

/** The first input of an inner graph that takes one of its owner's; a function takes all, a branch none. */
function firstTaken({ graph, owner }: Body): number {
  if (!('initializers' in graph)) return 0;
  return Object.hasOwn(INPUTS_FROM, owner.opType) ? (INPUTS_FROM[owner.opType] ?? 0) : Infinity;
}
