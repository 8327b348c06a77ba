import { basename } from 'node:path';
import { modelCosts, type NodeCost } from '../graph/cost/cost.ts';
import { shownDim } from '../graph/sizes/dims.ts';
import { firstLayers } from '../graph/firstLayers/firstLayers.ts';
import { dtypeName } from '../tensors/dtypes.ts';
import type { Attribute, Dim, Graph, Model, Node, SparseTensor, Tensor, ValueInfo } from '../formats/onnx/model.ts';
import type {
  DimText,
  PageEdge,
  PageModel,
  PageNode,
  PageOperator,
  PageValue,
  PageWeight,
} from '../protocol/messages.ts';
import type { PageAdaptation } from '../protocol/adaptation.ts';
import type { PageBinding } from '../protocol/sizes.ts';
import { operatorSchema } from '../graph/operatorSchema.ts';
import type { ScopeShapes } from '../graph/shapes/scope.ts';
import { nodeScope } from '../graph/scopes.ts';
import { inferShapes, type Shapes } from '../graph/shapes/shapes.ts';
import { steeringConstants } from '../graph/shapes/steering.ts';
import { storedTensors } from '../graph/storedTensors.ts';
import { externalFiles } from '../formats/onnx/allTensors.ts';
import { adaptationOf } from './adaptation.ts';
import { dataTrouble } from '../files/external.ts';
import { withOpenModel } from '../jobs/openModel.ts';
import { pageInner } from './pageInner.ts';
import { pageSizes } from './pageSizes.ts';

/** Attribute values are for reading; longer ones are cut with the count of what is left. */
const MAX_SHOWN = 64;
const ATTRIBUTE_TYPES: Readonly<Record<number, string>> = {
  1: 'float',
  2: 'int',
  3: 'string',
  4: 'tensor',
  5: 'graph',
  6: 'floats',
  7: 'ints',
  8: 'strings',
  9: 'tensors',
  10: 'graphs',
  11: 'sparse tensor',
};

/** Reads a model file and turns it into what the page shows: names, shapes and places, never weights. */
export async function readPageModel(path: string, signal?: AbortSignal, bind: PageBinding = {}): Promise<PageModel> {
  return withOpenModel(path, signal, async ({ source, model, ctx }) => {
    const constants = await steeringConstants(model, ctx);
    const page = pageModel(
      model,
      basename(path),
      source.size,
      inferShapes(model, { constants, bind }),
      await adaptationOf(model, path),
      bind,
    );
    return { ...page, dataTrouble: await dataTrouble(path, externalFiles(model)) };
  });
}

export function pageModel(
  model: Model,
  fileName: string,
  fileSize: number,
  inferred: Shapes,
  adaptation: PageAdaptation | null = null,
  bind: PageBinding = {},
): PageModel {
  const { graph } = model;
  const shapes = knownDims(inferred);
  const costs = modelCosts(model, inferred);
  const weights = storedWeights(graph);
  const inputs = graph.inputs.filter((i) => !weights.has(i.name));
  const lookup: Lookup = {
    weight: (name) => weights.get(name),
    dims: (name) => shapes.get(name),
    dtype: (name) => inferred.tensors.get(name)?.dtype ?? null,
  };
  const inner = pageInner(
    model,
    inputs.map((i) => i.name),
    inferred,
    weights,
    costs,
  );
  return {
    fileName,
    fileSize,
    ...pageHead(model),
    inputs: inputs.map((v) => withShape(v, inferred)),
    outputs: graph.outputs.map((v) => withShape(v, inferred)),
    parameterCount: costs.total.params,
    nodes: graph.nodes.map((node, id) => pageNode(node, id, lookup, costs.of(node))),
    ...edges(graph, inputs, shapes),
    ...(inner ? { inner } : {}),
    firstLayers: pageFirstLayers(graph),
    operators: operators(model),
    sizes: pageSizes(graph, inferred, costs.total, bind),
    adaptation,
  };
}

/** Who made a model, and for which versions. */
export function pageHead(model: Model): Pick<PageModel, 'producer' | 'irVersion' | 'opsets'> {
  return {
    producer: [model.producerName, model.producerVersion].filter(Boolean).join(' '),
    irVersion: model.irVersion,
    opsets: model.opsets.map((o) => `${o.domain || 'ai.onnx'} ${o.version}`),
  };
}

export function pageFirstLayers(graph: Graph): PageModel['firstLayers'] {
  return firstLayers(graph).map((l) => ({
    nodeId: l.index,
    node: l.node.name,
    opType: l.node.opType,
    weight: l.weightName,
    dims: [...l.dims],
    dtype: dtypeName(l.dtype),
    layout: l.layout,
    strides: [...l.strides],
    pads: [...l.pads],
    dilations: [...l.dilations],
    autoPad: l.autoPad,
    group: l.group,
  }));
}

function operators(model: Model): PageOperator[] {
  const used = new Map<string, Node>();
  for (const nodes of [model.graph.nodes, ...model.functions.map((f) => f.nodes)])
    for (const n of nodes) used.set(`${n.domain}:${n.opType}`, n);
  return [...used.values()].flatMap(({ opType, domain }) => {
    const schema = operatorSchema(model, { opType, domain });
    return schema
      ? [
          {
            opType,
            domain,
            inputs: [...schema.inputs],
            outputs: [...schema.outputs],
            attributes: schema.attributes.map(({ name, type, fallback }) => ({ name, type, fallback })),
          },
        ]
      : [];
  });
}

/** Shapes by tensor name, as texts. */
export interface DimTexts {
  get(name: string): DimText[] | undefined;
}

/** What inference knows, put into words when it is first asked for: most names are weights, which say their shapes themselves. */
export function knownDims({ tensors }: ScopeShapes): DimTexts {
  const asked = new Map<string, DimText[]>();
  return {
    get: (name) => {
      const before = asked.get(name);
      const dims = before ? null : tensors.get(name)?.dims;
      if (!dims) return before;
      const texts = dims.map(dimText);
      asked.set(name, texts);
      return texts;
    },
  };
}

export function dimText(dim: Dim): DimText {
  return String(shownDim(dim) ?? '?');
}

/** A declared value with what follows for it; of a graph's inputs, named sizes have their numbers. */
function withShape(value: ValueInfo, { tensors }: Shapes): PageValue {
  const declared = pageValue(value);
  const found = tensors.get(value.name);
  if (!found) return declared;
  return {
    name: value.name,
    dtype: found.dtype === null ? declared.dtype : dtypeName(found.dtype),
    dims: found.dims?.map(dimText) ?? declared.dims,
  };
}

export function pageValue(value: ValueInfo): PageValue {
  if (value.type?.kind !== 'tensor') return { name: value.name, dtype: value.type?.what ?? 'unknown', dims: null };
  return { name: value.name, dtype: dtypeName(value.type.dtype), dims: value.type.dims?.map(dimText) ?? null };
}

export function storedWeights(
  graph: Pick<Graph, 'initializers' | 'sparseInitializers' | 'nodes'>,
): Map<string, PageWeight> {
  const weights = new Map<string, PageWeight>();
  for (const [name, tensor] of storedTensors(graph)) weights.set(name, pageWeight(name, tensor));
  return weights;
}

function pageWeight(name: string, tensor: Tensor | SparseTensor): PageWeight {
  const sparse = 'indices' in tensor;
  const { dtype, storage } = sparse ? tensor.values : tensor;
  const place = storage.kind === 'external' ? `external: ${storage.location}` : storage.kind;
  return { name, dtype: dtypeName(dtype), dims: [...tensor.dims], storage: sparse ? 'sparse' : place };
}

/** What a name stands for where a node reads or makes it. */
export interface Lookup {
  weight(name: string): PageWeight | undefined;
  dims(name: string): DimText[] | undefined;
  /** TensorProto.DataType of what a node makes. */
  dtype?(name: string): number | null;
}

export function pageNode(node: Node, id: number, { weight, dims, dtype }: Lookup, cost: NodeCost): PageNode {
  const scope = nodeScope(node);
  return {
    id,
    name: node.name,
    opType: node.opType,
    domain: node.domain,
    attributes: node.attributes.map((a) => ({
      name: a.name,
      type: ATTRIBUTE_TYPES[a.type] ?? 'unknown',
      value: attributeText(a),
    })),
    inputs: node.inputs.map((name) => {
      const stored = weight(name);
      return { name, weight: stored ?? null, dims: stored?.dims.map(String) ?? dims(name) ?? null };
    }),
    outputs: node.outputs.map((name) => {
      const type = dtype?.(name) ?? null;
      return {
        name,
        dims: dims(name) ?? weight(name)?.dims.map(String) ?? null,
        ...(type === null ? {} : { dtype: dtypeName(type) }),
      };
    }),
    ...(scope ? { scope } : {}),
    cost,
  };
}

function edges(
  graph: Graph,
  inputs: readonly ValueInfo[],
  shapes: DimTexts,
): { edges: PageEdge[]; outputEdges: PageModel['outputEdges'] } {
  const maker = new Map<string, number>();
  inputs.forEach((input, i) => maker.set(input.name, -1 - i));
  graph.nodes.forEach((node, id) => {
    for (const output of node.outputs) if (output) maker.set(output, id);
  });
  const found: PageEdge[] = [];
  graph.nodes.forEach((node, to) => {
    for (const tensor of node.inputs) {
      const from = tensor ? maker.get(tensor) : undefined;
      if (from !== undefined && (from < 0 || graph.nodes[from]?.opType !== 'Constant'))
        found.push({ from, to, tensor, dims: shapes.get(tensor) ?? null });
    }
  });
  const outputEdges = graph.outputs.flatMap((o, output) => {
    const from = maker.get(o.name);
    return from === undefined ? [] : [{ from, output, dims: shapes.get(o.name) ?? null }];
  });
  return { edges: found, outputEdges };
}

function attributeText(a: Attribute): string {
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes.subarray(0, 1024));
  if (a.refAttrName) return `@${a.refAttrName}`;
  if (a.tensor) return `${dtypeName(a.tensor.dtype)} [${a.tensor.dims.join(', ')}]`;
  if (a.graph) return `graph ${a.graph.name} with ${a.graph.nodes.length} nodes`;
  if (a.graphs) return `${a.graphs.length} graphs`;
  if (a.ints?.length) return list(a.ints.slice(0, MAX_SHOWN).map(String), a.ints.length);
  if (a.floats?.length) return list(a.floats.slice(0, MAX_SHOWN).map(String), a.floats.length);
  if (a.strings?.length) return list(a.strings.slice(0, MAX_SHOWN).map(text), a.strings.length);
  if (a.string) return text(a.string);
  if (a.float !== undefined) return String(Math.fround(a.float));
  return a.int !== undefined ? String(a.int) : '';
}

function list(shown: readonly string[], total: number): string {
  return `[${shown.join(', ')}${total > shown.length ? `, … ${total - shown.length} more` : ''}]`;
}
