import { compare, type Comparison } from '../verify/compare/compare.ts';
import { compareText } from '../verify/compare/compareText.ts';
import { holdsWeightsAlone } from './openFile.ts';
import { withOpenModels } from './openModel.ts';
import { compareWeightsFiles } from './weights/compareWeightsFiles.ts';

export interface CompareOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/** Compares two model files. Throws ChannelwiseError for what can't be read. */
export async function compareFiles(a: string, b: string, options: CompareOptions = {}): Promise<Comparison> {
  if (await holdsWeightsAlone(a)) return compareWeightsFiles(a, b, options);
  return withOpenModels([a, b], options.signal, (one, two) =>
    compare({ a: one, b: two, onProgress: options.onProgress }),
  );
}

export function reportText(comparison: Comparison): string[] {
  return compareText(comparison);
}
