import { items, member, text, type Json } from '../../../../bytes/json/json.ts';
import type { Layer } from '../../network/network.ts';
import type { LayerBuilder, LayerRule, Value } from '../layerBuilder.ts';
import { Unpresentable } from '../unpresentable.ts';

/** A layer that another one wraps, with the weights of its own group. */
function wrapped(builder: LayerBuilder, json: Json): Layer {
  const { layer } = builder.call;
  const className = text(member(json, 'class_name'));
  if (className === undefined) throw new Unpresentable('it does not say which layer it wraps');
  const module = text(member(json, 'module')) ?? '';
  return { ...layer, className, module, json, config: member(json, 'config'), group: `${layer.group}/layer` };
}

/** [batch, steps, …] as [batch · steps, …]. */
function steps(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const x = builder.plain(value);
  const each = builder.node('Shape', [x], [{ name: 'start', int: 2 }]);
  const sizes = builder.node('Concat', [builder.ints('all', [-1]), each], [{ name: 'axis', int: 0 }]);
  return [{ name: builder.node('Reshape', [x, sizes]), rank: builder.rank(value) - 1, moved: false }];
}

/** What was made of every step, [batch · steps, …], as [batch, steps, …] like the tensor in front. */
function together(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const [before, made] = inputs;
  if (!before || !made) throw new Unpresentable('nothing was made of its steps');
  const x = builder.plain(made);
  const outer = builder.node('Shape', [builder.plain(before)], [{ name: 'end', int: 2 }]);
  const each = builder.node('Shape', [x], [{ name: 'start', int: 1 }]);
  const sizes = builder.node('Concat', [outer, each], [{ name: 'axis', int: 0 }]);
  return [{ name: builder.node('Reshape', [x, sizes]), rank: builder.rank(made) + 1, moved: false }];
}

/** Rules that hand a layer over to the rule of the one it wraps. */
export function wrapping(ruleOf: (className: string) => LayerRule | undefined): Readonly<Record<string, LayerRule>> {
  const asWrapped = (builder: LayerBuilder, json: Json, inputs: readonly Value[]): ReturnType<LayerRule> => {
    const layer = wrapped(builder, json);
    const rule = ruleOf(layer.className);
    if (!rule) throw new Unpresentable(`it wraps ${layer.className}, which no operator stands for`);
    return rule(builder.forLayer(layer), inputs);
  };
  const asInner: LayerRule = (builder, inputs) => {
    const json = builder.setting('layer');
    if (!json) throw new Unpresentable('it does not say which layer it wraps');
    return asWrapped(builder, json, inputs);
  };
  return {
    /** https://keras.io/api/layers/recurrent_layers/time_distributed/ */
    TimeDistributed: (builder, inputs) => {
      if (builder.call.part === 'steps') return steps(builder, inputs);
      return builder.call.part === 'together' ? together(builder, inputs) : asInner(builder, inputs);
    },
    /** https://keras.io/api/layers/preprocessing_layers/image_preprocessing/pipeline/ */
    Pipeline: async (builder, inputs) => {
      let values: Value[] = [...inputs];
      for (const json of items(builder.setting('layers'))) values = await asWrapped(builder, json, values);
      return values;
    },
    /** Only training normalises the kernel: https://keras.io/api/layers/normalization_layers/spectral_normalization/ */
    SpectralNormalization: asInner,
  };
}
