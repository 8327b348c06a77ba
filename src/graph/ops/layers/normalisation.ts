import { DTYPES, FLOAT } from '../../../tensors/dtypes.ts';
import type { Dim } from '../../../formats/onnx/model.ts';
import {
  axisOf,
  each,
  like,
  sameAs,
  tensors,
  type DtypeRule,
  type Rule,
  type Shape,
  type ShapeRule,
} from '../../shapes/shapeRule.ts';

/** Later outputs are statistics of each channel, shaped like those that come in. */
const batch: ShapeRule = (input) => {
  const x = input.dims(0);
  const channels = input.dims(1) ?? (x && x.length > 1 ? [x[1] ?? null] : null);
  return input.node.outputs.map((_, o): Shape => (o === 0 ? x : (input.dims(o % 2 ? 3 : 4) ?? channels)));
};

/** What is left of a tensor whose axes from `axis` on are averaged. */
function averaged(x: readonly Dim[], axis: number): Dim[] {
  const first = axisOf(axis, x.length);
  return x.map((dim, k) => (k < first ? dim : 1));
}

/**
 * Mean and deviation keep the axes before the normalised ones:
 * https://onnx.ai/onnx/operators/onnx__LayerNormalization.html
 */
export const layer: ShapeRule = (input) => {
  const x = input.dims(0);
  return input.node.outputs.map((_, o): Shape => (o === 0 || !x ? x : averaged(x, input.int('axis', -1))));
};

/** The type of the statistics. */
const stashed: DtypeRule = (input) => {
  const stash = input.int('stash_type', FLOAT);
  return DTYPES[stash] ? stash : null;
};

export const NORMALISATION: Readonly<Record<string, Rule>> = {
  BatchNormalization: tensors(
    batch,
    like(0),
    (input) => like(input.opset < 14 ? 0 : 3)(input),
    (input) => like(input.opset < 14 ? 0 : 4)(input),
    like(0),
  ),
  LayerNormalization: tensors(layer, like(0), stashed),
  // ONNX Runtime keeps this one in the standard domain.
  SimplifiedLayerNormalization: tensors(layer, like(1, 0), stashed),
  ...each(
    'GroupNormalization InstanceNormalization LRN LpNormalization MeanVarianceNormalization RMSNormalization',
    tensors(sameAs(0), like(0)),
  ),
};
