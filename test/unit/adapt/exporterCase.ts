import assert from 'node:assert/strict';
import type { onnx as Onnx } from 'onnx-proto';
import { grayscale, normalize, type ChannelMap } from '../../../src/adapt/maps/channelMap.ts';
import { compareAdapted } from '../../fixtures/adaptBytes.ts';
import {
  encodeModel,
  floatTensor,
  int64Tensor,
  model,
  node,
  valueInfo,
  type ModelParts,
} from '../../fixtures/modelBuilder.ts';
import { Random } from '../../fixtures/random.ts';

const random = new Random(12);
/** Random numbers in [-1, 1). */
export const floats = (name: string, dims: number[]): Onnx.ITensorProto =>
  floatTensor(name, dims, random.floats(dims.reduce((n, d) => n * d, 1)));
export const ints = (name: string, ...values: number[]): Onnx.ITensorProto =>
  int64Tensor(name, [values.length], values);
export const scalar = (name: string, value: number): Onnx.ITensorProto => int64Tensor(name, [], [value]);
export const number = (name: string, value: number): Onnx.ITensorProto => floatTensor(name, [], [value]);
/** The model of `y`, from an image of 8×9 pixels unless the parts say otherwise. */
export const build = (parts: ModelParts): Uint8Array =>
  encodeModel(model({ inputs: [valueInfo('x', ['n', 3, 8, 9])], outputs: [valueInfo('y', null)], ...parts }));

export const SHIFTED = normalize({ mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4], scale: 1 });
/** The image with its channels last. */
export const LAST = [valueInfo('x', ['n', 8, 9, 3])];
export const conv = (input: string, output = 'y'): Onnx.INodeProto =>
  node('Conv', [input, 'w'], [output], { pads: [1, 1, 1, 1] });

/** A model under a map (grayscale where none is given), and what the plan changes. */
export interface Case {
  readonly name: string;
  readonly parts: ModelParts;
  readonly map?: ChannelMap;
  readonly folds: number;
  /** Nodes added, and tensors rebuilt. */
  readonly added: number;
  readonly rebuilt: number;
  readonly dims?: readonly number[];
}

/** Dims of the new image. */
export const gray = [2, 1, 8, 9];
export const rgb = [2, 3, 8, 9];
export const grayLast = [2, 8, 9, 1];
export const rgbLast = [2, 8, 9, 3];

/** Adapts, compares in ONNX Runtime, and counts what folds, is added and is rebuilt. */
export async function checkCase(c: Case): Promise<void> {
  const { worst, plan } = await compareAdapted(build(c.parts), c.map ?? grayscale(), {
    newDims: { x: c.dims ?? gray },
    random: new Random(3),
  });
  const seen = JSON.stringify({ folds: plan.folds, rebuilt: plan.rebuilt, added: plan.addedNodes });
  assert.ok(worst < 1e-5, `relative L2 ${worst}: ${seen}`);
  assert.deepEqual(
    [plan.folds.length, plan.addedNodes.length, plan.rebuilt.length],
    [c.folds, c.added, c.rebuilt],
    seen,
  );
}
