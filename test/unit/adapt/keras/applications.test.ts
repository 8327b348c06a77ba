// Slow: whole networks in TensorFlow.js.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adaptKeras } from '../../../../src/adapt/keras/adaptKeras.ts';
import { grayscale } from '../../../../src/adapt/maps/channelMap.ts';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { SplicedSource } from '../../../../src/bytes/splicedSource.ts';
import { openKerasFile } from '../../../../src/formats/keras/kerasFile.ts';
import { openNetwork } from '../../../../src/formats/keras/openNetwork.ts';
import { mobileNet } from '../../../fixtures/keras/applications/mobile.ts';
import { resNet50 } from '../../../fixtures/keras/applications/residual.ts';
import { randomNet } from '../../../fixtures/keras/functionalFiles.ts';
import { readNets, writeNets, type KerasNet } from '../../../fixtures/keras/kerasNet.ts';
import { relativeL2, repeated, runTfjs } from '../../../fixtures/keras/tfjs.ts';
import { Random } from '../../../fixtures/random.ts';
import { h5pyMissing } from '../../../fixtures/runH5py.ts';

/** Float32 twice, through some dozen layers. */
const TOLERANCE = 1e-5;
const IMAGE = 32;
const SMALL = [
  ['MobileNet of a quarter', () => mobileNet({ image: IMAGE, alpha: 0.25, classes: 10, top: 'linear' })],
  ['ResNet50 of an eighth', () => resNet50({ image: IMAGE, width: 8, blocks: [2, 2, 2], classes: 10 })],
] as const;

async function gray(bytes: Uint8Array): Promise<Uint8Array> {
  const source = new MemorySource(bytes);
  const opened = await openNetwork(await openKerasFile(source));
  const { splices } = await adaptKeras({ opened, map: grayscale() });
  const out = new SplicedSource(source, splices);
  return out.read(0, out.size);
}

async function difference(original: KerasNet, adapted: KerasNet, pixels: Float32Array): Promise<number> {
  const want = await runTfjs(original, [2, IMAGE, IMAGE, 3], repeated(pixels, 3));
  return relativeL2(await runTfjs(adapted, [2, IMAGE, IMAGE, 1], pixels), want);
}

for (const [name, build] of SMALL)
  test(`Keras: gray ${name} gives in TensorFlow.js what the original gives`, { skip: h5pyMissing }, async () => {
    const random = new Random(5);
    const { net, last } = build();
    const original = randomNet(net, last, random);
    const [bytes] = writeNets([[original, {}]]);
    assert.ok(bytes);
    const [adapted] = readNets([await gray(bytes)]);
    assert.ok(adapted);
    const pixels = random.floats(2 * IMAGE * IMAGE);
    assert.ok((await difference(original, adapted, pixels)) < TOLERANCE);
    // Another first kernel shows.
    const [first = ''] = Object.keys(adapted.weights).filter((layer) => layer.startsWith('conv'));
    const wrong = adapted.weights[first]?.map((w) => ({ ...w, values: w.values.map((v) => v / 3) })) ?? [];
    const changed = { ...adapted, weights: { ...adapted.weights, [first]: wrong } };
    assert.ok((await difference(original, changed, pixels)) > 10 * TOLERANCE);
  });
