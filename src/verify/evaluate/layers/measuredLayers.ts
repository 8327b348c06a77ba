import { isComputedFloat } from '../../../tensors/dtypes.ts';
import type { Node } from '../../../formats/onnx/model.ts';
import { inferShapes } from '../../../graph/shapes/shapes.ts';
import { steeringConstants } from '../../../graph/shapes/steering.ts';
import { sizedModel } from '../../runCost.ts';
import { descendants, type Wiring } from '../../wiring.ts';
import { inputDims, type ImageInput } from '../preprocess.ts';
import { product } from '../../../tensors/dims.ts';

/** A layer whose activations are measured: a node of the main graph, and what it makes of the image in floats. */
export interface MeasuredLayer {
  readonly node: Node;
  readonly tensors: readonly string[];
  /** What its tensors take in memory. */
  readonly bytes: number;
}

/** Activations of so many bytes are looked at in one run; the next run looks at the next layers. */
const PORTION_BYTES = 96 * 1024 * 1024;
/** An activation whose size is not known beforehand counts as one of a large picture's. */
const UNKNOWN_BYTES = 16 * 1024 * 1024;
/** Results are single precision at most, or twice that in memory. */
const ELEMENT_BYTES = 4;
/** So many outputs are no burden to the runtime. */
const MOST_IN_PORTION = 512;

/** The layers that follow from the image and give floats, in the order in which they run. */
export async function measuredLayers(w: Wiring, input: ImageInput): Promise<MeasuredLayer[]> {
  const { model, ctx } = w.file;
  const sized = sizedModel(model, { [input.name]: inputDims(input) });
  const shapes = inferShapes(sized, { constants: await steeringConstants(model, ctx) });
  const reached = descendants(w, [input.name]);
  const layers: MeasuredLayer[] = [];
  for (const node of w.order) {
    const tensors = node.outputs.filter((name) => {
      const dtype = shapes.tensors.get(name)?.dtype;
      return name !== '' && reached.has(name) && typeof dtype === 'number' && isComputedFloat(dtype);
    });
    if (tensors.length === 0) continue;
    const bytes = tensors.reduce((sum, name) => sum + bytesOf(shapes.tensors.get(name)?.dims ?? null), 0);
    layers.push({ node, tensors, bytes });
  }
  return layers;
}

function bytesOf(dims: readonly unknown[] | null): number {
  const known = dims?.every((dim): dim is number => typeof dim === 'number') ? dims : null;
  return known ? ELEMENT_BYTES * product(known) : UNKNOWN_BYTES;
}

/** Layers in portions, so that the activations of one portion fit into memory twice. */
export function portions(layers: readonly MeasuredLayer[], most = PORTION_BYTES): MeasuredLayer[][] {
  const found: MeasuredLayer[][] = [];
  let last: MeasuredLayer[] = [];
  let bytes = 0;
  for (const layer of layers) {
    if (last.length > 0 && (bytes + layer.bytes > most || last.length >= MOST_IN_PORTION)) {
      found.push(last);
      last = [];
      bytes = 0;
    }
    last.push(layer);
    bytes += layer.bytes;
  }
  if (last.length > 0) found.push(last);
  return found;
}
