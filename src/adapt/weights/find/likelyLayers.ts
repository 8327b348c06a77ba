import type { StoredTensor } from '../../../tensors/storedTensor.ts';
import { networkName } from '../copyNames.ts';
import { isOptimizerState, lastPart, moduleOf, weightAxes } from '../tensorNames.ts';
import { sameNumbers } from '../../../bytes/sameNumbers.ts';

type Named = Pick<StoredTensor, 'name' | 'dims'>;

/** Modules of networks that only training runs: what judges a generator's images, and losses made of networks. */
const TRAINING_ONLY = /(^|\.)(discriminator\w*|net_?D\w*|critic|criterion|loss\w*|\w+_loss|lpips|perceptual\w*)\./;

/** True for a tensor of a network that only training runs, beside another network in the same file. */
export function isTrainingOnly({ name }: Pick<Named, 'name'>, tensors: readonly StoredTensor[]): boolean {
  if (!hasTrainingName(name)) return false;
  return tensors.some((other) => !isOptimizerState(other.name) && !hasTrainingName(other.name));
}

/** By the name of a part around it. */
export function hasTrainingName(name: string): boolean {
  return TRAINING_ONLY.test(networkName(name));
}

/** Both see the image: parallel stems, or parallel branches of one layer. `inside` names what may be no stem. */
export function isSibling(a: Named, b: Named, inside: ReadonlySet<string>): boolean {
  return (isTwin(a, b) && !inside.has(a.name)) || isBranch(a, b);
}

/**
 * Names of convolutions that read one channel and make as many as the convolution before them: in a gray network a
 * depthwise convolution has the shape of an input layer, and stands behind what makes its channels.
 */
export function depthwiseInside(convolutions: readonly Named[]): ReadonlySet<string> {
  const names = new Set<string>();
  let made = 0;
  for (const convolution of convolutions) {
    const { outputs, channels } = weightAxes(convolution);
    if (convolution.dims[channels] === 1 && convolution.dims[outputs] === made) names.add(convolution.name);
    made = convolution.dims[outputs] ?? 0;
  }
  return names;
}

/** Parallel stems: the same shape, and the same last module; or a name that differs in a number alone. */
function isTwin(a: Named, b: Named): boolean {
  const suffix = ({ name }: Named): string => lastPart(moduleOf(name));
  return suffix(a) === suffix(b) && (sameNumbers(a.dims, b.dims) || (isNumbered(a, b) && !makesWhat(a, b)));
}

function isNumbered(a: Named, b: Named): boolean {
  const bare = ({ name }: Named): string => name.replace(/\d+/g, '');
  return bare(a) === bare(b);
}

/** Whether one makes as many channels as the other reads, so may stand in front of it. */
function makesWhat(a: Named, b: Named): boolean {
  return a.dims[weightAxes(a).outputs] === b.dims[weightAxes(b).channels];
}

/** Branches whose outputs are added, as RepVGG and MobileOne train them: as many outputs, one with a 1×1 kernel. */
function isBranch(a: Named, b: Named): boolean {
  const block = ({ name }: Named): string => networkName(name).split('.')[0] ?? '';
  const outputs = (tensor: Named): number | undefined => tensor.dims[weightAxes(tensor).outputs];
  return block(a) === block(b) && outputs(a) === outputs(b) && isPoint(a) !== isPoint(b);
}

/** A kernel of 1×1: it looks at one pixel, or at one point. */
export function isPoint(tensor: Named): boolean {
  const { outputs, channels } = weightAxes(tensor);
  return tensor.dims.every((size, axis) => axis === outputs || axis === channels || size === 1);
}
