import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Failure } from '../../../src/cli/failure.ts';
import { resNet18 } from '../../fixtures/architectures.ts';
import { run } from '../../fixtures/runCli.ts';
import { floatWeights, safetensorsFile } from '../../fixtures/safetensors.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('refusals');
const at = (name: string): string => join(folder, name);
writeFileSync(at('model.onnx'), resNet18(8, 4, 32));
writeFileSync(at('other.onnx'), resNet18(8, 4, 32));
writeFileSync(at('text.onnx'), 'hello');
writeFileSync(at('empty.onnx'), '');
writeFileSync(at('model.pt'), 'PK\x03\x04\x00\x00', 'latin1');
writeFileSync(at('cut.onnx'), resNet18(8, 4, 32).subarray(0, 5000));
mkdirSync(at('folder.onnx'));
writeFileSync(at('net.safetensors'), safetensorsFile([floatWeights('conv1.weight', [4, 3, 3, 3])]));
writeFileSync(at('typo.json'), '{"matrix": [[1], [1], [1]], "shfit": [1, 2, 3]}');

const REFUSED: readonly [string, readonly string[], RegExp][] = [
  ['a text file', ['gray', at('text.onnx')], /not a readable ONNX model.*byte/],
  ['an empty file', ['inspect', at('empty.onnx')], /empty/],
  ['a truncated file', ['gray', at('cut.onnx')], /byte/],
  ['a directory', ['gray', at('folder.onnx')], /folder/],
  ['a missing file', ['inspect', at('none.onnx')], /does not exist/],
  ['an unknown verb', ['paint', at('model.onnx')], /no command `paint`/],
  ['a missing argument', ['gray'], /^`gray` takes one file or more but got none\. Usage: channelwise gray/],
  ['several files', ['inspect', at('model.onnx'), at('text.onnx')], /takes one file but got 2\./],
  [
    'several files and one name',
    ['gray', at('model.onnx'), at('other.onnx'), '-o', at('a.onnx')],
    /^The option `-o` names one file, so it goes with one model\.$/,
  ],
  ['one file to compare', ['compare', at('model.onnx')], /takes 2 files but got 1\./],
  ['an unknown option', ['gray', at('model.onnx'), '--fast'], /^There is no option `--fast` here\. Usage/],
  ['an unknown short option', ['gray', at('model.onnx'), '-x'], /^There is no option `-x` here\./],
  ['an option without its value', ['gray', at('model.onnx'), '-o'], /^The option `-o` needs a value\./],
  [
    'a value where none belongs',
    ['gray', at('model.onnx'), '--dry-run=yes'],
    /^The option `--dry-run` takes no value\./,
  ],
  [
    'an option without its value before another',
    ['gray', at('model.onnx'), '-o', '--dry-run'],
    /^The option `-o` needs a value\./,
  ],
  [
    'an option given twice',
    ['adapt', at('model.onnx'), '--map', 'gray', '--mean', '1', '--mean', '2'],
    /^The option `--mean` is given twice\. Usage/,
  ],
  [
    'an output given twice, short and long',
    ['gray', at('model.onnx'), '-o', at('a.onnx'), '--out', at('b.onnx')],
    /^The option `--out` is given twice\./,
  ],
  [
    'a number that is missing between two',
    ['adapt', at('model.onnx'), '--map', 'normalize', '--mean', '1,,2'],
    /mean must be numbers/,
  ],
  [
    'three scales',
    ['adapt', at('model.onnx'), '--map', 'normalize', '--scale', '1,2,3'],
    /scale must be one number, but is `1,2,3`/,
  ],
  [
    'a number below zero that does not fit',
    ['verify', at('model.onnx'), at('model.onnx'), '--seed', '-1.5'],
    /--seed must be a whole number/,
  ],
  [
    'a scale that is no number',
    ['adapt', at('model.onnx'), '--map', 'normalize', '--scale', '1/0'],
    /^scale must be one number, but is `1\/0`\.$/,
  ],
  [
    'a seed without a number',
    ['verify', at('model.onnx'), at('model.onnx'), '--seed', ''],
    /^--seed must be one number/,
  ],
  [
    'a mean without a map to verify',
    ['verify', at('model.onnx'), at('model.onnx'), '--mean', '1'],
    /^--mean belongs to a map; give --map too\.$/,
  ],
  ['an empty name to write', ['gray', at('model.onnx'), '-o', ''], /^The option `-o` needs a value\.$/],
  [
    'more bands than there may be',
    ['adapt', at('model.onnx'), '--map', 'bands:9999999'],
    /^The number of bands must be a whole number from 1 to 4096\.$/,
  ],
  ['a number of bands that is none', ['adapt', at('model.onnx'), '--map', 'bands:-3'], /^The number of bands must be/],
  [
    'a misspelt shift in a map file',
    ['adapt', at('model.onnx'), '--map', at('typo.json')],
    /typo\.json has "shfit", but a map has only "matrix" and "shift"\.$/,
  ],
  ['an unknown map', ['adapt', at('model.onnx'), '--map', 'sepia'], /no map `sepia`/],
  [
    'a map of another width',
    ['adapt', at('model.onnx'), '--map', 'rgb-from-gray'],
    /input `input` is float32\[batch, 3, 32, 32\]/,
  ],
  ['an unknown input', ['adapt', at('model.onnx'), '--map', 'gray', '--input', 'no'], /no input `no`/],
  [
    'a binding of a name that no size has',
    ['shapes', at('model.onnx'), '--bind', 'bach=1'],
    /No size is named `bach`; the inputs have `batch`\./,
  ],
  ['the same in inspect', ['inspect', at('model.onnx'), '--bind', 'batch=1,bach=1'], /No size is named `bach`/],
  [
    'a PyTorch file',
    ['gray', at('model.pt')],
    /^This is not an ONNX model: it is a ZIP archive, as PyTorch and Keras write them; export/,
  ],
  ...[[], ['--layers']].map((more): [string, string[], RegExp] => [
    `weights alone to evaluate ${more.join('')}`,
    ['evaluate', at('net.safetensors'), '--images', at('folder.onnx'), ...more],
    /^net\.safetensors holds weights without a graph/,
  ]),
  [
    'weights alone as the adapted model to evaluate',
    ['evaluate', at('model.onnx'), '--adapted', at('net.safetensors'), '--images', at('folder.onnx')],
    /^net\.safetensors holds weights without a graph/,
  ],
  ...['compare', 'verify'].flatMap((verb): [string, string[], RegExp][] => [
    [
      `${verb} of a model and weights alone`,
      [verb, at('model.onnx'), at('net.safetensors')],
      /^net\.safetensors holds weights without a graph and model\.onnx has one; name two of a kind\.$/,
    ],
    [
      `${verb} of weights alone and a model`,
      [verb, at('net.safetensors'), at('model.onnx')],
      /^net\.safetensors holds weights without a graph and model\.onnx has one; name two of a kind\.$/,
    ],
  ]),
  ['a binding that is none', ['shapes', at('model.onnx'), '--bind', 'batch'], /NAME=NUMBER/],
];

for (const [name, argv, message] of REFUSED) {
  test(`one sentence and exit code 2 for ${name}`, async () => {
    const before = readdirSync(folder).sort();
    const { code, refused } = await run(...argv);
    assert.equal(code, 2);
    assert.match(refused, message);
    assert.doesNotMatch(refused, /\n/);
    assert.deepEqual(readdirSync(folder).sort(), before);
    const failure = JSON.parse((await run(...argv, '--json')).text) as Record<string, unknown>;
    assert.deepEqual(Object.keys(failure), ['error', 'code', 'kind', 'place']);
    assert.equal(failure.error, refused);
    assert.match(String(failure.code), /^[a-z][a-z-]*$/);
  });
}

test('--json says where in the file, and of several files which one', async () => {
  const { error, ...failure } = JSON.parse((await run('gray', at('text.onnx'), '--json')).text) as Failure;
  assert.deepEqual(failure, { code: 'malformed', kind: 'malformed', place: { offset: 2 } });
  const [one, two] = JSON.parse((await run('gray', at('text.onnx'), at('none.onnx'), '--json')).text) as Failure[];
  assert.deepEqual(one, { file: at('text.onnx'), error, ...failure });
  assert.deepEqual([two?.kind, two?.code], ['io', 'missing']);
});
