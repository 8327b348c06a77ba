import type { Fact, Format } from '../format.ts';
import { foreignFormat } from '../foreignFormat.ts';
import type { Model } from './model.ts';
import { scanModel } from './scan/scan.ts';
import { WireReader } from './scan/wire.ts';
import { storedTensor } from './tensors/storedTensor.ts';

/** An ONNX model. Its bytes begin like any protobuf message, so it is recognised by not being anything else. */
export const onnxFormat: Format = {
  id: 'onnx',
  title: 'ONNX model',
  holds: 'graph',
  recognise: (head) => foreignFormat(head) === null,
  open: async (source, { signal, external }) => {
    const model = await scanModel(source, signal);
    const ctx = { wire: new WireReader(source, signal), external };
    const { initializers, sparseInitializers } = model.graph;
    return {
      facts: facts(model),
      warnings: [],
      tensors: [
        ...initializers.map((tensor) => storedTensor(ctx, tensor, tensor.name)),
        ...sparseInitializers.map((sparse) => storedTensor(ctx, sparse, sparse.values.name)),
      ],
      graph: { model, ctx },
      writer: { refused: 'A model with a graph is changed through its graph.' },
    };
  },
};

function facts(model: Model): Fact[] {
  const opsets = model.opsets.map(({ domain, version }) => `${domain || 'ai.onnx'} ${version}`);
  return [
    { label: 'IR version', value: String(model.irVersion) },
    { label: 'Producer', value: [model.producerName, model.producerVersion].filter(Boolean).join(' ') },
    { label: 'Opsets', value: opsets.join(', ') },
  ].filter(({ value }) => value !== '');
}
