import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ChannelwiseError } from '../../../src/bytes/errors.ts';
import { runVerb } from '../../../src/cli/commandLine.ts';
import { VERBS } from '../../../src/cli/verbs.ts';
import { resNet18 } from '../../fixtures/architectures.ts';
import { convModel, encodeModel, floatTensor, model, named, node, valueInfo } from '../../fixtures/modelBuilder.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('verbs');
const at = (name: string): string => join(folder, name);
writeFileSync(at('a.onnx'), encodeModel(convModel()));
writeFileSync(at('b.onnx'), resNet18(8, 4, 32));
writeFileSync(at('text.onnx'), 'hello');

interface Ran {
  readonly code: number;
  readonly text: string;
  readonly errors: readonly string[];
}

async function run(...argv: string[]): Promise<Ran> {
  const lines: string[] = [];
  const errors: string[] = [];
  const output = { line: (text: string) => void lines.push(text), error: (text: string) => void errors.push(text) };
  try {
    const code = await runVerb(argv, output, new AbortController().signal);
    return { code, text: lines.join('\n'), errors };
  } catch (error) {
    assert.ok(error instanceof ChannelwiseError, String(error));
    return { code: 2, text: lines.join('\n'), errors: [error.message] };
  }
}

test('gray takes several files; one that is refused does not keep the others', async () => {
  const { code, text, errors } = await run('gray', at('a.onnx'), at('text.onnx'), at('b.onnx'));
  assert.equal(code, 2);
  assert.deepEqual(errors.length, 1);
  assert.match(errors[0] ?? '', /text\.onnx: .*not a readable ONNX model/);
  assert.match(text, /^\S*a\.onnx:\n[^]*wrote \S*a\.gray\.onnx\n\n\S*b\.onnx:\n[^]*wrote \S*b\.gray\.onnx$/);
  const listed = JSON.parse((await run('gray', at('a.onnx'), at('text.onnx'), '--dry-run', '--json')).text) as {
    file: string;
    error?: string;
    plan?: unknown;
  }[];
  assert.deepEqual(
    listed.map(({ file, error, plan }) => [file, error !== undefined, plan !== undefined]),
    [
      [at('a.onnx'), false, true],
      [at('text.onnx'), true, false],
    ],
  );
  assert.equal((await run('gray', at('a.onnx'), at('b.onnx'), '--dry-run')).code, 0);
});

test('gray adapts the input that is named', async () => {
  const two = model({
    inputs: [valueInfo('left', [1, 3, 4, 4]), valueInfo('right', [1, 3, 4, 4])],
    outputs: [valueInfo('y', null)],
    initializers: [floatTensor('v', [1, 3, 1, 1], [1, 2, 3]), floatTensor('w', [1, 3, 1, 1], [4, 5, 6])],
    nodes: [node('Conv', ['left', 'v'], ['l']), node('Conv', ['right', 'w'], ['r']), node('Add', ['l', 'r'], ['y'])],
  });
  writeFileSync(at('two.onnx'), encodeModel(two));
  const inputs = async (...more: string[]): Promise<string[]> => {
    const { text } = await run('gray', at('two.onnx'), '--dry-run', '--json', ...more);
    return (JSON.parse(text) as { plan: { inputs: { name: string }[] } }).plan.inputs.map(({ name }) => name);
  };
  assert.deepEqual(await inputs(), ['left', 'right']);
  assert.deepEqual(await inputs('--input', 'right'), ['right']);
});

test('exit codes tell a difference from a refusal', async () => {
  await run('gray', at('b.onnx'), '-o', at('gray.onnx'));
  assert.equal((await run('compare', at('b.onnx'), at('gray.onnx'))).code, 3);
  assert.equal((await run('compare', at('b.onnx'), at('b.onnx'))).code, 0);
  assert.equal((await run('compare', at('b.onnx'), at('none.onnx'))).code, 2);
  assert.equal((await run('verify', at('b.onnx'), at('gray.onnx'))).code, 0);
  assert.equal((await run('verify', at('a.onnx'), at('gray.onnx'))).code, 3);
  assert.equal((await run('verify', at('a.onnx'), at('none.onnx'))).code, 2);
});

test('inspect names sizes that the file leaves open, and says nothing of strides where there are none', async () => {
  for (const open of [null, 'None', '?']) {
    const parts = model({
      inputs: [valueInfo('x', [open, 3, open, open])],
      outputs: [valueInfo('y', null)],
      initializers: [floatTensor('w', [1, 3, 1, 1], [1, 2, 3])],
      nodes: [node('Conv', ['x', 'w'], ['y'])],
    });
    writeFileSync(at('open.onnx'), encodeModel(parts));
    const { text } = await run('inspect', at('open.onnx'));
    assert.match(text, /^input x: float32\[x_0, 3, x_2, x_3\]$/m);
    assert.match(text, /gives sizes to x_0, x_2, x_3/);
    assert.equal((await run('inspect', at('open.onnx'), '--bind', 'x_0=2')).code, 0);
  }
  const dense = model({
    inputs: [valueInfo('x', [1, 3])],
    outputs: [valueInfo('y', null)],
    initializers: [floatTensor('w', [3, 2], [1, 2, 3, 4, 5, 6])],
    nodes: [node('MatMul', ['x', 'w'], ['y'])],
  });
  writeFileSync(at('dense.onnx'), encodeModel(dense));
  assert.match(
    (await run('inspect', at('dense.onnx'))).text,
    /^input layer MatMul MatMul_y: w float32\[3, 2\] as \[in, out\]$/m,
  );
  assert.match((await run('inspect', at('b.onnx'))).text, /[\d,]+,\d{3} parameters/);
});

test('layers lists every node, as text, JSON and CSV with formulas guarded', async () => {
  const formulas = model({
    inputs: [valueInfo('x', [1, 3, 4, 4])],
    outputs: [valueInfo('y', null)],
    initializers: [floatTensor('w', [2, 3, 1, 1], [1, 2, 3, 4, 5, 6])],
    nodes: [
      named(node('Conv', ['x', 'w'], ['c']), { name: '=cmd|x' }),
      named(node('Relu', ['c'], ['y']), { name: 'a,b' }),
    ],
  });
  writeFileSync(at('named.onnx'), encodeModel(formulas));
  assert.equal(
    (await run('layers', at('named.onnx'), '--csv')).text,
    [
      'name,operator,output,dtype,shape,parameters,multiply-adds,memory',
      "'=cmd|x,Conv,c,float32,1×2×4×4,6,96,128",
      '"a,b",Relu,y,float32,1×2×4×4,0,0,128',
    ].join('\r\n'),
  );
  const layers = JSON.parse((await run('layers', at('named.onnx'), '--json')).text) as { multiplyAdds: number }[];
  assert.deepEqual(
    layers.map((layer) => layer.multiplyAdds),
    [96, 0],
  );
  assert.match((await run('layers', at('named.onnx'))).text, /^Conv =cmd\|x → c: float32 \[1, 2, 4, 4\]; 6 parameters/);
});

test("graph draws the page's picture as SVG: every node, either way round, names as text", async () => {
  const chain = model({
    inputs: [valueInfo('x', [1, 3, 4, 4])],
    outputs: [valueInfo('y', null)],
    initializers: [floatTensor('w', [2, 3, 1, 1], [1, 2, 3, 4, 5, 6])],
    nodes: [
      named(node('Conv', ['x', 'w'], ['c']), { name: 'a<b>&"\u009b' }),
      named(node('Relu', ['c'], ['y']), { name: 'second' }),
    ],
  });
  writeFileSync(at('chain.onnx'), encodeModel(chain));
  const size = (text: string): number[] => (/width="([\d.]+)" height="([\d.]+)"/.exec(text) ?? []).slice(1).map(Number);
  const { code, text } = await run('graph', at('chain.onnx'), '--svg');
  assert.equal(code, 0);
  assert.match(text, /^<svg [\s\S]*<title>chain\.onnx<\/title>[\s\S]*>Conv<[\s\S]*>Relu<[\s\S]*<\/svg>$/);
  assert.match(text, />3×4×4</, 'shapes without the batch size');
  const [width = 0, height = 0] = size(text);
  const turned = (await run('graph', at('chain.onnx'), '--svg', '--left-right', '--names', '--batch')).text;
  const [wide = 0, low = 0] = size(turned);
  assert.ok(wide > 2 * low && wide > width && height > low, `${width}×${height}, turned ${wide}×${low}`);
  assert.match(turned, />a&#60;b&#62;&#38;&#34; </);
  assert.match(turned, />1×3×4×4</);
  assert.equal(
    (JSON.parse((await run('graph', at('chain.onnx'), '--svg', '--json')).text) as { svg: string }).svg,
    text,
  );
  assert.equal((await run('graph', at('chain.onnx'))).code, 2, 'the form is to be said');
});

test('names reach neither the terminal nor JSON raw, and long ones are cut', async () => {
  const evil = 'a\u0000\u009b31m\r\nwrote all\u202e\u200f\u061cb\u007f';
  const long = 'n'.repeat(200_000);
  const parts = model({
    inputs: [valueInfo('x', [1, 3, 4, 4])],
    outputs: [valueInfo(evil, null), valueInfo(long, null)],
    initializers: [floatTensor('w', [1, 3, 1, 1], [1, 2, 3])],
    nodes: [node('Conv', ['x', 'w'], [evil]), node('Relu', [evil], [long])],
  });
  writeFileSync(at('evil.onnx'), encodeModel(parts));
  await run('gray', at('evil.onnx'), '-o', at('evil-gray.onnx'));
  const calls = [
    ['inspect', at('evil.onnx')],
    ['shapes', at('evil.onnx')],
    ['layers', at('evil.onnx')],
    ['layers', at('evil.onnx'), '--csv'],
    ['compare', at('evil.onnx'), at('b.onnx')],
    ['verify', at('evil.onnx'), at('evil-gray.onnx')],
    ['verify', at('evil.onnx'), at('gray.onnx')],
  ];
  for (const argv of calls.flatMap((call) => [call, [...call, '--json']])) {
    const { text, errors } = await run(...argv);
    const printed = [text, ...errors].join('\n').replaceAll(/\r?\n/g, '');
    assert.doesNotMatch(printed, /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u, argv.join(' '));
    assert.ok(printed.length < 150_000, `${argv.join(' ')} prints ${printed.length} characters`);
    if (argv.includes('--json') && text !== '') JSON.parse(text);
  }
});

test('models in text and JSON form are named', async () => {
  const rows: readonly [text: string, says: RegExp][] = [
    [
      '<\n  ir_version: 8,\n  opset_import: ["" : 17]\n>\nagraph (float[N] x) => (float[N] y) {}',
      /an ONNX model in text form/,
    ],
    ['ir_version: 8\nproducer_name: "x"\ngraph {\n}\n', /an ONNX model in text form/],
    ['{\n  "irVersion": "8",\n  "graph": {}\n}', /an ONNX model in JSON form/],
    ['{"graph": {}}', /an ONNX model in JSON form/],
  ];
  for (const [text, says] of rows) {
    writeFileSync(at('other.onnx'), text);
    assert.match((await run('inspect', at('other.onnx'))).errors[0] ?? '', says, text);
  }
});

test('usage lines fit into 100 columns', async () => {
  for (const argv of [['help'], ...Object.keys(VERBS).map((name) => [name, '--help'])]) {
    const { text } = await run(...argv);
    for (const line of text.split('\n').filter((l) => !/^ {2}[^ c]/.test(l))) assert.ok(line.length <= 100, line);
  }
});

for (const [shell, check] of [
  [
    'bash',
    [
      '-c',
      [
        'eval "$1"',
        'COMP_WORDS=(channelwise ver); COMP_CWORD=1; _channelwise; echo "${COMPREPLY[@]}"',
        'COMP_WORDS=(channelwise gray --inp); COMP_CWORD=2; _channelwise; echo "${COMPREPLY[@]}"',
      ].join('; '),
    ],
  ],
] as const)
  test(`completion for ${shell} knows verbs and options`, async () => {
    const { text } = await run('completion', shell);
    const { stdout } = spawnSync(shell, [...check, shell, text], { encoding: 'utf8' });
    assert.equal(stdout, 'verify\n--input\n');
  });

test('every shell has a completion that names every verb and option', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { text } = await run('completion', shell);
    for (const [name, verb] of Object.entries(VERBS)) {
      assert.ok(text.includes(name), `${shell}: ${name}`);
      for (const option of Object.keys(verb.options))
        assert.ok(text.includes(shell === 'fish' ? `-l ${option}` : `--${option}`), `${shell}: ${option}`);
    }
  }
  assert.match((await run('completion', 'tcsh')).errors[0] ?? '', /bash, zsh, fish/);
  assert.ok(readdirSync(folder).every((name) => !name.endsWith('.tmp')));
});
