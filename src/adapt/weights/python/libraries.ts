import { networkName } from '../copyNames.ts';
import { pythonText } from './pythonText.ts';
import { torchvisionNetwork } from './torchvisionNetworks.ts';

/** A layer that reads the image, as the adapted file has it. */
export interface NewLayer {
  readonly module: string;
  readonly dims: readonly number[];
}

/** What a library's code is made from. Names are those inside the network, without what stands in front in the file. */
export interface NetworkShape {
  readonly names: ReadonlySet<string>;
  readonly layers: readonly NewLayer[];
  readonly channels: number;
  /** Outputs of the last matrix, as many as there are classes; null where there is none. */
  readonly classes: number | null;
}

/** One library: the names by which its networks are known, and how it builds one for another number of channels. */
export interface Library {
  readonly id: string;
  readonly title: string;
  /** What such a name of the file's input layer begins with is no part of the network's own names; null for others. */
  readonly prefix: (layer: string) => string | null;
  readonly knows: (names: ReadonlySet<string>) => boolean;
  readonly build: (network: NetworkShape) => readonly string[];
}

/** The text in front of the place where a pattern fits; null where it fits nowhere. */
const before =
  (pattern: RegExp) =>
  (name: string): string | null => {
    const at = name.search(pattern);
    return at < 0 ? null : name.slice(0, at);
  };
const some =
  (pattern: RegExp) =>
  (names: ReadonlySet<string>): boolean =>
    [...names].some((name) => pattern.test(name));
/** What tells copies and containers apart. */
const copyPrefix = (name: string): string => name.slice(0, name.length - networkName(name).length);

/** The layers that see the image are made again for the new channels. */
function newLayers({ layers, channels }: NetworkShape): string[] {
  const [first] = layers;
  const names = `[${layers.map(({ module }) => pythonText(module)).join(', ')}]`;
  const linear = `new = nn.Linear(${first?.dims[1] ?? 0}, old.out_features, bias=old.bias is not None)`;
  const convolution = [
    `new = type(old)(${channels}, old.out_channels, old.kernel_size, old.stride, old.padding, old.dilation,`,
    '                    bias=old.bias is not None, padding_mode=old.padding_mode)',
  ];
  return [
    `for name in ${names}:`,
    '    old = network.get_submodule(name)',
    ...(first?.dims.length === 2 ? [linear] : convolution).map((line, i) => (i === 0 ? `    ${line}` : line)),
    '    parent, _, last = name.rpartition(".")',
    '    setattr(network.get_submodule(parent), last, new)',
  ];
}

/** The first that knows the names is the likely one; plain PyTorch knows all. */
export const LIBRARIES: readonly Library[] = [
  {
    id: 'ultralytics',
    title: 'ultralytics',
    prefix: before(/model\.0\.conv\.weight$/),
    knows: some(/^model\.0\.conv\.weight$/),
    build: ({ channels }) => [
      'import yaml',
      'from ultralytics.nn.tasks import DetectionModel',
      'with open("model.yaml") as file:  # the one that the original was made from',
      `    network = DetectionModel({**yaml.safe_load(file), "ch": ${channels}}, ch=${channels})`,
    ],
  },
  {
    id: 'transformers',
    title: 'transformers',
    prefix: () => '',
    knows: some(/(patch_embeddings?\.projection|embeddings\.patch_embedding|embedder\.embedder\.convolution)\.weight$/),
    build: ({ channels }) => [
      'from transformers import AutoConfig, AutoModel',
      'config = AutoConfig.from_pretrained("FOLDER")  # that of the original',
      `getattr(config, "vision_config", config).num_channels = ${channels}`,
      'network = AutoModel.from_config(config)  # or the class that the original was saved from',
    ],
  },
  {
    id: 'smp',
    title: 'segmentation-models-pytorch',
    prefix: before(/encoder\./),
    knows: (names) => some(/^encoder\./)(names) && some(/^(segmentation_head|decoder)\./)(names),
    build: ({ channels }) => [
      'import segmentation_models_pytorch as smp',
      '# The class and the encoder as the original was made.',
      `network = smp.Unet("resnet34", encoder_weights=None, in_channels=${channels})`,
    ],
  },
  {
    id: 'torchvision',
    title: 'torchvision',
    prefix: copyPrefix,
    knows: (names) => torchvisionNetwork(names) !== null,
    build: (network) => [
      'import torchvision',
      'from torch import nn',
      `network = torchvision.models.${torchvisionNetwork(network.names) ?? 'resnet18'}(weights=None${classesText(network)})`,
      ...newLayers(network),
    ],
  },
  {
    id: 'timm',
    title: 'timm',
    prefix: copyPrefix,
    knows: some(/^(conv_stem|patch_embed\.proj|stem\.conv|stem\.conv1\.conv|stem_conv|stem\.0|conv1\.0)\.weight$/),
    build: (network) => [
      'import timm',
      '# The name as the original was made.',
      `network = timm.create_model("NAME", pretrained=False, in_chans=${network.channels}${classesText(network)})`,
    ],
  },
  {
    id: 'pytorch',
    title: 'PyTorch',
    prefix: copyPrefix,
    knows: () => true,
    build: (network) => [
      'from torch import nn',
      'network = ...  # built as for the original file',
      ...newLayers(network),
    ],
  },
];

function classesText({ classes }: NetworkShape): string {
  return classes === null ? '' : `, num_classes=${classes}`;
}
