import type { Dim } from '../../formats/onnx/model.ts';
import { modelCosts } from '../../graph/cost/cost.ts';
import { steeringConstants } from '../../graph/shapes/steering.ts';
import { shownDim } from '../../graph/sizes/dims.ts';
import { refuseWeightsAlone } from '../../jobs/open/openFile.ts';
import { withOpenModel } from '../../jobs/open/openModel.ts';
import { dtypeName } from '../../tensors/dtypes.ts';
import { csvLine } from '../../text/csv.ts';
import { countOrUnknown } from '../../text/numbers.ts';
import { boundShapes } from './shapes.ts';

/** One node of the main graph, with what its first output is and what it costs for one image. */
export interface Layer {
  readonly name: string;
  readonly operator: string;
  readonly output: string;
  readonly dtype: string | null;
  readonly dims: readonly Dim[] | null;
  readonly parameters: number;
  /** null where a size or a counting rule is not known. */
  readonly multiplyAdds: number | null;
  readonly memory: number | null;
}

/** Every node in the file's order. `bind` gives sizes to names, so that costs can be counted. */
export async function layersOfFile(
  path: string,
  bind: Readonly<Record<string, number>>,
  signal?: AbortSignal,
): Promise<Layer[]> {
  await refuseWeightsAlone(path);
  return withOpenModel(path, signal, async ({ model, ctx }) => {
    const shapes = boundShapes(model, { constants: await steeringConstants(model, ctx), bind });
    const costs = modelCosts(model, shapes);
    return model.graph.nodes.map((node) => {
      const [output = ''] = node.outputs;
      const made = shapes.tensors.get(output);
      const { params, macs, memory } = costs.of(node);
      return {
        name: node.name,
        operator: node.domain === '' ? node.opType : `${node.domain}:${node.opType}`,
        output,
        dtype: made?.dtype == null ? null : dtypeName(made.dtype),
        dims: made?.dims?.map(shownDim) ?? null,
        parameters: params,
        multiplyAdds: macs,
        memory,
      };
    });
  });
}

const TITLES = ['name', 'operator', 'output', 'dtype', 'shape', 'parameters', 'multiply-adds', 'memory'];

/** A line of titles, then one for each node. Empty cells are unknown. */
export function layersCsv(layers: readonly Layer[]): string {
  const lines = layers.map((layer) => [
    layer.name,
    layer.operator,
    layer.output,
    layer.dtype,
    layer.dims === null ? null : dimsText(layer.dims, '×'),
    layer.parameters,
    layer.multiplyAdds,
    layer.memory,
  ]);
  return [TITLES, ...lines].map(csvLine).join('');
}

/** A line for each node, for a terminal. */
export function layersText(layers: readonly Layer[]): string[] {
  return layers.map((layer) => {
    const { name, operator, output, dtype, dims, parameters, multiplyAdds, memory } = layer;
    const shape = dims === null ? 'unknown shape' : `[${dimsText(dims, ', ')}]`;
    const costs = [
      `${countOrUnknown(parameters)} parameters`,
      `${countOrUnknown(multiplyAdds)} multiply-adds`,
      `${countOrUnknown(memory)} bytes`,
    ];
    return `${operator}${name && ` ${name}`} → ${output}: ${dtype ?? 'unknown type'} ${shape}; ${costs.join(', ')}`;
  });
}

function dimsText(dims: readonly Dim[], between: string): string {
  return dims.map((dim) => dim ?? '?').join(between);
}
