import type { Graph, SparseTensor, Tensor } from '../../formats/onnx/model.ts';
import type { Alignment } from './align.ts';
import { compareTensors, side, type ComparedModels, type TensorChange } from './compareTensors.ts';

/** A stored tensor; of a sparse one its dense shape, and itself. */
type Held = { readonly tensor: Tensor; readonly sparse: SparseTensor | null };

/** Weights that differ, and those that only have another name. */
export interface StoredChanges {
  readonly tensors: TensorChange[];
  readonly renamedTensors: { readonly a: string; readonly b: string }[];
}

/** How much of a comparison's progress its stored tensors are: nearly all of the bytes. */
const STORED_SHARE = 0.95;

/** Compares the initializers of two graphs by name, and by the alignment where a name is another one. */
export async function storedChanges(
  models: ComparedModels,
  { renamed }: Alignment,
  onProgress?: (fraction: number) => void,
): Promise<StoredChanges> {
  const [before, now] = [heldBy(models.a.model.graph), heldBy(models.b.model.graph)];
  const tensors: TensorChange[] = [];
  const renamedTensors: StoredChanges['renamedTensors'] = [];
  const met = new Set<string>();
  let done = 0;
  for (const [name, held] of now) {
    const was = renamed.get(name) ?? name;
    const old = before.get(was);
    met.add(was);
    const change = old ? await heldChange(models, name, old, held) : oneSided(name, null, held.tensor);
    if (change) tensors.push(was === name || !old ? change : { ...change, was });
    else if (was !== name) renamedTensors.push({ a: was, b: name });
    done++;
    onProgress?.((STORED_SHARE * done) / now.size);
  }
  const removed = [...before].flatMap(([name, { tensor }]) => (met.has(name) ? [] : [oneSided(name, tensor, null)]));
  return { tensors: [...removed, ...tensors], renamedTensors };
}

function heldBy(graph: Graph): Map<string, Held> {
  const held = new Map<string, Held>();
  for (const tensor of graph.initializers) held.set(tensor.name, { tensor, sparse: null });
  for (const sparse of graph.sparseInitializers)
    held.set(sparse.values.name, { tensor: { ...sparse.values, dims: sparse.dims }, sparse });
  return held;
}

async function heldChange(models: ComparedModels, name: string, a: Held, b: Held): Promise<TensorChange | null> {
  if (!a.sparse && !b.sparse) return compareTensors(models, name, a.tensor, b.tensor);
  const areSparse = a.sparse !== null && b.sparse !== null;
  if (areSparse && (await models.bytes.sameMessage(a.sparse.ref, b.sparse.ref))) return null;
  const note = 'A sparse tensor is compared by its bytes only.';
  return { ...oneSided(name, a.tensor, b.tensor), change: areSparse ? 'values' : 'storage', note };
}

function oneSided(name: string, a: Tensor | null, b: Tensor | null): TensorChange {
  return {
    name,
    was: null,
    change: b ? 'added' : 'removed',
    a: a && side(a),
    b: b && side(b),
    values: null,
    sumOverAxis: null,
    note: null,
  };
}
