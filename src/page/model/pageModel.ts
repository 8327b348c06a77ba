import { imageInputs } from '../../adapt/inputs/imageInputs.ts';
import { PROVENANCE_KEY } from '../../adapt/report/provenance.ts';
import type { WeightView } from '../../formats/keras/present/graphBuilder.ts';
import { isConstant } from '../../formats/onnx/attributes.ts';
import type { Graph, Model, Node, ValueInfo } from '../../formats/onnx/model.ts';
import { connectionsOf } from '../../graph/connections.ts';
import { modelCosts } from '../../graph/cost/cost.ts';
import { inputLayers } from '../../graph/inputLayers/inputLayers.ts';
import { operatorKey } from '../../graph/operatorKey.ts';
import { operatorSchema } from '../../graph/operatorSchema.ts';
import type { FormalValue } from '../../graph/operatorSignature.ts';
import type { Shapes } from '../../graph/shapes/inferredShapes.ts';
import type { PageAdaptation } from '../../protocol/adaptation.ts';
import type { PageEdge, PageModel, PageOperator, PageWeight } from '../../protocol/pageModel.ts';
import type { PageBinding } from '../../protocol/sizes.ts';
import { dtypeName } from '../../tensors/dtypes.ts';
import { cutText } from '../../text/cutText.ts';
import { weightsAsStored } from './kerasWeights.ts';
import { pageInner } from './pageInner.ts';
import { pageNode, type Lookup } from './pageNode.ts';
import { pageSizes } from './pageSizes.ts';
import { inferredValue, knownDims, storedWeights, type DimTexts } from './pageValue.ts';
import { withShortSizes } from './shortSizes.ts';
import { constantsByName, type SmallConstants } from './smallConstants.ts';

/**
 * Limits of what the page is sent of a file's own words: a licence or a thousand class names fit, a weight hidden as
 * text does not.
 */
const MOST_METADATA = 200;
const LONGEST_KEY = 200;
const LONGEST_VALUE = 100_000;
const MOST_LETTERS = 1_000_000;
const NO_CONSTANTS: SmallConstants = new Map();

/** What else is known of a model when its page is made. */
export interface PageParts {
  readonly fileName: string;
  readonly fileSize: number;
  readonly inferred: Shapes;
  readonly adaptation?: PageAdaptation | null;
  readonly bind?: PageBinding;
  readonly constants?: SmallConstants;
  /** What the summary says of the file; that of an ONNX file when absent. */
  readonly about?: AboutFile;
  /** How the file has the graph's weights, where that is another way. */
  readonly views?: ReadonlyMap<string, WeightView> | undefined;
}

export type AboutFile = Pick<PageModel, 'format' | 'facts' | 'warnings'>;

/** The page of a scanned model, without reading any more of its file. */
export function pageModel(model: Model, parts: PageParts): PageModel {
  const { fileName, fileSize, inferred, adaptation = null, bind = {}, constants = NO_CONSTANTS } = parts;
  const about = parts.about ?? aboutOnnx(model);
  const { graph } = model;
  const shapes = knownDims(inferred);
  const costs = modelCosts(model, inferred);
  const weights = weightsAsStored(storedWeights(graph), parts.views);
  const values = constantsByName(graph, constants);
  const inputs = graph.inputs.filter((i) => !weights.has(i.name));
  const formal = formalNames(model);
  const lookup: Lookup = {
    weight: (name) => weights.get(name),
    dims: (name) => shapes.get(name),
    value: (name) => values.get(name),
    dtype: (name) => inferred.tensors.get(name)?.dtype ?? null,
    formal,
  };
  const inner = pageInner(model, {
    inputs: inputs.map((i) => i.name),
    shapes: inferred,
    weights,
    costs,
    constants,
    formal,
  });
  return withShortSizes({
    fileName,
    fileSize,
    ...about,
    hasGraph: true,
    tensors: null,
    inputs: inputs.map((input) => inferredValue(input, inferred)),
    outputs: graph.outputs.map((output) => inferredValue(output, inferred)),
    parameterCount: costs.total.params,
    nodes: graph.nodes.map((node, id) => pageNode(node, id, lookup, costs.of(node))),
    ...edges(graph, inputs, { shapes, weights }),
    ...(inner ? { inner } : {}),
    imageInputs: possibleImages(graph),
    inputLayers: pageInputLayers(graph),
    operators: operators(model),
    metadata: metadataRows(model),
    sizes: pageSizes(graph, inferred, costs.total, bind),
    adaptation,
  });
}

function possibleImages(graph: Graph): PageModel['imageInputs'] {
  const images = imageInputs(graph).filter(({ why }) => why === null);
  return images.map(({ name, channels }) => ({ name, channels: [...channels] }));
}

/**
 * What the file says of itself in words, each text cut to what a person reads. The record of an adaptation has a tab of
 * its own.
 */
function metadataRows(model: Model): PageModel['metadata'] {
  const rows = [
    { key: 'Description', value: model.docString },
    { key: 'Graph', value: model.graph.name },
    { key: 'Domain', value: model.domain },
    { key: 'Model version', value: model.modelVersion === 0n ? '' : String(model.modelVersion) },
    ...model.metadata.filter(({ key }) => key !== PROVENANCE_KEY),
  ];
  let left = MOST_LETTERS;
  return rows
    .filter(({ value }) => value !== '')
    .slice(0, MOST_METADATA)
    .map(({ key, value }) => {
      const shown = cutText(value, Math.min(LONGEST_VALUE, left));
      left -= shown.length;
      return { key: cutText(key, LONGEST_KEY), value: shown };
    });
}

/** The standard's names of inputs, one list per operator: a model has few operators and many nodes. */
function formalNames(model: Model): Lookup['formal'] {
  const known = new Map<string, readonly FormalValue[]>();
  return (node) => {
    const key = `${node.domain}:${node.opType}`;
    let formals = known.get(key);
    if (!formals) known.set(key, (formals = operatorSchema(model, node)?.inputs ?? []));
    const found = formals;
    return (index) => found[index]?.name ?? '';
  };
}

/** Who made a model, and for which versions. */
export interface ModelHead {
  readonly producer: string;
  readonly irVersion: number;
  readonly opsets: readonly string[];
}

/** Texts for the summary and for `inspect`; the producer is '' where the file names none. */
export function modelHead(model: Model): ModelHead {
  return {
    producer: [model.producerName, model.producerVersion].filter(Boolean).join(' '),
    irVersion: model.irVersion,
    opsets: model.opsets.map((opset) => `${opset.domain || 'ai.onnx'} ${opset.version}`),
  };
}

/** What the summary says of an ONNX file. */
function aboutOnnx(model: Model): AboutFile {
  const { producer, irVersion, opsets } = modelHead(model);
  const facts = [
    { label: 'Producer', value: producer || 'not stated' },
    { label: 'IR version', value: String(irVersion) },
    { label: 'Opsets', value: opsets.join(', ') },
  ];
  return { format: 'ONNX model', facts, warnings: [] };
}

/** The layers that read the image first, with what they read it by; filters and steps come when they are asked for. */
export function pageInputLayers(graph: Graph): PageModel['inputLayers'] {
  return inputLayers(graph).map((inputLayer) => ({
    nodeId: inputLayer.index,
    node: inputLayer.node.name,
    opType: inputLayer.node.opType,
    weight: inputLayer.weightName,
    dims: [...inputLayer.dims],
    dtype: dtypeName(inputLayer.dtype),
    layout: inputLayer.layout,
    strides: [...inputLayer.strides],
    pads: [...inputLayer.pads],
    dilations: [...inputLayer.dilations],
    autoPad: inputLayer.autoPad,
    group: inputLayer.group,
  }));
}

function operators(model: Model): PageOperator[] {
  const used = new Map<string, Node>();
  for (const nodes of [model.graph.nodes, ...model.functions.map((definition) => definition.nodes)])
    for (const node of nodes) used.set(operatorKey(node), node);
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
            since: schema.since,
            first: schema.first,
            changes: [...schema.changes],
          },
        ]
      : [];
  });
}

function edges(
  graph: Graph,
  inputs: readonly ValueInfo[],
  { shapes, weights }: { shapes: DimTexts; weights: ReadonlyMap<string, PageWeight> },
): { edges: PageEdge[]; outputEdges: PageModel['outputEdges'] } {
  const { makerIndex } = connectionsOf(graph.nodes);
  const fed = new Map(inputs.map((input, i) => [input.name, -1 - i]));
  const makerOf = (tensor: string): number | undefined => makerIndex.get(tensor) ?? fed.get(tensor);
  const found: PageEdge[] = [];
  graph.nodes.forEach((node, to) => {
    for (const tensor of node.inputs) {
      const from = tensor ? makerOf(tensor) : undefined;
      const maker = graph.nodes[from ?? -1];
      const constant = weights.has(tensor) || (maker && isConstant(maker));
      if (from !== undefined && !constant) found.push({ from, to, tensor, dims: shapes.get(tensor) ?? null });
    }
  });
  const outputEdges = graph.outputs.flatMap((info, output) => {
    const from = makerOf(info.name);
    return from === undefined ? [] : [{ from, output, dims: shapes.get(info.name) ?? null }];
  });
  return { edges: found, outputEdges };
}
