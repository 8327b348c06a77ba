import { weightAxes } from '../../adapt/weights/tensorNames.ts';
import type { OpenedFile } from '../../formats/format.ts';
import type { PageInputLayer, PageModel, PageTensor } from '../../protocol/pageModel.ts';
import { DTYPES, dtypeName, isWeightType, rawBytes } from '../../tensors/dtypes.ts';
import { elementCount, type StoredTensor } from '../../tensors/storedTensor.ts';
import { cutText } from '../../text/cutText.ts';

/** A file of weights without a graph, as it was opened. */
export interface WeightsFile {
  readonly fileName: string;
  readonly fileSize: number;
  readonly format: string;
  readonly opened: OpenedFile;
  /** The tensors that see the image, as far as names and shapes tell. */
  readonly inputLayers: readonly { readonly name: string; readonly channels: number }[];
  readonly adaptation: PageModel['adaptation'];
}

/** A fact that says more closely what kind of file it is. */
const FORMAT_FACT = 'Format';
/** Longer names and values of facts are cut: a file can hide megabytes in one. */
const LONGEST_FACT = 2000;

/**
 * The page of a file without a graph: its tensors by name, what it says of itself, and never a number of any weight.
 */
export function weightsPage(file: WeightsFile): PageModel {
  const { opened, inputLayers } = file;
  const tensors = opened.tensors.map(pageTensor);
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const inputs = inputLayers.flatMap(({ name }) => byName.get(name) ?? []);
  return {
    fileName: file.fileName,
    fileSize: file.fileSize,
    format: opened.facts.find(({ label }) => label === FORMAT_FACT)?.value ?? file.format,
    facts: opened.facts
      .filter(({ label }) => label !== FORMAT_FACT)
      .map(({ label, value }) => ({ label, value: shortened(value) })),
    warnings: opened.warnings.map(shortened),
    hasGraph: false,
    tensors,
    inputs: [],
    outputs: [],
    parameterCount: tensors.reduce((sum, { params }) => sum + params, 0),
    nodes: [],
    edges: [],
    outputEdges: [],
    imageInputs: inputLayers.map(({ name, channels }) => ({ name, channels: [channels] })),
    inputLayers: inputs.map(inputLayer),
    metadata: [],
    adaptation: file.adaptation,
  };
}

function shortened(text: string): string {
  return cutText(text, LONGEST_FACT);
}

function pageTensor(tensor: StoredTensor): PageTensor {
  const count = elementCount(tensor);
  const row = DTYPES[tensor.dtype];
  return {
    name: tensor.name,
    dtype: dtypeName(tensor.dtype),
    dims: [...tensor.dims],
    params: isWeightType(tensor.dtype) ? count : 0,
    bytes: row && row.bits !== null ? rawBytes(row, count) : 0,
  };
}

/** What each axis of a weight holds, in the order of the file. */
function layoutText(tensor: PageTensor): string {
  if (tensor.dims.length <= 2) return '[out, in]';
  return weightAxes(tensor).outputs === 0 ? '[out, in/group, spatial]' : '[spatial, in/group, out]';
}

/** No node of a graph: how the network moves the weight over the image stands in its code, not in the file. */
const NO_NODE = -1;

function inputLayer(tensor: PageTensor): PageInputLayer {
  const { name, dims, dtype } = tensor;
  return {
    nodeId: NO_NODE,
    node: '',
    opType: '',
    weight: name,
    dims,
    dtype,
    layout: layoutText(tensor),
    strides: [],
    pads: [],
    dilations: [],
    autoPad: '',
    group: 1,
  };
}
