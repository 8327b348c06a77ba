import type { ImageUses } from '../../../formats/format.ts';
import type { StoredTensor } from '../../../tensors/storedTensor.ts';
import { channelsOf, isConvolution } from './convolutionWeights.ts';
import { isPoint, isTrainingOnly } from './likelyLayers.ts';
import { byName, lastPart, moduleOf, siblingName, weightAxes } from '../tensorNames.ts';
import type { ImageTensor } from './imageTensor.ts';

const MAX_SIGNS = 3;
/** StyleGAN and ProGAN call the first layer of a discriminator so. */
const FROM_RGB = /from_?rgb/i;
const STEM_KERNEL = 7;
const TRANSPOSED_NAME = /deconv|transpose|convt(\d|$)|tconv/i;
/** The next layer in a Sequential with a weight, and one behind an activation. */
const BEHIND = [1, 2];
/** Networks have as many channels as a multiple of this, but where they put an image beside them. */
const WIDTH_STEP = 8;
/** A layer of a name of its own that tells what it does with its weight: `standardized_conv2d`, `ws_conv`. */
const STANDARDISED = /standardi[sz]ed|(^|[._/])(std|ws)_?conv/i;
const NORM_WEIGHT = /(norm|gn|bn)[^.]*\.weight$/i;

/**
 * What else the network's code does with the image than hand it to convolutions, a sentence without its full stop; null
 * where nothing is known of that.
 */
export function codeDoubt(uses: ImageUses | undefined): string | null {
  if (!uses || uses.others.length === 0) return null;
  return (
    'The code in this file does more with the image, or with the weight that reads it, than a convolution does: ' +
    `${uses.others.join('; ')}. Where that counts on the old channels, change the code and save the network again`
  );
}

/** Why one layer is asked about that has no other beside it and nothing in front; null where it is clear. */
export function layerDoubt({ name, dims, channels }: ImageTensor, tensors: readonly StoredTensor[]): string | null {
  if (isTrainingOnly({ name }, tensors))
    return `${name} seems to belong to a network that only training runs, and no other tensor has an input layer's shape`;
  if (FROM_RGB.test(name) || hasLoneBiasBehind(name, tensors))
    return (
      `${name} may be scaled by the number of its inputs when it runs, as in GANs with an equalised learning rate. Of ` +
      'those convert an ONNX export: a sum over the channels is not the same function'
    );
  if (mayBeTransposed({ name, dims }, tensors))
    return (
      `${name} [${dims.join(', ')}] may be a transposed convolution, as the last one of a generator: that would make ` +
      `${channels} channels and read none`
    );
  const again = readsImageAgain(tensors, channels);
  if (again)
    return (
      `${again.name} reads ${channelsOf(again)} channels, which no layer makes, so the image's ${channels} may come in ` +
      `there again. Of such a network convert an ONNX export, where every layer that reads the image follows`
    );
  if (STANDARDISED.test(moduleOf(name)))
    return (
      `${name} belongs to a layer that by its name standardises its weight when it runs. Of such a network convert an ` +
      'ONNX export: a sum over the channels is not the same function'
    );
  if (isOftenStandardised({ name, dims }, tensors))
    return (
      `${name} [${dims.join(', ')}] has no bias and the network no batch norm, as in networks that standardise their ` +
      'weights when they run (BiT, hybrid ViT). Of those convert an ONNX export: a sum over the channels is not the ' +
      'same function'
    );
  if (!isPoint({ name, dims }) || !tensors.filter(isConvolution).every(isPoint)) return null;
  // PointNets read x, y and z of points so.
  return `Every convolution in this file has a kernel of 1×1, so ${name} may read the coordinates of points, not an image`;
}

/**
 * StyleGAN2's discriminators have a convolution's bias in the activation behind it: `convs.0.0.weight`,
 * `convs.0.1.bias`.
 */
function hasLoneBiasBehind(name: string, tensors: readonly StoredTensor[]): boolean {
  const names = byName(tensors);
  const module = moduleOf(name);
  const behind = `${moduleOf(module)}.${Number(lastPart(module)) + 1}`;
  return names.has(`${behind}.bias`) && !names.has(`${behind}.weight`) && !names.has(siblingName(name, 'bias'));
}

/**
 * Without a bias, whose length would tell, and called a transposed convolution or in a Sequential behind a layer that
 * makes as many as its axis 0 has, without one behind it that reads them: a transposed one has there what it reads.
 */
function mayBeTransposed(
  { name, dims }: Pick<ImageTensor, 'name' | 'dims'>,
  tensors: readonly StoredTensor[],
): boolean {
  const names = byName(tensors);
  if (names.has(siblingName(name, 'bias'))) return false;
  const module = moduleOf(name);
  if (TRANSPOSED_NAME.test(lastPart(module))) return true;
  const width = dims[weightAxes({ name, dims }).outputs] ?? 0;
  const place = Number(lastPart(module));
  const isWide = (step: number): boolean => {
    const found = names.get(`${moduleOf(module) && `${moduleOf(module)}.`}${place + step}.weight`)?.dims ?? [];
    return (found.length === 1 ? found : found.slice(0, 2)).includes(width);
  };
  return place > 0 && BEHIND.some((step) => isWide(-step)) && !BEHIND.some(isWide);
}

/**
 * A convolution that seems to read the image beside what other layers make (matting, disparity, interpolation, ENet's
 * first block): nothing makes as many channels as it reads, and without an image's they are another image's, a usual
 * number, or what some layer makes. Only odd numbers of channels can be told so.
 */
function readsImageAgain(tensors: readonly StoredTensor[], channels: number): StoredTensor | undefined {
  if (channels % 2 === 0 || channels === 1) return undefined;
  const convolutions = tensors.filter(isConvolution);
  const made = new Set(convolutions.map((one) => one.dims[weightAxes(one).outputs] ?? 0));
  // A kernel of 1×1 mixes what other layers made, as U²-Net's six outputs.
  const overPictures = convolutions.filter((one) => !isPoint(one));
  return overPictures.find((one) => {
    const others = (channelsOf(one) ?? 0) - channels;
    if (made.has(others + channels)) return false;
    return others === channels || (others >= WIDTH_STEP && (others % WIDTH_STEP === 0 || made.has(others)));
  });
}

/** Stems of 7×7 among convolutions without biases and group norms: no tensor says whether weights are standardised. */
function isOftenStandardised(stem: Pick<ImageTensor, 'name' | 'dims'>, tensors: readonly StoredTensor[]): boolean {
  const names = byName(tensors);
  const hasBias = ({ name }: { readonly name: string }): boolean => names.has(siblingName(name, 'bias'));
  const isStem = stem.dims.slice(2).every((size) => size === STEM_KERNEL) && !hasBias(stem);
  if (!isStem || tensors.some(({ name }) => /(running|moving)_mean$/.test(name))) return false;
  const isInside = (other: StoredTensor): boolean =>
    other.name !== stem.name && isConvolution(other) && !isPoint(other);
  const isNorm = ({ name, dims }: StoredTensor): boolean => dims.length === 1 && NORM_WEIGHT.test(name);
  return tensors.some((other) => isInside(other) && !hasBias(other)) && tensors.some(isNorm);
}

/** Why a person has to choose among several layers, or to say what stands in front of one. */
export function severalReason(candidates: readonly ImageTensor[], signs: readonly string[]): string {
  const layers = new Map(candidates.map((candidate) => [candidate.name, candidate]));
  const [only] = layers.values();
  if (layers.size === 1 && only && only.order !== null) return patchReason(only);
  return signReason(layers.size, signs);
}

function patchReason({ name, dims, channels }: ImageTensor): string {
  const side = Math.sqrt((dims[1] ?? 0) / channels);
  return (
    `${name} [${dims.join(', ')}] is a linear layer over patches of ${side}×${side} pixels, and the file does not ` +
    'say in which order it reads pixels and channels'
  );
}

function signReason(count: number, signs: readonly string[]): string {
  const shown = signs.slice(0, MAX_SIGNS).join(', ');
  const sign =
    `${shown} ${signs.length === 1 ? 'holds' : 'hold'} one number per channel, so something may stand in front of ` +
    'the input layer';
  if (count === 1) return sign;
  const several = `${count} tensors have the shape of an input layer`;
  return signs.length > 0 ? `${several}, and ${sign}` : several;
}
