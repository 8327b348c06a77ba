/** How a family of libraries names the weights of a layer and lays out those of a convolution. */
interface NamingForm {
  /** The layer's part of a name; '' where the name has one part. */
  module(name: string): string;
  /** What the tensor is to its layer, in PyTorch's words where it has them: `weight`, `bias`, `running_mean`. */
  part(name: string): string;
  /** The tensor of this part in the same module. */
  sibling(name: string, part: string): string;
  /** The axis of a convolution's weight that holds what it reads, and the one that holds what it makes. */
  axes(rank: number): WeightAxes;
}

export interface WeightAxes {
  readonly channels: number;
  readonly outputs: number;
}

/** `backbone.conv1.weight` [outputs, channels, kernel…], as state dicts have it. */
const DOTTED: NamingForm = {
  module: (name) => (name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : ''),
  part: (name) => name.slice(name.lastIndexOf('.') + 1),
  sibling: (name, part) => {
    const module = DOTTED.module(name);
    return module === '' ? part : `${module}.${part}`;
  },
  axes: () => ({ channels: 1, outputs: 0 }),
};

/**
 * Names that Keras gives to weights: `kernel` since Keras 2, `conv_W` before. With slashes in front of them, kernels
 * are [kernel…, channels, outputs]. Sources: `weight_names` of saved files; keras/src/saving/saving_lib.py for
 * `vars/0`.
 */
const KERAS_NAME = /^(.+?)[/\\](?:vars[/\\](\d+)|([^/\\.]+?)(:\d+)?)$/;
const KERAS_WEIGHTS: ReadonlySet<string> = new Set(
  [
    'kernel bias gamma beta moving_mean moving_variance mean variance depthwise_kernel pointwise_kernel',
    'recurrent_kernel alpha embeddings',
  ].flatMap((line) => line.split(' ')),
);
/** `block1_conv1_W`, and `block1_conv1_W_1` where the network was built twice, as in the files of Keras 1's VGG. */
const KERAS_1_WEIGHT = /^.+_(W|b|gamma|beta|running_mean|running_std)(_\d+)?$/;
const KERAS_1_KERNEL = /_W(_\d+)?$/;
const PARTS: Readonly<Record<string, string>> = { kernel: 'weight', W: 'weight', b: 'bias' };
/** Of layers that number their weights: the kernel comes first, then the bias. */
const NUMBERED = ['weight', 'bias'];
/** Kernels of these are [kernel…, channels, multiplier] and [kernel…, outputs, channels]. */
const DEPTHWISE_LAYER = /(^|[/\\])(depthwise|separable)_conv\w*$/;
const TRANSPOSED_LAYER = /(^|[/\\])conv\dd_transpose\w*$/;

const SLASHED: NamingForm = {
  module: (name) => KERAS_NAME.exec(name)?.[1] ?? '',
  part: (name) => {
    const [, module = '', place, written = ''] = KERAS_NAME.exec(name) ?? [];
    const own = place === undefined ? keptName(written) : (NUMBERED[Number(place)] ?? `vars/${place}`);
    const part = Object.hasOwn(PARTS, own) ? (PARTS[own] ?? own) : own;
    if (part !== 'weight') return part;
    if (DEPTHWISE_LAYER.test(module)) return 'depthwise_kernel';
    return TRANSPOSED_LAYER.test(module) ? 'transposed_kernel' : part;
  },
  sibling: (name, part) => {
    const [, module = '', place, written = '', number = ''] = KERAS_NAME.exec(name) ?? [];
    const end = name.slice(module.length);
    if (place !== undefined) return module + end.replace(/\d+$/, String(NUMBERED.indexOf(part)));
    const kept = part === 'bias' ? 'b' : part;
    const own = KERAS_1_KERNEL.test(written) ? written.replace(KERAS_1_KERNEL, `_${kept}$1`) : part;
    return `${module}${end[0] ?? '/'}${own}${number}`;
  },
  axes: (rank) => ({ channels: rank - 2, outputs: rank - 1 }),
};

/** Keras 1 puts the layer's name in front of the weight's. */
function keptName(written: string): string {
  return written.replace(KERAS_1_WEIGHT, '$1');
}

/** The form of a name. */
export function namingForm(name: string): NamingForm {
  const [, , place, written = '', number] = KERAS_NAME.exec(name) ?? [];
  const isKeras =
    place !== undefined || number !== undefined || KERAS_WEIGHTS.has(written) || KERAS_1_WEIGHT.test(written);
  return isKeras ? SLASHED : DOTTED;
}
