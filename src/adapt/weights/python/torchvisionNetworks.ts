/**
 * The networks of torchvision by a tensor that only the deeper ones of a family have, the deepest first: the first row
 * whose tensor a file has names the network. Source: torchvision/models, state-dict names of each network.
 */
const NETWORKS: readonly (readonly [tensor: string, network: string])[] = [
  ['layer3.35.conv3.weight', 'resnet152'],
  ['layer3.22.conv3.weight', 'resnet101'],
  ['layer3.5.conv3.weight', 'resnet50'],
  ['layer3.5.conv2.weight', 'resnet34'],
  ['layer4.1.conv2.weight', 'resnet18'],
  ['features.denseblock4.denselayer32.conv2.weight', 'densenet169'],
  ['features.denseblock4.denselayer24.conv2.weight', 'densenet161'],
  ['features.denseblock4.denselayer16.conv2.weight', 'densenet121'],
  ['features.5.26.block.0.weight', 'convnext_small'],
  ['features.5.8.block.0.weight', 'convnext_tiny'],
  ['features.5.17.attn.qkv.weight', 'swin_s'],
  ['features.5.5.attn.qkv.weight', 'swin_t'],
  ['encoder.layers.encoder_layer_23.self_attention.in_proj_weight', 'vit_l_16'],
  ['encoder.layers.encoder_layer_11.self_attention.in_proj_weight', 'vit_b_16'],
  ['features.18.1.weight', 'mobilenet_v2'],
  ['features.15.block.2.fc1.weight', 'mobilenet_v3_large'],
  ['features.11.block.2.fc1.weight', 'mobilenet_v3_small'],
  ['features.49.weight', 'vgg19_bn'],
  ['features.40.weight', 'vgg16_bn'],
  ['features.34.weight', 'vgg19'],
  ['features.28.weight', 'vgg16'],
  ['features.25.weight', 'vgg11_bn'],
  ['features.18.weight', 'vgg11'],
  ['Conv2d_1a_3x3.conv.weight', 'inception_v3'],
  ['inception5b.branch4.1.conv.weight', 'googlenet'],
];
/** timm's ResNets have the same names with more in between; these tell the two apart. */
const OTHERS = /(^|\.)(conv_stem|patch_embed|stem|downsample\.conv)\./;

/** A network of torchvision that has tensors of these names; null where none is known. */
export function torchvisionNetwork(names: ReadonlySet<string>): string | null {
  if ([...names].some((name) => OTHERS.test(name))) return null;
  return NETWORKS.find(([tensor]) => names.has(tensor))?.[1] ?? null;
}
