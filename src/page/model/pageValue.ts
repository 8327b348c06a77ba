import type { Dim, Graph, SparseTensor, Tensor, ValueInfo } from '../../formats/onnx/model.ts';
import type { ScopeShapes } from '../../graph/shapes/graphScope.ts';
import { shownDim } from '../../graph/sizes/dims.ts';
import { storedTensors } from '../../graph/storedTensors.ts';
import type { DimText, PageValue, PageWeight } from '../../protocol/pageModel.ts';
import { dtypeName } from '../../tensors/dtypes.ts';
import { throughIdentities, type NamedNodes } from './throughIdentities.ts';

/** Shapes by tensor name, as texts. */
export interface DimTexts {
  get(name: string): DimText[] | undefined;
}

/**
 * What inference knows, put into words when it is first asked for: most names are weights, which say their shapes
 * themselves.
 */
export function knownDims({ tensors }: ScopeShapes): DimTexts {
  const asked = new Map<string, DimText[]>();
  return {
    get: (name) => {
      const before = asked.get(name);
      const dims = before ? null : tensors.get(name)?.dims;
      if (!dims) return before;
      const texts = dims.map(dimText);
      asked.set(name, texts);
      return texts;
    },
  };
}

/** A size as the page shows it: a number, a name, a term of both, or `?`. */
export function dimText(dim: Dim): DimText {
  return String(shownDim(dim) ?? '?');
}

/** A value as the file declares it. */
export function pageValue(value: ValueInfo): PageValue {
  if (value.type?.kind !== 'tensor') return { name: value.name, dtype: value.type?.what ?? 'unknown', dims: null };
  return { name: value.name, dtype: dtypeName(value.type.dtype), dims: value.type.dims?.map(dimText) ?? null };
}

/** A declared value with what follows for it; of a graph's inputs, named sizes have their numbers. */
export function inferredValue(value: ValueInfo, { tensors }: ScopeShapes): PageValue {
  const declared = pageValue(value);
  const found = tensors.get(value.name);
  if (!found) return declared;
  return {
    name: value.name,
    dtype: found.dtype === null ? declared.dtype : dtypeName(found.dtype),
    dims: found.dims?.map(dimText) ?? declared.dims,
  };
}

/** What of a graph says which tensors it stores, and under which names they are read. */
export type StoringGraph = Pick<Graph, 'initializers' | 'sparseInitializers'> & NamedNodes;

/** The stored tensors of a graph, as the page shows them: never their numbers. */
export function storedWeights(graph: StoringGraph): Map<string, PageWeight> {
  const weights = new Map<string, PageWeight>();
  for (const [name, tensor] of storedTensors(graph)) weights.set(name, pageWeight(name, tensor));
  throughIdentities(graph, weights);
  return weights;
}

function pageWeight(name: string, tensor: Tensor | SparseTensor): PageWeight {
  const sparse = 'indices' in tensor;
  const { dtype, storage } = sparse ? tensor.values : tensor;
  const place = storage.kind === 'external' ? `external: ${storage.location}` : storage.kind;
  return { name, dtype: dtypeName(dtype), dims: [...tensor.dims], storage: sparse ? 'sparse' : place };
}
