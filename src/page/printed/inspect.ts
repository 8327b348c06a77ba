import { realInputs } from '../../adapt/inputs/candidates.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import { basename } from '../../files/paths.ts';
import type { Dim, ValueInfo } from '../../formats/onnx/model.ts';
import { modelCosts } from '../../graph/cost/cost.ts';
import type { Shapes } from '../../graph/shapes/inferredShapes.ts';
import { steeringConstants } from '../../graph/shapes/steering.ts';
import { shownDim, symbolDim } from '../../graph/sizes/dims.ts';
import { holdsWeightsAlone, withOpenFile } from '../../jobs/open/openFile.ts';
import { withOpenModel } from '../../jobs/open/openModel.ts';
import type { PageInputLayer } from '../../protocol/pageModel.ts';
import type { PageCost } from '../../protocol/sizes.ts';
import { dtypeName } from '../../tensors/dtypes.ts';
import { countOf, countOrUnknown, countText } from '../../text/numbers.ts';
import { asStored } from '../model/kerasWeights.ts';
import { modelHead, pageInputLayers } from '../model/pageModel.ts';
import { pageCost, contradictionTexts } from '../model/pageSizes.ts';
import { inspectWeights, weightsText, type WeightsInspection } from './inspectWeights.ts';
import { boundShapes } from './shapes.ts';

export interface DeclaredValue {
  readonly name: string;
  readonly dtype: string;
  /** A number, a name, or null for a size; null in place of the list where the rank is unknown. */
  readonly dims: readonly Dim[] | null;
}

export interface Inspection {
  readonly file: string;
  readonly producer: string;
  /** null, and no opsets, for a file that is no ONNX model. */
  readonly irVersion: number | null;
  readonly opsets: readonly string[];
  readonly inputs: readonly DeclaredValue[];
  readonly outputs: readonly DeclaredValue[];
  readonly nodeCount: number;
  readonly parameterCount: number;
  /** Multiply-adds and activation memory for one image; null where sizes are not known. */
  readonly cost: PageCost;
  /**
   * Names of the inputs' sizes, which `--bind` gives numbers: those the file declares, and ours where it leaves a size
   * open.
   */
  readonly sizes: readonly string[];
  /** Where the file says something else than what follows, a sentence each. */
  readonly contradictions: readonly string[];
  /** The input layers, under the name that scripts know them by. */
  readonly firstLayers: readonly PageInputLayer[];
  /** What reading cost. */
  readonly io: { readonly bytesRead: number; readonly fileSize: number; readonly reads: number };
}

/** What a file of any format is: a model with its graph, or weights alone. */
export async function inspectAny(
  path: string,
  bind: Readonly<Record<string, number>> = {},
  signal?: AbortSignal,
): Promise<Inspection | WeightsInspection> {
  if (await holdsWeightsAlone(path)) {
    if (Object.keys(bind).length > 0)
      throw new ChannelwiseError(
        'refused',
        'bind',
        'Weights alone have no sizes that could be given numbers (`--bind`).',
      );
    return withOpenFile(path, signal, inspectWeights);
  }
  return inspectFile(path, bind, signal);
}

/** What a model is, without reading its weights. `bind` gives sizes to names, so that costs can be counted. */
export async function inspectFile(
  path: string,
  bind: Readonly<Record<string, number>> = {},
  signal?: AbortSignal,
): Promise<Inspection> {
  return withOpenModel(path, signal, async ({ source, model, ctx, keras, cost: readCost }) => {
    const constants = await steeringConstants(model, ctx);
    const shapes = boundShapes(model, { constants, bind });
    const { graph } = model;
    const cost = pageCost(modelCosts(model, shapes).total);
    return {
      file: basename(path),
      ...modelHead(model),
      ...(keras ? { irVersion: null, opsets: [] } : {}),
      inputs: realInputs(graph).map((value) => declared(value, shapes)),
      outputs: graph.outputs.map((value) => declared(value, shapes)),
      nodeCount: graph.nodes.length,
      parameterCount: cost.params,
      cost,
      sizes: shapes.sizes,
      contradictions: contradictionTexts(shapes),
      firstLayers: asStored(pageInputLayers(graph), keras?.presented.weights),
      io: { ...readCost(), fileSize: source.size },
    };
  });
}

/**
 * Sizes that the file leaves open have the names that `bind` takes; what it does not declare follows from the graph.
 */
function declared({ name, type }: ValueInfo, shapes: Shapes): DeclaredValue {
  const found = shapes.tensors.get(name);
  const named = found?.dims ?? null;
  if (!type)
    return { name, dtype: found?.dtype ? dtypeName(found.dtype) : 'unknown', dims: named?.map(shownDim) ?? null };
  if (type.kind !== 'tensor') return { name, dtype: type.what, dims: null };
  const isOpen = (dim: Dim): boolean => dim === null || (typeof dim === 'string' && symbolDim(dim) === null);
  const dims = type.dims?.map((dim, axis) => (isOpen(dim) ? (named?.[axis] ?? null) : dim)) ?? named;
  return { name, dtype: dtypeName(type.dtype), dims: dims?.map(shownDim) ?? null };
}

/** What was found, as lines for a terminal. */
export function inspectText(found: Inspection | WeightsInspection): string[] {
  if ('format' in found) return weightsText(found);
  const { io } = found;
  const nodes = countOf(found.nodeCount, 'node');
  const versions = [...(found.irVersion === null ? [] : [`IR ${found.irVersion}`]), ...found.opsets];
  return [
    `${found.file}: ${[found.producer || 'unknown producer', ...versions].join(', ')}`,
    ...found.inputs.map((input) => `input ${valueText(input)}`),
    ...found.outputs.map((output) => `output ${valueText(output)}`),
    `${nodes}, ${countOf(found.parameterCount, 'parameter')}, ${countOf(io.fileSize, 'byte')} ` +
      `(${countText(io.bytesRead)} read)`,
    costText(found),
    ...found.contradictions.map((contradiction) => `contradiction: ${contradiction}`),
    ...found.firstLayers.map(inputLayerText),
  ];
}

function valueText({ name, dtype, dims }: DeclaredValue): string {
  return `${name}: ${dtype}${dims ? `[${dims.map((dim) => dim ?? '?').join(', ')}]` : ''}`;
}

/** More names than these say nothing in a line. */
const MAX_SIZES = 8;

function costText({ cost, sizes }: Inspection): string {
  const { uncounted, unknownOperators, moreOperators } = cost;
  const names = `${sizes.slice(0, MAX_SIZES).join(', ')}${sizes.length > MAX_SIZES ? ', …' : ''}`;
  const bind = sizes.length > 0 ? `; --bind NAME=NUMBER gives sizes to ${names}` : '';
  const nodes = `${countOf(uncounted, 'node')} with unknown sizes${bind}`;
  const operators = `${unknownOperators.join(', ')}${moreOperators > 0 ? ` and ${moreOperators} more` : ''}`;
  const without = [...(uncounted > 0 ? [nodes] : []), ...(unknownOperators.length > 0 ? [operators] : [])];
  const left = without.length > 0 ? ` (not counted: ${without.join('; ')})` : '';
  const multiplied = `${countOrUnknown(cost.macs)} multiply-adds for one image${left}`;
  return `${multiplied}, ${countOrUnknown(cost.memory)} bytes of activations, ${countOrUnknown(cost.peak)} at once`;
}

/** A matrix product has no strides and no pads. */
function inputLayerText(layer: PageInputLayer): string {
  const { node, opType, weight, dtype, dims, layout, strides, pads, autoPad, group } = layer;
  const window = [
    strides.length > 0 ? `, strides ${strides.join('×')}` : '',
    pads.length > 0 ? `, pads ${pads.join(' ')}` : '',
    autoPad === 'NOTSET' ? '' : ` (${autoPad})`,
    strides.length > 0 ? `, group ${group}` : '',
  ];
  return (
    `input layer ${opType}${node && ` ${node}`}: ${weight} ${dtype}[${dims.join(', ')}] as ` +
    `${layout}${window.join('')}`
  );
}
