import { layerText, type PatchOrder } from '../patchOrder.ts';

/** A tensor that may be the one that sees the image, with its copies in the same file. */
export interface ImageTensor {
  readonly name: string;
  readonly dims: readonly number[];
  /** The image's channels. */
  readonly channels: number;
  /** How a linear layer over patches reads them; null of a convolution. */
  readonly order: PatchOrder | null;
  /** Names of all tensors that stand for it: itself, and running averages or other copies of the network. */
  readonly names: readonly string[];
  /** What speaks for or against it, a clause each. */
  readonly why: readonly string[];
}

/** A candidate as a person names it, with its dims: `conv1.weight [64, 3, 7, 7]`. */
export function candidateText(candidate: ImageTensor): string {
  return `${layerText(candidate)} [${candidate.dims.join(', ')}]`;
}
