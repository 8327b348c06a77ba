// Slow: starts the command line many times.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { usageText } from '../../../src/cli/help.ts';
import { VERBS } from '../../../src/cli/verbs.ts';
import { resNet18 } from '../../fixtures/architectures.ts';
import { builtProgram } from '../../fixtures/builtProgram.ts';
import { run } from '../../fixtures/runCli.ts';
import {
  encodeModel,
  externalTensor,
  floatTensor,
  model,
  named,
  node,
  valueInfo,
} from '../../fixtures/modelBuilder.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('cli');
const CLI = builtProgram('src/cli.ts', 'src/cliThread.ts');
const at = (name: string): string => join(folder, name);
writeFileSync(at('model.onnx'), resNet18(8, 4, 32));
// Its list of shapes is longer than a pipe holds.
writeFileSync(
  at('long.onnx'),
  encodeModel(
    model({
      inputs: [valueInfo('x', [1])],
      outputs: [valueInfo('t9999', null)],
      nodes: Array.from({ length: 10_000 }, (_, i) => node('Relu', [i ? `t${i - 1}` : 'x'], [`t${i}`])),
    }),
  ),
);

test('inspect --json names the input layer and what reading cost', async () => {
  const found = JSON.parse((await run('inspect', at('model.onnx'), '--json')).text) as {
    inputs: { dims: unknown[] }[];
    firstLayers: { weight: string; dims: number[]; strides: number[] }[];
    io: { bytesRead: number; fileSize: number };
  };
  assert.deepEqual(
    found.firstLayers.map((l) => [l.weight, l.dims, l.strides]),
    [['conv1.weight', [8, 3, 7, 7], [2, 2]]],
  );
  assert.deepEqual(
    found.inputs.map((i) => i.dims),
    [['batch', 3, 32, 32]],
  );
  assert.ok(found.io.bytesRead < found.io.fileSize / 2);
});

test('gray writes beside the model, never over a file, and verify proves it', async () => {
  const before = readFileSync(at('model.onnx'));
  assert.equal((await run('gray', at('model.onnx'))).code, 0);
  const second = JSON.parse((await run('gray', at('model.onnx'), '--json')).text) as { outPath: string };
  assert.equal(second.outPath, at('model.gray-2.onnx'));
  assert.match((await run('gray', at('model.onnx'), '-o', at('model.gray.onnx'))).refused, /already exists/);
  assert.deepEqual(readFileSync(at('model.onnx')), before);
  const proof = await run('verify', at('model.onnx'), at('model.gray.onnx'));
  assert.equal(proof.code, 0);
  assert.match(proof.text, /^Verified: relative error/);
});

test('verify refuses a gray model whose weight was spoilt', async () => {
  const bytes = Uint8Array.from(readFileSync(at('model.gray-2.onnx')));
  const { offset } = firstWeight(bytes);
  new DataView(bytes.buffer).setFloat32(offset, 9, true);
  writeFileSync(at('spoilt.onnx'), bytes);
  const proof = await run('verify', at('model.onnx'), at('spoilt.onnx'));
  assert.equal(proof.code, 3);
  assert.match(proof.refused, /^Not the same function/);
});

function firstWeight(bytes: Uint8Array): { offset: number } {
  const size = 8 * 49 * 4;
  // raw_data (field 9) of exactly the folded weight's size: tag 0x4a and its length.
  const head = Buffer.from([0x4a, (size & 0x7f) | 0x80, size >> 7]);
  const at = Buffer.from(bytes).indexOf(head);
  assert.ok(at >= 0);
  return { offset: at + head.length };
}

test('a dry run writes nothing and prints the plan', async () => {
  const before = readdirSync(folder).length;
  const { text } = await run(
    'adapt',
    at('model.onnx'),
    '--map',
    'normalize',
    '--mean',
    '0.4,0.5,0.6',
    '--std',
    '0.2',
    '--scale',
    '1/255',
    '--dry-run',
  );
  assert.match(text, /conv1\.weight \[8, 3, 7, 7\] → \[8, 3, 7, 7\]/);
  assert.equal(readdirSync(folder).length, before);
});

test('shapes with bindings settles every size', async () => {
  const report = JSON.parse((await run('shapes', at('model.onnx'), '--bind', 'batch=2', '--json')).text) as {
    tensors: { name: string; dims: unknown[] }[];
  };
  assert.deepEqual(report.tensors.find((t) => t.name === 'output')?.dims, [2, 4]);
});

test('help of every command begins with its usage; that of adapt names every map', async () => {
  for (const [name, verb] of Object.entries(VERBS))
    assert.ok((await run(name, '--help')).text.startsWith(`${usageText(verb.usage)}\n${verb.about}`));
  for (const [name, verb] of Object.entries(VERBS)) {
    const { text } = await run(name, '--help');
    for (const option of Object.keys(verb.options))
      assert.ok(
        verb.help?.some((line) => line.includes(option === 'out' ? '-o' : `--${option}`)),
        `${name} --help does not explain --${option}: ${text}`,
      );
  }
  const { text } = await run('adapt', '--help');
  for (const map of ['gray', 'bgr', 'drop-alpha', 'bands:N', 'rgb-from-gray', 'fold-repeats', 'normalize', 'FILE.json'])
    assert.match(text, new RegExp(`^  ${map} {2,}\\S`, 'm'));
});

test('help names a command in front or behind', async () => {
  const { text } = await run('gray', '--help');
  for (const word of ['help', '--help', '-h']) assert.equal((await run(word, 'gray')).text, text);
  assert.match((await run('help')).text, /^Channelwise \d/);
});

test('map files in UTF-8 and UTF-16, with their marks, are read alike', async () => {
  const json = '{"matrix": [[1], [0.5], [1]], "shift": [0, 0, 2]}';
  const wide = Buffer.from(`\ufeff${json}`, 'utf16le');
  const plans: string[] = [];
  for (const [name, bytes] of Object.entries({
    plain: Buffer.from(json),
    marked: Buffer.from(`\ufeff${json}`),
    little: wide,
    big: Buffer.from(wide).swap16(),
  })) {
    writeFileSync(at(`${name}.json`), bytes);
    plans.push((await run('adapt', at('model.onnx'), '--map', at(`${name}.json`), '--dry-run', '--json')).text);
  }
  assert.match(plans[0] ?? '', /"shift"/);
  assert.deepEqual(new Set(plans).size, 1);
});

test('names from a file do nothing to a terminal and make no lines of their own', async () => {
  const evil = 'a\u001b[31m\nwrote all\r\u0007\u202eb';
  const parts = {
    inputs: [valueInfo('x', [1, 3, 4, 4])],
    outputs: [valueInfo('y', null)],
    nodes: [named(node('Conv', ['x', evil], ['y']), { name: evil })],
  };
  writeFileSync(
    at('evil.onnx'),
    encodeModel({
      ...model({ ...parts, initializers: [floatTensor(evil, [1, 3, 1, 1], [1, 2, 3])] }),
      producerName: evil,
    }),
  );
  const calls = [
    ['gray', at('evil.onnx'), '-o', at('evil-gray.onnx')],
    ['inspect', at('evil.onnx')],
    ['shapes', at('evil.onnx')],
    ['compare', at('evil.onnx'), at('evil-gray.onnx')],
    ['verify', at('evil.onnx'), at('evil-gray.onnx')],
  ];
  for (const argv of calls) {
    const { text } = await run(...argv);
    assert.match(text, /a \[31m wrote all b/, argv[0]);
    assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\u202e]/u, argv[0]);
    assert.doesNotMatch(text, /^wrote all/m, argv[0]);
  }
});

test('one of a thing is said as one', async () => {
  writeFileSync(
    at('one.onnx'),
    encodeModel(
      model({
        inputs: [valueInfo('x', [1, 3, 1, 1])],
        outputs: [valueInfo('y', null)],
        initializers: [floatTensor('w', [1, 3, 1, 1], [1, 2, 3])],
        nodes: [node('Conv', ['x', 'w'], ['y'])],
      }),
    ),
  );
  const { text } = await run('adapt', at('one.onnx'), '--map', 'drop-alpha', '--dry-run');
  assert.match(text, /adds 1 parameter\n {2}adds 1 multiply-add per image\n/);
  await run('gray', at('one.onnx'), '-o', at('one-gray.onnx'));
  const verified = (await run('verify', at('one.onnx'), at('one-gray.onnx'))).text;
  assert.match(verified, /^3 runs on noise: x \[1, 1, 1, 1\]$/m);
  assert.match(verified, /^run on smooth pictures: x \[1, 1, 1, 1\]$/m);
  assert.match(verified, /^run on pictures with edges: x \[1, 1, 1, 1\]$/m);
});

test('a reader that closes the pipe early sees no stack', () => {
  const { stdout, stderr, status } = spawnSync(
    'bash',
    ['-c', 'set -o pipefail; "$0" "$1" shapes "$2" | head -n 1', process.execPath, CLI, at('long.onnx')],
    { encoding: 'utf8' },
  );
  assert.equal(stderr, '');
  assert.match(stdout, /^x: float32 \[1\]\n$/);
  assert.equal(status, 0);
});

test('a refusal that nobody reads is still a refusal', () => {
  const script = '( sleep 0.2; "$0" "$1" inspect none.onnx 2>&1 >/dev/null; echo $? >"$2" ) | true';
  spawnSync('bash', ['-c', script, process.execPath, CLI, at('code')]);
  assert.equal(readFileSync(at('code'), 'utf8'), '2\n');
});

test(
  'an output that finds no room ends in one sentence',
  { skip: existsSync('/dev/full') ? false : 'only Linux has a file that is always full' },
  () => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, [CLI, '--help'], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(full);
    assert.deepEqual([status, stderr], [2, 'The output could not be written (ENOSPC).\n']);
  },
);

test(
  'a folder that may not be written into leaves nothing behind',
  { skip: process.getuid?.() === 0 ? 'root may write everywhere' : false },
  async () => {
    mkdirSync(at('locked'));
    writeFileSync(at('locked/model.onnx'), readFileSync(at('model.onnx')));
    chmodSync(at('locked'), 0o555);
    const { refused } = await run('gray', at('locked/model.onnx'));
    chmodSync(at('locked'), 0o755);
    assert.match(refused, /may not write/);
    assert.deepEqual(readdirSync(at('locked')), ['model.onnx']);
  },
);

test('external weights: folded inline, the rest stays outside; unsafe places are refused', async () => {
  const weights = (location: string, more: readonly ReturnType<typeof node>[] = []): Uint8Array =>
    encodeModel(
      model({
        inputs: [valueInfo('x', [1, 3, 8, 8])],
        outputs: [valueInfo('y', null)],
        initializers: [externalTensor('w', 1, [2, 3, 3, 3], { location })],
        nodes: [node('Conv', ['x', 'w'], ['y']), ...more],
      }),
    );
  mkdirSync(at('ext'));
  writeFileSync(at('ext/w.bin'), Buffer.from(Float32Array.from({ length: 54 }, (_, i) => i / 54).buffer));
  writeFileSync(at('ext/good.onnx'), weights('w.bin'));
  writeFileSync(at('ext/stays.onnx'), weights('w.bin', [node('Identity', ['w'], ['again'])]));
  writeFileSync(at('ext/bad.onnx'), weights('../secret.bin'));
  writeFileSync(at('ext/gone.onnx'), weights('gone.bin'));
  assert.equal((await run('gray', at('ext/good.onnx'))).code, 0);
  assert.equal((await run('verify', at('ext/good.onnx'), at('ext/good.gray.onnx'))).code, 0);
  mkdirSync(at('elsewhere'));
  const moved = ['gray', at('ext/stays.onnx'), '-o', at('elsewhere/gray.onnx')];
  const copy = join(at('elsewhere'), 'w.bin');
  assert.ok((await run(...moved, '--dry-run')).text.includes(`would copy data file ${copy} (216 bytes)`));
  assert.ok((await run(...moved)).text.includes(`copied data file ${copy} (216 bytes)`));
  assert.equal((await run('verify', at('ext/stays.onnx'), at('elsewhere/gray.onnx'))).code, 0);
  for (const name of ['bad', 'gone']) {
    assert.equal((await run('inspect', at(`ext/${name}.onnx`))).code, 0);
    assert.equal((await run('gray', at(`ext/${name}.onnx`))).code, 2);
  }
});
