import assert from 'node:assert/strict';
import type { onnx as Onnx } from 'onnx-proto';
import { grayscale, type ChannelMap } from '../../../src/adapt/maps/channelMap.ts';
import { compareAdapted } from '../../fixtures/adaptBytes.ts';
import { encodeModel, floatTensor, model, node, valueInfo, type ModelParts } from '../../fixtures/modelBuilder.ts';
import type { Value } from '../../fixtures/runtime.ts';
import { Random } from '../../fixtures/random.ts';

const random = new Random(11);
/** Random numbers in [-1, 1). */
export const floats = (name: string, dims: number[]): Onnx.ITensorProto =>
  floatTensor(name, dims, random.floats(dims.reduce((n, d) => n * d, 1)));
/** The image most cases take. */
export const image = valueInfo('x', [1, 3, 8, 8]);
export const GRAY_DIMS = { x: [1, 1, 8, 8] };
/** A convolution that keeps the size. */
export const conv = (input: string, weight = 'w', output = 'y'): Onnx.INodeProto =>
  node('Conv', [input, weight], [output], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] });
/** The model of `y`, from the image unless the parts say otherwise. */
export const build = (parts: ModelParts): Uint8Array =>
  encodeModel(model({ inputs: [image], outputs: [valueInfo('y', null)], ...parts }));

/** A model under a map (grayscale where none is given), what folds and what is rebuilt. */
export interface Case {
  readonly name: string;
  readonly parts: ModelParts;
  readonly map?: ChannelMap;
  readonly folds: number;
  readonly rebuilt: number;
  /** Inputs beside the image. */
  readonly others?: Readonly<Record<string, Value>>;
  readonly dims?: Readonly<Record<string, readonly number[]>>;
}

/** Adapts, compares in ONNX Runtime, and counts what folds and what is rebuilt. */
export async function checkCase(c: Case): Promise<void> {
  const { worst, plan } = await compareAdapted(build(c.parts), c.map ?? grayscale(), {
    newDims: c.dims ?? GRAY_DIMS,
    random: new Random(3),
    others: c.others,
  });
  assert.ok(
    worst < 1e-5,
    `relative L2 ${worst}: ${JSON.stringify({ folds: plan.folds, rebuilt: plan.rebuilt, added: plan.addedNodes })}`,
  );
  assert.equal(plan.folds.length, c.folds, JSON.stringify(plan.folds));
  assert.equal(plan.rebuilt.length, c.rebuilt, JSON.stringify(plan.rebuilt));
}
