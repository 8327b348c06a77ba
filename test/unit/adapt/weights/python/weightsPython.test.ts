// Slow: PyTorch runs the Python that is copied.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { grayscale } from '../../../../../src/adapt/maps/channelMap.ts';
import { adaptWeights } from '../../../../../src/adapt/weights/adaptWeights.ts';
import { LIBRARIES } from '../../../../../src/adapt/weights/python/libraries.ts';
import { weightsLibraries, weightsPython } from '../../../../../src/adapt/weights/python/weightsPython.ts';
import { MemorySource } from '../../../../../src/bytes/byteSource.ts';
import { safetensorsFormat } from '../../../../../src/formats/safetensors/format.ts';
import { convertToGray } from '../../../../../src/jobs/convert.ts';
import { pythonOfWeights, weightsFrameworks } from '../../../../../src/page/weights/weightsAnswers.ts';
import type { StoredTensor } from '../../../../../src/tensors/storedTensor.ts';
import { floatWeights, safetensorsFile } from '../../../../fixtures/safetensors.ts';
import { torchPython } from '../../../../fixtures/torch/torchPython.ts';
import { temporaryFolder } from '../../../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('python');

const ROWS: readonly [library: string, weight: string, ...others: readonly string[]][] = [
  ['ultralytics', 'model.model.0.conv.weight', 'model.model.22.dfl.conv.weight'],
  ['transformers', 'vit.embeddings.patch_embeddings.projection.weight'],
  ['smp', 'model.encoder.conv1.weight', 'model.decoder.blocks.0.conv1.0.weight'],
  ['torchvision', 'module.conv1.weight', 'module.layer4.1.conv2.weight'],
  ['timm', 'conv_stem.weight'],
  ['timm', 'state_dict.model.patch_embed.proj.weight'],
  ['pytorch', 'features.0.weight'],
];

async function tensorsOf(weights: readonly string[]): Promise<readonly StoredTensor[]> {
  const [first = '', ...others] = weights;
  const all = [floatWeights(first, [2, 3, 3, 3]), ...others.map((name) => floatWeights(name, [2, 2, 1, 1]))];
  const bytes = safetensorsFile(all);
  return (await safetensorsFormat.open(new MemorySource(bytes), { name: 'm' })).tensors;
}

test('the library that the names tell stands first, and each builds for the new channels', async () => {
  for (const [library, ...weights] of ROWS) {
    const [likely, ...others] = weightsLibraries(weights);
    assert.equal(likely?.id, library, weights[0]);
    assert.equal(others.length, LIBRARIES.length - 1);
    assert.doesNotThrow(() => structuredClone(others), 'the worker sends them');
    const tensors = await tensorsOf(weights);
    const { plan } = await adaptWeights({ tensors, map: grayscale() });
    const file = { fileName: 'a"b.safetensors', reader: 'safetensors', tensors } as const;
    const code = weightsPython(plan, file, library);
    assert.match(code, /load_file\("a\\"b\.safetensors"\)/);
    assert.match(code, /(in_chans=1|in_channels=1|ch=1|num_channels = 1|type\(old\)\(1, )/, library);
  }
});

test('torch and torchvision take the code as it is; that for all other libraries and readers compiles', async () => {
  torchPython('generatedPython.py', ['make', folder]);
  const layers = { patches: ['params.patch_embed:channels-last'] };
  const { signal } = new AbortController();
  const cases: { name: string; code: string }[] = [];
  for (const name of ['torchvision', 'pytorch', 'patches']) {
    const path = join(folder, `${name}.pth`);
    const inputs = name === 'patches' ? layers.patches : undefined;
    await convertToGray(path, { layers: inputs });
    const [likely] = await weightsFrameworks(path, signal);
    assert.equal(likely?.id, name === 'torchvision' ? name : 'pytorch');
    const code = await pythonOfWeights(path, { map: grayscale(), inputs, framework: likely?.id ?? '', signal });
    cases.push({ name, code });
  }
  const tensors = await tensorsOf(['state_dict.conv1.weight']);
  const { plan } = await adaptWeights({ tensors, map: grayscale() });
  for (const { id } of LIBRARIES)
    for (const reader of ['safetensors', 'torch', 'script', 'safetensors-shards', 'torch-shards'] as const)
      cases.push({ name: `${id} ${reader}`, code: weightsPython(plan, { fileName: 'a', reader, tensors }, id) });
  writeFileSync(join(folder, 'cases.json'), JSON.stringify(cases));
  const differences = torchPython('generatedPython.py', ['run', folder]) as (number | null)[];
  assert.equal(differences.length, cases.length);
  for (const [i, difference] of differences.slice(0, 3).entries())
    assert.ok(difference !== null && difference < 1e-5, `${cases[i]?.name}: ${difference}`);
});
