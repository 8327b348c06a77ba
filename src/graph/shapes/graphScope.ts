import type { Attribute, Dim, FunctionDef, Graph, Node, OpsetImport } from '../../formats/onnx/model.ts';
import type { Inferred, InferredHolder, InferredTensor } from './inferred.ts';
import type { Scope } from './shapeRule.ts';
import type { SmallTensor } from '../values/smallTensor.ts';

/** What is known inside one graph or function. */
export interface ScopeShapes {
  readonly tensors: ReadonlyMap<string, InferredTensor>;
  /** Sequences, optionals, maps and sparse tensors. */
  readonly others: ReadonlyMap<string, InferredHolder>;
  /** What is known of a name, also one of the graphs around. */
  inferred(name: string): Inferred | null;
  /** The graphs and functions inside nodes. Two calls of a function with the same inputs share one. */
  readonly inner: ReadonlyMap<Node, readonly InnerScope[]>;
}

export interface InnerScope {
  /** The attribute that holds the graph, such as `then_branch`, or the function's name. */
  readonly label: string;
  readonly body: Graph | FunctionDef;
  readonly shapes: ScopeShapes;
  /** How often it runs; null where that is not known before the model runs. */
  readonly runs: Dim;
  /** Of several of these in one node only one runs. */
  readonly either: boolean;
}

/** A value on its way into or out of a graph. */
export interface Passed {
  readonly value: Inferred;
  readonly small: SmallTensor | null;
}

/** Opset versions by domain; the highest where a domain is named twice. */
export function opsetsOf(imports: readonly OpsetImport[]): ReadonlyMap<string, number> {
  const opsets = new Map<string, number>();
  for (const { domain, version } of imports) opsets.set(domain, Math.max(1, version, opsets.get(domain) ?? 1));
  return opsets;
}

/** One graph or function while it is inferred. A subgraph sees the names around it; a function sees only its own. */
export class GraphScope implements Scope, ScopeShapes {
  readonly tensors = new Map<string, InferredTensor>();
  readonly others = new Map<string, InferredHolder>();
  readonly inner = new Map<Node, readonly InnerScope[]>();
  /** The entries of small tensors, as far as they are known. */
  readonly values = new Map<string, SmallTensor>();
  /** The number of all elements of what ConstantOfShape makes. */
  readonly fills = new Map<string, number>();
  readonly opsets: ReadonlyMap<string, number>;
  /** The attributes of the call, inside a function. */
  readonly attributes: ReadonlyMap<string, Attribute> | null;
  /** Where it is, for people: `loop/body`. Empty for the main graph. */
  readonly path: string;
  readonly depth: number;
  private readonly outer: GraphScope | null;

  private constructor(
    outer: GraphScope | null,
    { opsets, attributes, path, depth }: Pick<GraphScope, 'opsets' | 'attributes' | 'path' | 'depth'>,
  ) {
    this.outer = outer;
    this.opsets = opsets;
    this.attributes = attributes;
    this.path = path;
    this.depth = depth;
  }

  /** The scope of the main graph. */
  static main(opsets: ReadonlyMap<string, number>): GraphScope {
    return new GraphScope(null, { opsets, attributes: null, path: '', depth: 0 });
  }

  /** The scope of a graph inside a node of this one. */
  subgraph(path: string): GraphScope {
    const { opsets, attributes } = this;
    return new GraphScope(this, { opsets, attributes, path, depth: this.depth + 1 });
  }

  /** The scope of a function that a node of this one calls. */
  call(path: string, opsets: ReadonlyMap<string, number>, attributes: ReadonlyMap<string, Attribute>): GraphScope {
    return new GraphScope(null, { opsets, attributes, path, depth: this.depth + 1 });
  }

  inferred(name: string): Inferred | null {
    return this.owner(name)?.own(name) ?? null;
  }

  /** The entries of a small tensor, also of one of the graphs around. */
  small(name: string): SmallTensor | null {
    return this.owner(name)?.values.get(name) ?? null;
  }

  private own(name: string): Inferred | undefined {
    return this.tensors.get(name) ?? this.others.get(name);
  }

  /** The innermost graph around that has a value of this name. */
  private owner(name: string): GraphScope | null {
    if (this.own(name)) return this;
    let at = this.outer;
    while (at && !at.own(name)) at = at.outer;
    return at;
  }

  numbers(name: string): readonly Dim[] | null {
    return this.small(name)?.values ?? null;
  }

  uniform(name: string): number | null {
    return this.owner(name)?.fills.get(name) ?? null;
  }

  /** Keeps what a node makes, or a graph is given. */
  put(name: string, { value, small }: Passed): void {
    if (value.kind === 'tensor') this.tensors.set(name, value);
    else this.others.set(name, value);
    if (small) this.values.set(name, small);
  }
}

/** A node's name as paths and reports use it. */
export function nodeLabel(node: Node): string {
  return node.name || node.outputs.find(Boolean) || node.opType;
}
