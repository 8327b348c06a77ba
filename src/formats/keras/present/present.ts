import { MemorySource, type ByteSource } from '../../../bytes/byteSource.ts';
import { FLOAT } from '../../../tensors/dtypes.ts';
import type { Model } from '../../onnx/model.ts';
import { RECORD_KEY } from '../../format.ts';
import { scanModel } from '../../onnx/scan/scan.ts';
import type { Hdf5Tree } from '../hdf5/trees/tree.ts';
import { graphDims, inputShape, inputType } from '../network/inputShape.ts';
import { valueName, type Call, type Network } from '../network/network.ts';
import { KERAS_TYPES } from '../elementTypes.ts';
import { GraphBuilder, type WeightView } from './graphBuilder.ts';
import { LayerBuilder, type Presentation, type Value, channelsToLast } from './layerBuilder.ts';
import { layerRule } from './layers/table.ts';
import { WeightSource, weightsByName, type StoredWeight } from './weightSource.ts';
import { Unpresentable } from './unpresentable.ts';

/**
 * A Keras network in the terms of ONNX: a model whose bytes exist only in memory and whose weights are views of
 * datasets.
 */
export interface PresentedNetwork {
  readonly source: ByteSource;
  readonly model: Model;
  /** What each weight of the graph is in the file. */
  readonly weights: ReadonlyMap<string, WeightView>;
  /** Every weight that a layer was found to have, by the layer's path and Keras's name. */
  readonly stored: ReadonlyMap<string, StoredWeight>;
  /** The tensors of the graph behind the network's values. */
  readonly values: ReadonlyMap<string, Value>;
  /** What the Transposes make that stand between Keras's order of axes and ONNX's. */
  readonly turned: ReadonlySet<string>;
  /** Layers that no operator stands for, by name, with the reason. */
  readonly opaque: ReadonlyMap<string, string>;
}

export interface PresentRequest {
  readonly network: Network;
  readonly tree: Hdf5Tree;
  /** As the file says it, such as 2.4.0. */
  readonly version: string;
  /** What the file tells of its adaptation. */
  readonly record?: string | null;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Puts a network into operators, layer by layer. Layers that can't be presented stand there by their class, and
 * everything behind them that follows.
 */
export async function present({ network, tree, version, record, signal }: PresentRequest): Promise<PresentedNetwork> {
  const graph = new GraphBuilder();
  const weights = new WeightSource(tree, await weightsByName(tree));
  const presentation: Presentation = { graph, weights, turned: new Map(), major: Number.parseInt(version, 10) || 2 };
  const values = new Map<string, Value>();
  const opaque = new Map<string, string>();
  for (const layer of network.inputs) {
    const shape = inputShape(layer);
    const name = layer.className === 'InputLayer' ? layer.path : `${layer.path}_input`;
    graph.input(name, KERAS_TYPES[inputType(layer)] ?? FLOAT, shape ? graphDims(shape.dims) : null);
    values.set(name, { name, rank: shape ? shape.dims.length : null, moved: false });
  }
  for (const call of network.calls) {
    const inputs = call.inputs.map((name) => values.get(name) ?? { name, rank: null, moved: false });
    const made = await presentCall(presentation, call, { inputs, opaque });
    made.forEach((value, i) => values.set(valueName(call.name, i), value));
  }
  finish(graph, network, values);
  const source = new MemorySource(
    graph.encode({ name: network.name, version, metadata: record ? [[RECORD_KEY, record]] : [] }),
  );
  return {
    source,
    model: await scanModel(source, signal),
    weights: graph.weights,
    stored: weights.found,
    values,
    turned: new Set(presentation.turned.values()),
    opaque,
  };
}

async function presentCall(
  presentation: Presentation,
  call: Call,
  { inputs, opaque }: { inputs: readonly Value[]; opaque: Map<string, string> },
): Promise<readonly Value[]> {
  const rule = layerRule(call);
  const builder = new LayerBuilder(presentation, call);
  const before = presentation.graph.snapshot();
  const turned = presentation.turned.size;
  try {
    if (!rule) throw new Unpresentable('no operator stands for it');
    return await rule(builder, inputs);
  } catch (error) {
    if (!(error instanceof Unpresentable)) throw error;
    presentation.graph.restore(before);
    for (const id of [...presentation.turned.keys()].slice(turned)) presentation.turned.delete(id);
    opaque.set(call.layer.path, error.message);
    return builder.layerNode({ inputs: inputs.map((value) => value.name), ranks: [null] });
  }
}

/** The outputs get the names of their layers and the order of Keras. */
function finish(graph: GraphBuilder, network: Network, values: ReadonlyMap<string, Value>): void {
  const used = new Set<string>();
  for (const output of network.outputs) {
    const value = values.get(output);
    const name = `${output}/output`;
    if (!value || used.has(name)) continue;
    used.add(name);
    const toLast = value.moved && value.rank !== null ? channelsToLast(value.rank) : null;
    graph.node({
      name,
      opType: toLast ? 'Transpose' : 'Identity',
      inputs: [value.name],
      outputs: [name],
      attributes: toLast ? [{ name: 'perm', ints: toLast }] : [],
      className: 'Output',
    });
    graph.output(name);
  }
}
