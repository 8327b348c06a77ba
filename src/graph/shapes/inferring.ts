import type { FunctionDef, Graph, Node, ValueInfo } from '../../formats/onnx/model.ts';
import type { GraphScope, Passed } from './graphScope.ts';
import type { Inferred } from './inferred.ts';
import type { SymbolMark, Symbols } from './symbols.ts';

/** A node, and the graph or function it stands in. */
export interface Place {
  readonly node: Node;
  readonly scope: GraphScope;
}

/** What inference has done so far, to go back to. */
export interface Mark {
  readonly symbols: SymbolMark;
  readonly contradictions: number;
}

/** What the rules of nodes with graphs or functions inside may ask of the inference that goes through the model. */
export interface Inferring {
  readonly symbols: Symbols;
  /** What a declared type says, numbers in the place of bound names. */
  declared(info: ValueInfo): Inferred;
  /** What is known of a name, to be handed into or out of a graph. */
  passed(scope: GraphScope, name: string): Passed;
  /** Goes inside a graph of a node with these inputs. Declared types fill what they leave open. */
  inside(graph: Graph, place: Place, label: string, inputs: readonly Passed[]): GraphScope;
  /** Goes inside a function that a node calls; null is an input that the call leaves out. */
  call(body: FunctionDef, place: Place, inputs: readonly (Passed | null)[]): GraphScope;
  mark(): Mark;
  /** Takes back the names given and the contradictions found since a mark: a graph is gone through once more. */
  restore(mark: Mark): void;
}
