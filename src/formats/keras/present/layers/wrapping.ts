import { member, text, type Json } from '../../../../bytes/json/json.ts';
import type { Layer } from '../../network/network.ts';
import { type LayerBuilder, type LayerRule, Unpresentable, type Value } from '../layerBuilder.ts';

/** Layers that do the same at every step, whatever axes stand in front of the last one. */
const ALONG_LAST = new Set(['Dense', 'Activation', 'ReLU', 'LeakyReLU', 'ELU', 'Dropout', 'LayerNormalization']);

/** The layer that another one wraps, with the weights of its own group. */
function inner(builder: LayerBuilder): Layer {
  const { layer } = builder.call;
  const json: Json | undefined = builder.setting('layer');
  const className = text(member(json, 'class_name'));
  if (!json || className === undefined) throw new Unpresentable('it does not say which layer it wraps');
  const module = text(member(json, 'module')) ?? '';
  return { ...layer, className, module, json, config: member(json, 'config'), group: `${layer.group}/layer` };
}

/** Rules that hand a layer over to the rule of the one it wraps. */
export function wrapping(ruleOf: (className: string) => LayerRule | undefined): Readonly<Record<string, LayerRule>> {
  const asInner = (builder: LayerBuilder, inputs: readonly Value[]): ReturnType<LayerRule> => {
    const layer = inner(builder);
    const rule = ruleOf(layer.className);
    if (!rule) throw new Unpresentable(`it wraps ${layer.className}, which no operator stands for`);
    return rule(builder.forLayer(layer), inputs);
  };
  return {
    /** https://keras.io/api/layers/recurrent_layers/time_distributed/ */
    TimeDistributed: (builder, inputs) => {
      const { className } = inner(builder);
      if (!ALONG_LAST.has(className)) throw new Unpresentable(`it applies ${className} to each step`);
      return asInner(builder, inputs);
    },
    /** Only training normalises the kernel: https://keras.io/api/layers/normalization_layers/spectral_normalization/ */
    SpectralNormalization: asInner,
  };
}
