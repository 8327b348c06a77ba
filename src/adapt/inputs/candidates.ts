import { INT64, UINT64, dtypeName, isComputedFloat, isInteger } from '../../tensors/dtypes.ts';
import type { Dim, Graph, ValueInfo } from '../../formats/onnx/model.ts';

/**
 * A place where channels may lie. `certain` when the file says so, else the graph behind it must confirm it with a
 * weight.
 */
export interface Candidate {
  readonly input: ValueInfo;
  readonly axis: number;
  readonly rank: number;
  readonly dtype: number;
  readonly dims: readonly Dim[];
  readonly certain: boolean;
}

/** Likely channel axes by rank, likeliest first: CHW and HWC, NCHW and NHWC, NCDHW, NDHWC and NTCHW. */
export const AXES: Readonly<Record<number, readonly number[]>> = { 3: [0, 2, 1], 4: [1, 3], 5: [1, 4, 2] };
/** What an input without a declared rank is taken for: a batch of pictures. */
export const DEFAULT_RANK = 4;

/** True for numbers that pixels come in. int64 inputs below rank 4 are ids. */
export function holdsPixels(dtype: number, rank: number): boolean {
  if (dtype === INT64) return rank >= DEFAULT_RANK;
  return isComputedFloat(dtype) || (isInteger(dtype) && dtype !== UINT64);
}

/** The inputs a caller must feed: an initializer of the same name is a default. */
export function realInputs(graph: Graph): ValueInfo[] {
  const stored = new Set(graph.initializers.map((initializer) => initializer.name));
  return graph.inputs.filter((input) => !stored.has(input.name));
}

/** Where an input may hold `channels` channels; empty when it can't. */
export function candidates(input: ValueInfo, channels: number): Candidate[] {
  if (input.type?.kind !== 'tensor') return [];
  const { dtype } = input.type;
  const dims = input.type.dims ?? new Array<Dim>(DEFAULT_RANK).fill(null);
  const rank = dims.length;
  if (!holdsPixels(dtype, rank)) return [];
  const all = (AXES[rank] ?? []).map((axis) => ({ input, axis, rank, dtype, dims, certain: dims[axis] === channels }));
  const certain = all.filter((c) => c.certain);
  return certain.length ? certain : all.filter((c) => typeof c.dims[c.axis] !== 'number');
}

/** `float32[N, 3, 224, 224]`, as messages name types. */
export function typeText(value: ValueInfo): string {
  if (value.type === null) return 'of unknown type';
  if (value.type.kind === 'other') return `a ${value.type.what}`;
  const { dims } = value.type;
  return `${dtypeName(value.type.dtype)}[${dims ? dims.map((dim) => dim ?? '?').join(', ') : '…'}]`;
}
