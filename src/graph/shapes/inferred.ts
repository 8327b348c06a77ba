import type { Dim, ValueType } from '../../formats/onnx/model.ts';

/** What is known of a tensor. Dims are a number, a symbol or expression, or null; `dims: null` is an unknown rank. */
export interface InferredTensor {
  readonly kind: 'tensor';
  readonly dims: readonly Dim[] | null;
  readonly dtype: number | null;
  /** Why the shape, or one of its sizes, is not known. */
  readonly reason?: string;
}

/**
 * A value that holds others: a sequence's or optional's element, a map's value, a sparse tensor's dense counterpart.
 */
export interface InferredHolder {
  readonly kind: 'sequence' | 'optional' | 'map' | 'sparse' | 'opaque';
  readonly element: Inferred;
  /** The element type of a map's keys. */
  readonly key?: number | null;
  /** How many values a sequence holds, where that is known. */
  readonly length?: Dim;
  readonly reason?: string;
}

export type Inferred = InferredTensor | InferredHolder;

/**
 * A tensor as far as it is known; `reason` says why not all of it is, and is left out where there is nothing to say.
 */
export function inferredTensor(dtype: number | null, dims: readonly Dim[] | null, reason?: string): InferredTensor {
  return reason === undefined ? { kind: 'tensor', dims, dtype } : { kind: 'tensor', dims, dtype, reason };
}

/** A value about which nothing is known, and why. */
export function unknownValue(reason?: string): InferredTensor {
  return inferredTensor(null, null, reason);
}

/** A value in a value in a value is no type that a model needs. */
const MAX_NESTING = 8;

/** A sequence or optional of a value; one nested too deeply holds an unknown one. */
export function holding(kind: 'sequence' | 'optional', element: Inferred, length: Dim = null): Inferred {
  let depth = 0;
  for (let at = element; at.kind !== 'tensor' && depth < MAX_NESTING; at = at.element) depth++;
  return {
    kind,
    element: depth < MAX_NESTING ? element : unknownValue('its type is nested too deeply'),
    ...(length === null ? {} : { length }),
  };
}

/** What a declared type says. `bound` puts numbers in the place of symbols. */
export function fromDeclared(type: ValueType, bound: (dims: readonly Dim[] | null) => readonly Dim[] | null): Inferred {
  const holders: { kind: InferredHolder['kind']; key: number | undefined }[] = [];
  let at: ValueType | undefined = type;
  for (; at?.kind === 'other'; at = at.element) holders.push({ kind: at.what, key: at.key });
  let inferred: Inferred = at ? inferredTensor(at.dtype || null, bound(at.dims)) : unknownValue();
  for (const { kind, key } of holders.reverse())
    inferred = { kind, element: inferred, ...(key === undefined ? {} : { key }) };
  return inferred;
}
