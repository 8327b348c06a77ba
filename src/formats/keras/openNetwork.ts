import { ChannelwiseError } from '../../bytes/errors.ts';
import type { TensorContext } from '../onnx/tensors/tensorContext.ts';
import { WireReader } from '../onnx/scan/wire.ts';
import type { KerasFile, StoredConfig } from './kerasFile.ts';
import type { Network } from './network/network.ts';
import { present, type PresentedNetwork } from './present/present.ts';
import { WeightReader } from './present/weightReader.ts';
import { readNetwork } from './network/readNetwork.ts';

/** A Keras file whose configuration is a network, with that network as a graph. */
export interface OpenedNetwork {
  readonly file: KerasFile;
  readonly config: StoredConfig;
  readonly network: Network;
  readonly presented: PresentedNetwork;
  /** Where the graph's bytes and weights are read. */
  readonly ctx: TensorContext;
}

/** Presents the network of a file. Throws `unsupported` where the file has weights alone, or its graph is code. */
export async function openNetwork(file: KerasFile, signal?: AbortSignal): Promise<OpenedNetwork> {
  const { config, tree, version } = file;
  if (!config)
    throw new ChannelwiseError(
      'unsupported',
      'keras-weights-only',
      'This file holds weights alone; save the whole model from Keras (model.save) to have its layers too.',
    );
  const network = readNetwork(config.json);
  const presented = await present({ network, tree, version, record: file.record, signal });
  const ctx = {
    wire: new WireReader(presented.source, signal),
    external: new WeightReader(tree, presented.weights),
  };
  return { file, config, network, presented, ctx };
}
