import type { AdaptationPlan } from '../report/plan.ts';

/** What a person needs to load an adapted file: its name, how it is read, and the tensors in it. */
export interface LoadedFile {
  readonly fileName: string;
  readonly reader: 'safetensors' | 'torch';
  readonly names: readonly string[];
}

/** One library: the names by which its networks are known, and how it builds one for another number of channels. */
interface Library {
  readonly title: string;
  readonly knows: (names: readonly string[]) => boolean;
  readonly build: (channels: number) => readonly string[];
}

const some = (pattern: RegExp) => (names: readonly string[]) => names.some((name) => pattern.test(name));

/** The first that knows the names is taken; plain PyTorch knows all. */
const LIBRARIES: readonly Library[] = [
  {
    title: 'ultralytics',
    knows: some(/(^|\.)model\.0\.conv\.weight$/),
    build: (channels) => [
      "# In the model's .yaml, at the top level:  ch: " + channels,
      'from ultralytics import YOLO',
      'network = YOLO("model.yaml").model',
    ],
  },
  {
    title: 'transformers',
    knows: some(/(patch_embeddings?\.projection|embeddings\.patch_embedding|embedder\.embedder\.convolution)\.weight$/),
    build: (channels) => [
      '# The folder that was written loads as it is; its config.json says num_channels: ' + channels,
      'from transformers import AutoModel',
      'network = AutoModel.from_pretrained("FOLDER")',
    ],
  },
  {
    title: 'segmentation-models-pytorch',
    knows: (names) => some(/^encoder\./)(names) && some(/^(segmentation_head|decoder)\./)(names),
    build: (channels) => [
      'import segmentation_models_pytorch as smp',
      `network = smp.Unet("resnet34", encoder_weights=None, in_channels=${channels})  # as the original was made`,
    ],
  },
  {
    title: 'timm',
    knows: some(/(^|\.)(conv_stem|patch_embed\.proj|stem\.conv|stem\.conv1\.conv|stem_conv)\.weight$/),
    build: (channels) => ['import timm', `network = timm.create_model("NAME", pretrained=False, in_chans=${channels})`],
  },
];

/** Python that builds the network with the new number of channels and loads the adapted file into it. */
export function weightsPython(plan: AdaptationPlan, file: LoadedFile): string {
  const channels = plan.inputs[0]?.newChannels ?? 1;
  const library = LIBRARIES.find(({ knows }) => knows(file.names));
  const build = library ? library.build(channels) : plainBuild(plan, channels);
  return [
    `# ${library?.title ?? 'PyTorch'}: a network that takes ${channels} ${channels === 1 ? 'channel' : 'channels'}.`,
    ...build,
    '',
    ...readLines(file),
    'network.load_state_dict(state)',
    '',
  ].join('\n');
}

/** The layers that see the image are made again with fewer or more channels. */
function plainBuild(plan: AdaptationPlan, channels: number): string[] {
  const layers = plan.folds.filter(({ opType }) => opType === 'layer').map(({ node }) => node);
  return [
    'from torch import nn',
    '',
    'network = ...  # built as for the original file',
    `for name in ${pythonList(layers)}:`,
    '    old = network.get_submodule(name)',
    '    new = type(old)(' + channels + ', old.out_channels, old.kernel_size, old.stride, old.padding,',
    '                    bias=old.bias is not None)',
    '    parent, _, last = name.rpartition(".")',
    '    setattr(network.get_submodule(parent), last, new)',
  ];
}

function readLines({ reader, fileName }: LoadedFile): string[] {
  const path = pythonText(fileName);
  if (reader === 'safetensors') return ['from safetensors.torch import load_file', `state = load_file(${path})`];
  return [
    'import torch',
    `state = torch.load(${path}, map_location="cpu")`,
    'state = state.get("state_dict", state)  # a checkpoint keeps its weights under a name',
  ];
}

function pythonList(texts: readonly string[]): string {
  return `[${texts.map(pythonText).join(', ')}]`;
}

/** JSON's texts are Python's too. */
function pythonText(text: string): string {
  return JSON.stringify(text);
}
