import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { SplicedSource } from '../../../../src/bytes/splicedSource.ts';
import { openTorch } from '../../../../src/formats/pytorch/torchFile.ts';
import { foldTensor } from '../../../fixtures/torch/foldTensor.ts';
import { torchPython } from '../../../fixtures/torch/torchPython.ts';
import { temporaryFolder } from '../../../fixtures/temporaryFolder.ts';

interface Case {
  readonly name: string;
  readonly original: string;
  readonly folded: string;
  readonly changes: readonly { readonly tensor: string; readonly mean: boolean }[];
}

const folder = temporaryFolder('torch');
const cases = torchPython('containers.py', [folder]) as Case[];

async function converted({ original, changes }: Case): Promise<Uint8Array> {
  const source = new MemorySource(readFileSync(original));
  const file = await openTorch(source);
  const news = [];
  for (const { tensor, mean } of changes) news.push(await foldTensor(file, tensor, mean));
  const out = new SplicedSource(source, await file.splices(news));
  return out.read(0, out.size);
}

for (const one of cases) {
  test(`the converted file is the one that torch writes: ${one.name}`, async () => {
    assert.deepEqual(Buffer.from(await converted(one)), readFileSync(one.folded));
  });

  test(`no change leaves every byte: ${one.name}`, async () => {
    const file = await openTorch(new MemorySource(readFileSync(one.original)));
    assert.deepEqual(await file.splices([]), []);
  });
}

test('a mean in place of a sum is seen', async () => {
  const one = cases.find(({ name }) => name === 'zip-float32');
  assert.ok(one);
  const wrong = { ...one, changes: one.changes.map((change) => ({ ...change, mean: true })) };
  assert.notDeepEqual(Buffer.from(await converted(wrong)), readFileSync(one.folded));
});
