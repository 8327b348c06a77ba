import type { ChannelMap } from '../../../src/adapt/maps/channelMap.ts';
import { verify } from '../../../src/verify/proof/verify.ts';
import type { VerifyReport } from '../../../src/verify/proof/report.ts';
import { adaptBytes } from '../../fixtures/adaptBytes.ts';
import { encodeModel, floatTensor, model, node, valueInfo } from '../../fixtures/modelBuilder.ts';
import { modelFile } from '../../fixtures/modelFile.ts';
import { Random } from '../../fixtures/random.ts';

const random = new Random(7);

/** Padded convolution with bias, ReLU, a second convolution, pooling, and a fully connected end. */
export function network(size: number | string = 'size'): Uint8Array {
  return encodeModel(
    model({
      inputs: [valueInfo('image', ['batch', 3, size, size])],
      outputs: [valueInfo('scores', ['batch', 5])],
      initializers: [
        floatTensor('w1', [6, 3, 3, 3], random.floats(162)),
        floatTensor('b1', [6], random.floats(6)),
        floatTensor('w2', [4, 6, 3, 3], random.floats(216)),
        floatTensor('b2', [4], random.floats(4)),
        floatTensor('w3', [4, 5], random.floats(20)),
      ],
      nodes: [
        node('Conv', ['image', 'w1', 'b1'], ['c1'], { pads: [1, 1, 1, 1], strides: [2, 2] }),
        node('Relu', ['c1'], ['r1']),
        node('Conv', ['r1', 'w2', 'b2'], ['c2'], { pads: [1, 1, 1, 1] }),
        node('GlobalAveragePool', ['c2'], ['pooled']),
        node('Flatten', ['pooled'], ['flat']),
        node('MatMul', ['flat', 'w3'], ['scores']),
      ],
    }),
  );
}

/** What verification says of the two files. */
export async function check(
  original: Uint8Array,
  adapted: Uint8Array,
  more: { full?: boolean; seed?: number } = {},
): Promise<VerifyReport> {
  return verify({ original: await modelFile(original), adapted: await modelFile(adapted), ...more });
}

/** What it says of the model adapted to a map. */
export async function checkMap(
  original: Uint8Array,
  map: ChannelMap,
  more: { full?: boolean } = {},
): Promise<VerifyReport> {
  return check(original, (await adaptBytes(original, map)).bytes, more);
}
