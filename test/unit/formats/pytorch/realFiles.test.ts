import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CountingSource, MemorySource } from '../../../../src/bytes/byteSource.ts';
import { SplicedSource } from '../../../../src/bytes/splicedSource.ts';
import { importWarnings } from '../../../../src/formats/pytorch/imports.ts';
import { openTorch } from '../../../../src/formats/pytorch/torchFile.ts';
import { foldTensor, tensorBytes } from '../../../fixtures/torch/foldTensor.ts';
import { weightFile, weightsMissing } from '../../../fixtures/weightFiles.ts';

interface RealFile {
  readonly title: RegExp;
  readonly tensors: number;
  /** The layer that sees the image, and its sizes. */
  readonly first: string;
  readonly dims: readonly number[];
}

const FILES: Readonly<Record<string, RealFile>> = {
  'cifar10-zip.pth': { title: /zip/, tensors: 30, first: 'conv1.weight', dims: [12, 3, 5, 5] },
  'taesana-encoder-fp16.pth': { title: /zip/, tensors: 69, first: '0.weight', dims: [32, 3, 3, 3] },
  'yunet-s-checkpoint.pth': {
    title: /zip/,
    tensors: 317,
    first: 'state_dict.backbone.model0.conv1.weight',
    dims: [16, 3, 3, 3],
  },
  'face-slim320-legacy.pth': { title: /legacy/, tensors: 184, first: 'base_net.0.0.weight', dims: [16, 3, 3, 3] },
  'mtcnn-pnet-legacy.pt': { title: /legacy/, tensors: 13, first: 'conv1.weight', dims: [10, 3, 3, 3] },
};

for (const [name, { title, tensors, first, dims }] of Object.entries(FILES)) {
  test(`${name}: read, and only the changed tensor differs afterwards`, { skip: weightsMissing }, async () => {
    const bytes = readFileSync(weightFile(name));
    const source = new MemorySource(bytes);
    const file = await openTorch(source);
    assert.match(file.title, title);
    assert.equal(file.tensors.length, tensors);
    assert.deepEqual(file.tensors.find((tensor) => tensor.name === first)?.dims, dims);
    assert.deepEqual(importWarnings(file.imports), []);

    const change = await foldTensor(file, first, false);
    const adapted = new SplicedSource(source, await file.splices([change]));
    const after = await openTorch(new MemorySource(await adapted.read(0, adapted.size)));
    for (const tensor of file.tensors) {
      const expected = tensor.name === first ? Buffer.from(change.bytes) : await tensorBytes(file, tensor.name);
      assert.ok(Buffer.from(await tensorBytes(after, tensor.name)).equals(expected), tensor.name);
    }
    assert.deepEqual(
      after.tensors.map((tensor) => tensor.dims),
      file.tensors.map((tensor) => (tensor.name === first ? change.dims : tensor.dims)),
    );
    assert.deepEqual(after.texts, file.texts);
  });
}

test('a weight with strides (1, 10, 30, 90) is read in row-major order', { skip: weightsMissing }, async () => {
  const file = await openTorch(new MemorySource(readFileSync(weightFile('mtcnn-pnet-legacy.pt'))));
  // The digest of conv1.weight.contiguous().numpy().tobytes(), made with torch 1.13.
  const digest = createHash('sha256')
    .update(await tensorBytes(file, 'conv1.weight'))
    .digest('hex');
  assert.equal(digest, '5b5127d88290a1803f8772a572f733077a7e7036582872da6e3db88e21193712');
});

test('opening reads the directory and the pickle, not the weights', { skip: weightsMissing }, async () => {
  const source = new CountingSource(new MemorySource(readFileSync(weightFile('taesana-encoder-fp16.pth'))));
  await openTorch(source);
  assert.ok(source.bytesRead < 20_000, `${source.bytesRead} bytes of ${source.size}`);
});
