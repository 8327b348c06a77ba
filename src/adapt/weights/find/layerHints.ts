import type { ImageUses } from '../../../formats/format.ts';
import { networkName } from '../copyNames.ts';
import { moduleOf } from '../tensorNames.ts';

/** What is known of the input layer beside names and shapes. */
export interface LayerHints {
  /** Names that files beside the weights give, as timm's `first_conv` does. */
  readonly inputLayers: readonly string[];
  /** What the network's own code does, where the file holds it. */
  readonly imageUses?: ImageUses | undefined;
}

/** Whether a tensor is the weight of such an input layer, or one that the code reads the image with. */
export function isHinted({ name }: { readonly name: string }, { inputLayers, imageUses }: LayerHints): boolean {
  return inputLayers.includes(moduleOf(networkName(name))) || (imageUses?.weights.includes(name) ?? false);
}
