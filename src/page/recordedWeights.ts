import { addTo } from '../bytes/lists.ts';
import type { WeightView } from '../formats/keras/present/graphBuilder.ts';
import type { Node, Model } from '../formats/onnx/model.ts';
import { allNodeLists } from '../graph/nested.ts';
import type { ScopeShapes } from '../graph/shapes/graphScope.ts';
import type { Shapes } from '../graph/shapes/inferredShapes.ts';
import { storedTensors } from '../graph/storedTensors.ts';
import type { PageFold } from '../protocol/adaptation.ts';

/** A weight as a record names it: the tensor, and the node that took the map in. */
export interface RecordedWeight {
  readonly tensor: string;
  readonly node: string;
  readonly opType: string;
  readonly newDims: readonly number[];
}

/**
 * Looks up recorded weights as a fold does: by the node that reads them, whatever makes the tensor it reads (an
 * initializer, a Constant, a chain of Identity, Cast, Reshape, Transpose or DequantizeLinear), and where no such node
 * is left by the tensor's name.
 */
export class RecordedWeights {
  private readonly byName = new Map<string, Node[]>();
  private readonly scopes: readonly ScopeShapes[];
  private readonly stored: ReadonlyMap<string, { readonly dims: readonly number[] }>;

  /** `views` are the weights of a Keras file, whose record names their dims as the file has them. */
  constructor(model: Model, shapes: Shapes, views?: ReadonlyMap<string, WeightView>) {
    for (const node of allNodeLists(model).flat()) addTo(this.byName, node.name, node);
    this.scopes = allScopes(shapes);
    this.stored = new Map<string, { readonly dims: readonly number[] }>([
      ...storedTensors(model.graph),
      ...[...(views ?? [])].map(([name, { storedDims }]) => [name, { dims: storedDims }] as const),
    ]);
  }

  /** Whether the file holds the weight with the recorded dims. */
  state({ tensor, node, opType, newDims }: RecordedWeight): PageFold['now'] {
    const wanted = newDims.join();
    const readers = (this.byName.get(node) ?? []).filter((n) => n.opType === opType);
    const names = [tensor, ...readers.flatMap((reader) => reader.inputs.filter(Boolean))];
    const found = names.flatMap((name) => this.dimsOf(name));
    if (found.some((dims) => dims?.join() === wanted)) return 'same';
    if (!found.length) return readers.length ? 'unknown' : 'missing';
    return found.includes(null) ? 'unknown' : 'other';
  }

  /** The dims of every tensor of that name; null where they are not known. */
  private dimsOf(name: string): (readonly (number | string | null)[] | null)[] {
    const stored = this.stored.get(name);
    if (stored) return [stored.dims];
    return this.scopes.flatMap((scope) => {
      const tensor = scope.tensors.get(name);
      return tensor ? [tensor.dims] : [];
    });
  }
}

function allScopes(shapes: ScopeShapes): ScopeShapes[] {
  const found: ScopeShapes[] = [];
  const seen = new Set<ScopeShapes>();
  const open = [shapes];
  for (let scope = open.pop(); scope; scope = open.pop()) {
    if (seen.has(scope)) continue;
    seen.add(scope);
    found.push(scope);
    for (const inner of scope.inner.values()) for (const { shapes: own } of inner) open.push(own);
  }
  return found;
}
