import type { CallOptions } from '../../rpc/messages.ts';
import type { Comparison } from '../../verify/compare/comparison.ts';
import { compareWeights } from '../../verify/weights/compareWeights.ts';
import { withOpenFile } from '../open/openFile.ts';

/** Compares two files of weights, also of two formats. */
export async function compareWeightsFiles(
  a: string,
  b: string,
  { signal, onProgress }: CallOptions,
): Promise<Comparison> {
  return withOpenFile(a, signal, (one) =>
    withOpenFile(b, signal, (two) =>
      compareWeights(one.file.tensors, two.file.tensors, (fraction) => onProgress?.(fraction)),
    ),
  );
}
