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
const batch: ShapeRule = (i) => {
  const x = i.dims(0);
  const channels = i.dims(1) ?? (x && x.length > 1 ? [x[1] ?? null] : null);
  return i.node.outputs.map((_, o): Shape => (o === 0 ? x : (i.dims(o % 2 ? 3 : 4) ?? channels)));
};

/** What is left of a tensor whose axes from `axis` on are averaged. */
function averaged(x: readonly Dim[], axis: number): Dim[] {
  const first = axisOf(axis, x.length);
  return x.map((d, k) => (k < first ? d : 1));
}

/**
 * Mean and deviation keep the axes before the normalised ones:
 * https://onnx.ai/onnx/operators/onnx__LayerNormalization.html
 */
export const layer: ShapeRule = (i) => {
  const x = i.dims(0);
  return i.node.outputs.map((_, o): Shape => (o === 0 || !x ? x : averaged(x, i.int('axis', -1))));
};

/** The type of the statistics. */
const stashed: DtypeRule = (i) => {
  const stash = i.int('stash_type', FLOAT);
  return DTYPES[stash] ? stash : null;
};

export const NORMALISATION: Readonly<Record<string, Rule>> = {
  BatchNormalization: tensors(
    batch,
    like(0),
    (i) => like(i.opset < 14 ? 0 : 3)(i),
    (i) => like(i.opset < 14 ? 0 : 4)(i),
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
