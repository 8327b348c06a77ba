import { ChannelwiseError } from '../../bytes/errors.ts';
import type { Comparison } from '../../verify/compare/compare.ts';
import { compareWeights } from '../../verify/weights/compareWeights.ts';
import type { CompareOptions } from '../compare.ts';
import { withOpenFile } from '../openFile.ts';

/** Compares two files of weights, also of two formats. Throws `refused` where one of them holds a graph. */
export async function compareWeightsFiles(
  a: string,
  b: string,
  { signal, onProgress }: CompareOptions,
): Promise<Comparison> {
  return withOpenFile(a, signal, (one) =>
    withOpenFile(b, signal, async (two) => {
      if (two.file.graph)
        throw new ChannelwiseError('refused', 'not-weights', 'The first file holds weights alone, the second a graph.');
      return compareWeights(one.file.tensors, two.file.tensors, (fraction) => onProgress?.(fraction));
    }),
  );
}
