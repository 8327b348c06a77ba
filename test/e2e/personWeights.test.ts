import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { floatWeights, safetensorsFile } from '../fixtures/safetensors.ts';
import { torchPython } from '../fixtures/torch/torchPython.ts';
import { Workbench } from './workbench.ts';

const INDEX = 'model.safetensors.index.json';
const NETWORK = [
  floatWeights('conv1.weight', [16, 3, 5, 5]),
  floatWeights('conv1.bias', [16]),
  floatWeights('fc.weight', [4, 16]),
];
let workbench: Workbench;
let workspace: string;

before(async () => {
  workspace = mkdtempSync(join(tmpdir(), 'channelwise-person-weights-'));
  writeFileSync(join(workspace, 'net.safetensors'), safetensorsFile(NETWORK));
  torchPython('generatedPython.py', ['make', workspace]);
  for (const name of ['plain.bin', 'plain.ckpt']) copyFileSync(join(workspace, 'pytorch.pth'), join(workspace, name));
  const sharded = join(workspace, 'sharded');
  mkdirSync(sharded);
  writeFileSync(join(sharded, 'a.safetensors'), safetensorsFile(NETWORK.slice(0, 2)));
  writeFileSync(join(sharded, 'b.safetensors'), safetensorsFile(NETWORK.slice(2)));
  const map = { 'conv1.weight': 'a.safetensors', 'conv1.bias': 'a.safetensors', 'fc.weight': 'b.safetensors' };
  writeFileSync(join(sharded, INDEX), JSON.stringify({ metadata: { total_size: 5120 }, weight_map: map }));
  workbench = await Workbench.open(workspace, 'net.safetensors');
});

after(async () => {
  await workbench?.close();
  if (workspace) rmSync(workspace, { recursive: true, force: true });
});

/** What is on the screen at the end of a test, for those that fail. */
afterEach(() => workbench.shot('weights-last'));

for (const [name, gray, layer] of [
  ['net.safetensors', 'net.gray.safetensors', 'conv1.weight'],
  ['torchvision.pth', 'torchvision.gray.pth', 'state_dict.module.conv1.weight'],
] as const) {
  test(`${name}: right-click, Convert to Grayscale, verified; its tab tells what was done`, async () => {
    await workbench.choose(name, 'Convert to Grayscale');
    await workbench.file(gray).waitFor();
    const toast = workbench.toast(gray);
    await toast.waitFor();
    assert.match(await toast.innerText(), /Verified: (largest difference|no difference)/);
    await toast.getByRole('button', { name: 'Open', exact: true }).click();
    const frame = await workbench.pageWith('Adaptation');
    await frame.locator('cw-app').getByRole('tab', { name: 'Adaptation' }).click();
    await frame.locator('cw-proof').getByText('✓ Verified').waitFor();
    await frame.locator('cw-adaptation').getByRole('row', { name: layer }).waitFor();
    await workbench.shot(`weights-adaptation-${name}`);
    await frame.locator('cw-adaptation').getByText('Compare with it').click();
    await frame
      .locator('cw-compare')
      .getByRole('option', { name: new RegExp(layer.replaceAll('.', '\\.')) })
      .waitFor();
    await workbench.shot(`weights-compare-${name}`);
    await workbench.choose(gray, 'Verify Against the Original');
    await workbench.toast(`${gray}, against ${name}: Verified`).waitFor();
  });
}

for (const name of ['plain.bin', 'plain.ckpt']) {
  test(`${name}: Open With shows its tensors, and it converts from the Explorer`, async () => {
    await workbench.choose(name, 'Open With...');
    await workbench.asked('Channelwise Model Preview');
    await workbench.page.keyboard.type('Channelwise');
    await workbench.page.keyboard.press('Enter');
    const frame = await workbench.pageWith('Tensors');
    await frame.locator('cw-tensor-tab').getByRole('row').nth(2).waitFor();
    await workbench.shot(`weights-open-${name}`);
    const gray = name.replace('plain', 'plain.gray');
    await workbench.choose(name, 'Convert to Grayscale');
    await workbench.toast(gray).waitFor();
    assert.ok(existsSync(join(workspace, gray)));
  });
}

test('an index: converted from the Explorer into a folder beside', async () => {
  await workbench.file('sharded').click();
  await workbench.choose(INDEX, 'Convert to Grayscale');
  await workbench.file('sharded-gray').waitFor();
  const toast = workbench.toast(`${INDEX}: conv1.weight`);
  await toast.waitFor();
  assert.match(await toast.innerText(), /Verified/);
  assert.ok(existsSync(join(workspace, 'sharded-gray', 'b.safetensors')));
  await toast.getByRole('button', { name: 'Open', exact: true }).click();
  const frame = await workbench.pageWith('b.safetensors');
  await frame.locator('cw-app').getByRole('tab', { name: 'Adaptation' }).waitFor();
  await workbench.shot('weights-index');
});

test('Copy as Python asks for a library, the likely one first', async () => {
  await workbench.choose('torchvision.gray.pth', 'Copy as Python…');
  await workbench.asked('segmentation-models-pytorch');
  assert.match(await workbench.quick().locator('.monaco-list-row').first().innerText(), /^torchvision/);
  await workbench.shot('weights-python');
  await workbench.page.keyboard.press('Enter');
  await workbench.toast('Copied as Python: torchvision').waitFor();
  const code = await workbench.page.evaluate(() => navigator.clipboard.readText());
  assert.match(code, /torchvision\.models\.resnet18\(weights=None, num_classes=7\)/);
  assert.match(code, /torch\.load\("torchvision\.gray\.pth"/);
});
