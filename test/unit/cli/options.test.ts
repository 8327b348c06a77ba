// Slow: many conversions by the command line.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fruitCheckpoint } from '../../fixtures/fruit/checkpoint.ts';
import { writeFruitKeras } from '../../fixtures/fruit/kerasFile.ts';
import { fruitResNet } from '../../fixtures/fruit/onnxFiles.ts';
import { weightsFile } from '../../fixtures/fruit/trainedWeights.ts';
import { weightsHdf5 } from '../../fixtures/keras/weightFiles.ts';
import { h5pyMissing } from '../../fixtures/runH5py.ts';
import { run, type Ran } from '../../fixtures/runCli.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('options');
const at = (name: string): string => join(folder, name);

/** A file of every kind: a graph with weights, or weights alone. */
async function writeFiles(): Promise<void> {
  writeFileSync(at('net.onnx'), fruitResNet());
  writeFileSync(at('net.pth'), fruitCheckpoint('fruit-resnet'));
  writeFileSync(at('net.safetensors'), weightsFile('fruit-resnet'));
  await writeFruitKeras(at('net.h5'));
  const datasets = { 'layers/conv2d/vars/0': [3, 3, 3, 8], 'layers/conv2d/vars/1': [8] };
  writeFileSync(at('net.weights.h5'), weightsHdf5(datasets));
}

const KINDS = ['net.onnx', 'net.pth', 'net.safetensors', 'net.h5', 'net.weights.h5'];
const PLAN = ['--dry-run', '--json'];

type Row = readonly [verb: string, base: readonly string[], option: readonly string[], kinds?: readonly string[]];
const ALONE = ['net.pth', 'net.safetensors', 'net.weights.h5'];

/** An option with a value that no file of any kind can take as it is: it has an effect, or it is refused. */
const OPTIONS: readonly Row[] = [
  ['gray', PLAN, ['--input', 'none']],
  ['gray', PLAN, ['--layer', 'none']],
  ['gray', PLAN, ['--axis', '7']],
  // A model with a graph and no integers has nothing to keep.
  ['gray', PLAN, ['--keep-integers'], [...ALONE, 'net.h5']],
  ['gray', [...PLAN, '--layer', 'layers/conv2d/vars/0'], ['--input', 'none'], ['net.weights.h5']],
  ['adapt', [...PLAN, '--map', 'gray'], ['--groups', '2']],
  ['adapt', [...PLAN, '--map', 'gray'], ['--mean', '0.5']],
  ['adapt', [...PLAN, '--map', 'gray'], ['--map', 'bgr']],
  ['inspect', ['--json'], ['--bind', 'none=1']],
  ['shapes', ['--json'], ['--bind', 'none=1']],
  ['layers', ['--json'], ['--bind', 'none=1']],
  ['graph', ['--svg'], ['--bind', 'none=1']],
];
/** The same of two files, the second one the first in gray. */
const PAIRS: readonly Row[] = [
  ['verify', ['--json'], ['--layer', 'none']],
  ['verify', ['--json'], ['--map', 'bands:5']],
  ['verify', ['--json'], ['--images', 'none']],
  ['verify', ['--json'], ['--full']],
];

const ran = new Map<string, Promise<Ran>>();

/** Several options are compared with the same call without any. */
function runOnce(...args: readonly string[]): Promise<Ran> {
  const key = args.join(' ');
  const known = ran.get(key) ?? run(...args);
  ran.set(key, known);
  return known;
}

async function checkRow(files: readonly string[], [verb, base, option]: Row): Promise<void> {
  const without = await runOnce(verb, ...files, ...base);
  const given = await run(verb, ...files, ...base, ...option);
  const row = `${verb} ${files.join(' ')} ${option.join(' ')}`;
  if (given.code === 0) assert.notEqual(given.text, without.text, `${row} has no effect`);
  else assert.match(given.refused, /^[A-Z`n-][^\n]{20,}\.$/, row);
}

test('an option has an effect on files of every kind, or is refused', { skip: h5pyMissing }, async () => {
  await writeFiles();
  for (const kind of KINDS) {
    for (const row of OPTIONS) if (!row[3] || row[3].includes(kind)) await checkRow([at(kind)], row);
    const made = at(`gray-${kind}`);
    assert.equal((await run('gray', at(kind), '-o', made)).code, 0);
    for (const row of PAIRS) await checkRow([at(kind), made], row);
  }
});

test('--axis names the axis of the channels of a Keras network, and no other', { skip: h5pyMissing }, async () => {
  assert.equal((await run('gray', at('net.h5'), '--axis', '3', ...PLAN)).code, 0);
  const { refused } = await run('gray', at('net.h5'), '--axis', '1', ...PLAN);
  assert.match(refused, /^No input has 3 channels on axis 1: .*, where they may lie on axis 3\.$/);
});

test('what needs a graph is refused by one sentence for weights alone', { skip: h5pyMissing }, async () => {
  for (const kind of ALONE)
    for (const verb of [['shapes'], ['layers'], ['graph', '--svg']])
      assert.match((await run(verb[0] ?? '', at(kind), ...verb.slice(1))).refused, /holds weights without a graph/);
});
