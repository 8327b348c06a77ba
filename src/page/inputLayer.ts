import { provenanceOf } from '../adapt/report/provenance.ts';
import { ChannelwiseError } from '../bytes/errors.ts';
import type { Dim, Graph, ValueInfo } from '../formats/onnx/model.ts';
import { storedTensor } from '../formats/onnx/tensors/storedTensor.ts';
import { connectionsOf } from '../graph/connections.ts';
import { filterGrid, type FilterGrid } from '../graph/inputLayers/filters.ts';
import { inputLayers, type InputLayer } from '../graph/inputLayers/inputLayers.ts';
import { composedSteps, inputSteps, pixelRange, type InputSteps } from '../graph/inputLayers/inputSteps.ts';
import { firstDownsampling, receptiveField } from '../graph/inputLayers/receptiveField.ts';
import { inferShapes } from '../graph/shapes/shapes.ts';
import { steeringConstants } from '../graph/shapes/steering.ts';
import { withOpenModel, type OpenModel } from '../jobs/open/openModel.ts';
import type { PageOriginal } from '../protocol/adaptation.ts';
import type { InputLayerMethods, PageFilterSet, PageInputLayerFacts, PageLayerInput } from '../protocol/inputLayer.ts';
import type { CallContext } from '../rpc/messages.ts';
import { dtypeName } from '../tensors/dtypes.ts';
import { originalOf } from './adaptation.ts';
import { encodedFilters, filtersEnd, filterValues } from './filterPictures.ts';

/** What is known about an input layer without its weights. Throws `refused` where there is no such layer. */
export async function inputLayerFacts(
  path: string,
  index: number,
  { signal }: Pick<CallContext, 'signal'>,
): Promise<PageInputLayerFacts> {
  const facts = await withOpenModel(path, signal, async (open) => {
    const layer = layerAt(open, index);
    const { graph } = open.model;
    const grid = await gridOf(open, layer);
    const downsampling = firstDownsampling(graph, layer, (name) => open.stored.get(name)?.dims ?? null);
    return {
      inputs: await Promise.all(inputsOf(graph, layer, open).map((input) => layerInput(open, layer, input))),
      field: receptiveField(layer),
      downsampling:
        downsampling && downsampling.node !== layer.node
          ? { ...downsampling.field, node: downsampling.node.name || downsampling.node.opType }
          : null,
      ...(typeof grid === 'string' ? { filters: null, why: grid } : { filters: filterSet(grid), why: null }),
      stored: layer.stored,
      note:
        layer.via.includes('DequantizeLinear') || /Integer|QLinear/.test(layer.node.opType)
          ? `The values are stored as ${dtypeName(layer.dtype)}, before the layer's scale is applied.`
          : null,
      beside: await besideOf(open, path),
    };
  });
  const { beside, ...own } = facts;
  return { ...own, original: beside && (await originalFacts(beside, own.stored, signal)) };
}

/** The values of some filters of a layer, of the file itself or of the original beside it. Reads only their bytes. */
export async function layerFilters(
  path: string,
  args: InputLayerMethods['layerFilters']['args'],
  { signal }: Pick<CallContext, 'signal'>,
): Promise<InputLayerMethods['layerFilters']['result']> {
  const { stored, beside } = await withOpenModel(path, signal, async (open) => ({
    stored: layerAt(open, args.layer).stored,
    beside: args.of === 'original' ? await besideOf(open, path) : null,
  }));
  if (args.of === 'original' && beside?.state !== 'same')
    throw new ChannelwiseError('refused', 'no-original', `The original is not beside this file.`);
  return withOpenModel(beside?.path ?? path, signal, async (open) => {
    const layer = beside ? layerOf(open, stored) : layerAt(open, args.layer);
    const grid = layer && (await gridOf(open, layer));
    if (!layer || !grid || typeof grid === 'string')
      throw new ChannelwiseError(
        'refused',
        'no-pictures',
        typeof grid === 'string' ? grid : `The original has no input layer with the weight ${stored}.`,
      );
    const to = filtersEnd(grid, args.from);
    const numbers = await filterValues(storedTensor(open.ctx, layer.tensor, stored), grid.block(args.from, to));
    return { from: args.from, to, values: encodedFilters(grid.arrange(numbers, to - args.from)) };
  });
}

function layerAt({ model }: OpenModel, index: number): InputLayer {
  const layer = inputLayers(model.graph)[index];
  if (!layer)
    throw new ChannelwiseError('refused', 'no-layer', 'The model has no such input layer any more; reopen the editor.');
  return layer;
}

function layerOf({ model }: OpenModel, stored: string): InputLayer | null {
  return inputLayers(model.graph).find((inputLayer) => inputLayer.stored === stored) ?? null;
}

async function gridOf({ model, ctx }: OpenModel, layer: InputLayer): Promise<FilterGrid | string> {
  // Only a matrix takes its pictures' size from the shapes around it.
  const shapes = layer.matrix ? inferShapes(model, { constants: await steeringConstants(model, ctx) }).tensors : null;
  return filterGrid(model.graph, layer, (name): readonly Dim[] | null => shapes?.get(name)?.dims ?? null);
}

function filterSet({ count, channels, height, width }: FilterGrid): PageFilterSet {
  return { count, channels, height, width };
}

async function besideOf({ model }: OpenModel, path: string): Promise<PageOriginal | null> {
  const last = provenanceOf(model).at(-1);
  return last ? originalOf(path, last) : null;
}

async function originalFacts(
  { name, path, state }: PageOriginal,
  stored: string,
  signal: AbortSignal,
): Promise<PageInputLayerFacts['original']> {
  if (state !== 'same' || path === null) {
    const why =
      state === 'changed'
        ? `${name} beside this file is not the file it was made from`
        : `The file it was made from${name ? `, ${name},` : ''} is not beside it`;
    return { file: name, filters: null, why: `${why}, so the filters from before are not shown.` };
  }
  return withOpenModel(path, signal, async (open) => {
    const layer = layerOf(open, stored);
    const grid = layer && (await gridOf(open, layer));
    return grid && typeof grid !== 'string'
      ? { file: name, filters: filterSet(grid), why: null }
      : {
          file: name,
          filters: null,
          why: `${name} has no input layer with the weight ${stored}, so the filters from before are not shown.`,
        };
  });
}

/** The graph inputs that the layer's pixels are made of. */
function inputsOf(graph: Graph, layer: InputLayer, { stored }: OpenModel): ValueInfo[] {
  const { makers } = connectionsOf(graph.nodes);
  const seen = new Set([layer.data]);
  for (const name of seen) for (const input of makers.get(name)?.inputs ?? []) if (input) seen.add(input);
  return graph.inputs.filter((i) => seen.has(i.name) && !stored.has(i.name));
}

async function layerInput({ model, ctx }: OpenModel, layer: InputLayer, input: ValueInfo): Promise<PageLayerInput> {
  const type = input.type?.kind === 'tensor' ? input.type : null;
  const found = await inputSteps(model.graph, ctx, input.name);
  const all = composedSteps(found.steps);
  const useful = all && found.steps.length > 0 && all.scale.every((s) => s !== 0 && Number.isFinite(s));
  return {
    name: input.name,
    dtype: type ? dtypeName(type.dtype) : 'unknown',
    dims: type?.dims?.map((dim) => (dim === null ? '?' : String(dim))) ?? null,
    layout: layer.matrix ? null : layoutOf(type?.dims ?? null, layer, found),
    range: pixelRange(type?.dtype ?? null, found.steps),
    normalisation: useful
      ? {
          mean: all.scale.map((s, c) => -(all.shift[c] ?? 0) / s),
          std: all.scale.map((s) => 1 / s),
          nodes: found.steps.map((step) => `${step.node.opType}${step.node.name ? ` ${step.node.name}` : ''}`),
        }
      : null,
  };
}

const LETTERS: Readonly<Record<number, string>> = { 3: 'NCW', 4: 'NCHW', 5: 'NCDHW' };

/**
 * A convolution reads channels second; what Transposes on the way do to the axes is undone. Where other steps stand
 * between, the sizes decide or nothing does.
 */
function layoutOf(dims: readonly Dim[] | null, layer: InputLayer, { perm, end }: InputSteps): string | null {
  const letters = LETTERS[layer.dims.length];
  if (!letters || (dims && dims.length !== letters.length)) return null;
  if (perm) return [...letters].map((_, axis) => letters[perm.indexOf(axis)] ?? '?').join('');
  if (end === layer.data) return letters;
  const channels = (layer.dims[1] ?? 0) * layer.group;
  const [isSecond, isLast] = [dims?.[1] === channels, dims?.at(-1) === channels];
  if (isSecond) return letters;
  return isLast ? `N${letters.slice(2)}C` : null;
}
