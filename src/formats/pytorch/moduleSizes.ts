import type { PickledModule } from './checkpoint.ts';
import type { LiteralChange } from './pickle/pickleEdit.ts';
import { integerOf, itemsOf, textOf, type PickleValue, type Slot } from './pickle/pickleValue.ts';
import type { NewTensor } from './newTensor.ts';

/** An attribute of a layer that repeats a size of its weight: the axis, and whether the size counts per group. */
interface SizeAttribute {
  readonly name: string;
  readonly axis: number;
  readonly perGroup?: boolean;
}

const CONVOLUTION: readonly SizeAttribute[] = [
  { name: 'in_channels', axis: 1, perGroup: true },
  { name: 'out_channels', axis: 0 },
];
const TRANSPOSED: readonly SizeAttribute[] = [
  { name: 'in_channels', axis: 0 },
  { name: 'out_channels', axis: 1, perGroup: true },
];
const LINEAR: readonly SizeAttribute[] = [
  { name: 'in_features', axis: 1 },
  { name: 'out_features', axis: 0 },
];

/**
 * Where a network around its input layer keeps the number of its image's channels: attributes and keys that lead to it.
 */
const NETWORK_CHANNELS: readonly { readonly path: readonly string[]; readonly source: string }[] = [
  { path: ['in_channels'], source: 'torchvision, MONAI, diffusers: attributes of blocks and networks' },
  { path: ['_in_channels'], source: 'segmentation_models_pytorch/encoders/_base.py' },
  { path: ['in_chans'], source: 'timm/models/swin_transformer.py, timm/layers/patch_embed.py' },
  { path: ['n_channels'], source: 'milesial/Pytorch-UNet: train.py compares images with it' },
  { path: ['num_channels'], source: 'transformers: patch embeddings compare the image with it' },
  { path: ['config', 'num_channels'], source: 'transformers/models/vit/configuration_vit.py' },
  { path: ['config', 'vision_config', 'num_channels'], source: 'transformers/models/clip/configuration_clip.py' },
  { path: ['config', 'backbone_config', 'num_channels'], source: 'transformers: networks around a backbone' },
  { path: ['yaml', 'ch'], source: 'ultralytics/nn/tasks.py, yolov5/models/yolo.py' },
  { path: ['yaml', 'channels'], source: 'ultralytics/nn/tasks.py since 8.3' },
  { path: ['pretrained_cfg', 'input_size'], source: 'timm/models/_pretrained.py: (channels, height, width)' },
  { path: ['default_cfg', 'input_size'], source: 'timm/models/_builder.py: an older name of it' },
];
/** A size of an image has so many numbers, the channels first. */
const IMAGE_SIZES = 3;

/**
 * Changes of what pickled modules keep beside their weights: torch's layers repeat the sizes, a convolution's
 * in_channels; networks around the layer the number of their image's channels. A value is changed where it is the old
 * number.
 */
export function moduleChanges(changes: readonly NewTensor[]): LiteralChange[] {
  return changes.flatMap((change) => {
    const { module, name } = change.found;
    if (!module || !/(^|\.)weight$/.test(name)) return [];
    const attributes = attributesOf(module.attributes);
    const sizes = sizeAttributes(attributes).flatMap((row) => sizeChange(attributes, row, change));
    return [...sizes, ...networkChanges(module, change)];
  });
}

type Attributes = ReadonlyMap<string | null, Slot>;

function attributesOf(entries: readonly [Slot, Slot][]): Attributes {
  return new Map(entries.map(([key, slot]) => [textOf(key.value), slot]));
}

function isTransposed(attributes: Attributes): boolean {
  const transposed = attributes.get('transposed')?.value;
  return transposed?.kind === 'bool' && transposed.value;
}

function sizeAttributes(attributes: Attributes): readonly SizeAttribute[] {
  return [...(isTransposed(attributes) ? TRANSPOSED : CONVOLUTION), ...LINEAR];
}

function sizeChange(attributes: Attributes, row: SizeAttribute, { found, dims }: NewTensor): LiteralChange[] {
  const slot = attributes.get(row.name);
  const groups = row.perGroup ? groupsOf(attributes) : 1;
  const [before, after] = [found.tensor.dims[row.axis], dims[row.axis]];
  if (!slot || before === undefined || after === undefined) return [];
  return integerOf(slot.value) === before * groups ? [{ slot, values: [after * groups] }] : [];
}

function groupsOf(attributes: Attributes): number {
  return integerOf(attributes.get('groups')?.value) ?? 1;
}

/** Of a convolution that reads other channels now: what the networks around it say of their image. */
function networkChanges(layer: PickledModule, { found, dims }: NewTensor): LiteralChange[] {
  const own = attributesOf(layer.attributes);
  const groups = groupsOf(own);
  const [before, after] = [found.tensor.dims[1], dims[1]];
  const isConvolution = dims.length >= 3 && !isTransposed(own);
  if (!isConvolution || before === undefined || after === undefined || before === after) return [];
  const out: LiteralChange[] = [];
  for (let around = layer.around; around; around = around.around) {
    const { attributes } = around;
    for (const { path } of NETWORK_CHANNELS)
      out.push(...channelChange(slotAt(attributes, path), before * groups, after * groups));
  }
  return out;
}

function channelChange(slot: Slot | null, before: number, after: number): LiteralChange[] {
  if (!slot) return [];
  if (integerOf(slot.value) === before) return [{ slot, values: [after] }];
  const sizes = itemsOf(slot.value)?.flatMap((item) => integerOf(item.value) ?? []) ?? [];
  return sizes.length === IMAGE_SIZES && sizes[0] === before ? [{ slot, values: [after, ...sizes.slice(1)] }] : [];
}

/** What a path of attributes and keys leads to; null where there is no such thing. */
function slotAt(entries: readonly [Slot, Slot][], path: readonly string[]): Slot | null {
  let at: readonly [Slot, Slot][] = entries;
  let slot: Slot | undefined;
  for (const key of path) {
    slot = attributesOf(at).get(key);
    at = entriesOf(slot?.value);
  }
  return slot ?? null;
}

/** The entries of a dictionary, or the attributes of an object. */
function entriesOf(value: PickleValue | undefined): readonly [Slot, Slot][] {
  if (value?.kind === 'dict') return value.entries;
  if (value?.kind !== 'call') return [];
  const state = value.state?.value;
  return [...value.entries, ...(state?.kind === 'dict' ? state.entries : [])];
}
