import { pageCost } from './pageSizes.ts';
import { basename } from 'node:path';
import { realInputs } from '../adapt/flow/inputs.ts';
import { modelCosts } from '../graph/cost/cost.ts';
import { steeringConstants } from '../graph/shapes/steering.ts';
import { dtypeName } from '../tensors/dtypes.ts';
import type { Dim, ValueInfo } from '../formats/onnx/model.ts';
import type { PageFirstLayer } from '../protocol/messages.ts';
import type { PageCost } from '../protocol/sizes.ts';
import { withOpenModel } from '../jobs/openModel.ts';
import { pageFirstLayers, pageHead } from './pageModel.ts';
import { contradictionTexts } from './pageSizes.ts';
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
  readonly irVersion: number;
  readonly opsets: readonly string[];
  readonly inputs: readonly DeclaredValue[];
  readonly outputs: readonly DeclaredValue[];
  readonly nodeCount: number;
  readonly parameterCount: number;
  /** Multiply-adds and activation memory for one image; null where sizes are not known. */
  readonly cost: PageCost;
  /** Names of the inputs' sizes, which `--bind` gives numbers: those the file declares, and ours where it leaves a size open. */
  readonly sizes: readonly string[];
  /** Where the file says something else than what follows, a sentence each. */
  readonly contradictions: readonly string[];
  readonly firstLayers: readonly PageFirstLayer[];
  /** What reading cost. */
  readonly io: { readonly bytesRead: number; readonly fileSize: number; readonly reads: number };
}

/** What a model is, without reading its weights. `bind` gives sizes to names, so that costs can be counted. */
export async function inspectFile(
  path: string,
  bind: Readonly<Record<string, number>> = {},
  signal?: AbortSignal,
): Promise<Inspection> {
  return withOpenModel(path, signal, async ({ source, model, ctx }) => {
    const constants = await steeringConstants(model, ctx);
    const shapes = boundShapes(model, { constants, bind });
    const { graph } = model;
    const cost = pageCost(modelCosts(model, shapes).total);
    return {
      file: basename(path),
      ...pageHead(model),
      inputs: realInputs(graph).map(declared),
      outputs: graph.outputs.map(declared),
      nodeCount: graph.nodes.length,
      parameterCount: cost.params,
      cost,
      sizes: shapes.sizes,
      contradictions: contradictionTexts(shapes),
      firstLayers: pageFirstLayers(graph),
      io: { bytesRead: source.bytesRead, fileSize: source.size, reads: source.reads },
    };
  });
}

function declared({ name, type }: ValueInfo): DeclaredValue {
  if (type?.kind !== 'tensor') return { name, dtype: type?.what ?? 'unknown', dims: null };
  return { name, dtype: dtypeName(type.dtype), dims: type.dims };
}

export function inspectText(i: Inspection): string[] {
  const value = (v: DeclaredValue): string =>
    `${v.name}: ${v.dtype}${v.dims ? `[${v.dims.map((d) => d ?? '?').join(', ')}]` : ''}`;
  return [
    `${i.file}: ${i.producer || 'unknown producer'}, IR ${i.irVersion}, ${i.opsets.join(', ')}`,
    ...i.inputs.map((v) => `input ${value(v)}`),
    ...i.outputs.map((v) => `output ${value(v)}`),
    `${i.nodeCount} ${i.nodeCount === 1 ? 'node' : 'nodes'}, ${i.parameterCount} parameters, ${i.io.fileSize} bytes (${i.io.bytesRead} read)`,
    costText(i),
    ...i.contradictions.map((c) => `contradiction: ${c}`),
    ...i.firstLayers.map(
      (l) =>
        `first layer ${l.opType}${l.node && ` ${l.node}`}: ${l.weight} ${l.dtype}[${l.dims.join(', ')}] as ${l.layout}, strides ${l.strides.join('×')}, pads ${l.pads.join(' ')}${l.autoPad === 'NOTSET' ? '' : ` (${l.autoPad})`}, group ${l.group}`,
    ),
  ];
}

/** More names than these say nothing in a line. */
const MAX_SIZES = 8;

function costText({ cost, sizes }: Inspection): string {
  const { uncounted, unknownOperators, moreOperators } = cost;
  const names = `${sizes.slice(0, MAX_SIZES).join(', ')}${sizes.length > MAX_SIZES ? ', …' : ''}`;
  const bind = sizes.length > 0 ? `; --bind NAME=NUMBER gives sizes to ${names}` : '';
  const nodes = `${uncounted} ${uncounted === 1 ? 'node' : 'nodes'} with unknown sizes${bind}`;
  const operators = `${unknownOperators.join(', ')}${moreOperators > 0 ? ` and ${moreOperators} more` : ''}`;
  const without = [...(uncounted > 0 ? [nodes] : []), ...(unknownOperators.length > 0 ? [operators] : [])];
  const left = without.length > 0 ? ` (not counted: ${without.join('; ')})` : '';
  const multiplied = `${cost.macs ?? 'unknown'} multiply-adds for one image${left}`;
  return `${multiplied}, ${cost.memory ?? 'unknown'} bytes of activations, ${cost.peak ?? 'unknown'} at once`;
}
