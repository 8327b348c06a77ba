import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CountingSource, MemorySource } from '../../../../src/bytes/byteSource.ts';
import { canWrite, HEAD_BYTES, type OpenedFile } from '../../../../src/formats/format.ts';
import { pytorchFormat } from '../../../../src/formats/pytorch/format.ts';
import { formatOf } from '../../../../src/formats/table.ts';
import { HoleSource } from '../../../fixtures/holeSource.ts';
import {
  checkpointInstructions,
  legacyHead,
  legacyKeys,
  type BuiltTensor,
} from '../../../fixtures/torch/pickleWriter.ts';
import { buildZip, zipParts, type BuiltEntry } from '../../../fixtures/zipBuilder.ts';

const zipOf = (...names: string[]): Uint8Array =>
  buildZip({ entries: names.map((name) => ({ name, data: new Uint8Array(8) })) });

const HEADS: Readonly<Record<string, { head: Uint8Array; torch: boolean }>> = {
  'a zip of torch': { head: zipOf('model/data.pkl', 'model/version'), torch: true },
  TorchScript: { head: zipOf('a_name_that_is_longer_than_what_is_looked_at_of_the_file/code/x.py'), torch: true },
  'a legacy file': { head: legacyHead(), torch: true },
  'a pickle of protocol 5': { head: Buffer.from('80059500', 'hex'), torch: true },
  'a .keras file': { head: zipOf('metadata.json', 'config.json', 'model.weights.h5'), torch: false },
  'arrays of numpy': { head: zipOf('arr_0.npy'), torch: false },
  'an ONNX model': { head: Buffer.from('08071206', 'hex'), torch: false },
  nothing: { head: new Uint8Array(0), torch: false },
};
for (const [name, { head, torch }] of Object.entries(HEADS)) {
  test(`${name} is ${torch ? '' : 'not '}recognised by its bytes`, () => {
    assert.equal(formatOf(head.subarray(0, HEAD_BYTES)) === pytorchFormat, torch);
  });
}

async function open(pickle: Uint8Array, entries: readonly BuiltEntry[] = []): Promise<OpenedFile> {
  const bytes = buildZip({ entries: [{ name: 'm/data.pkl', data: pickle }, ...entries] });
  return pytorchFormat.open(new MemorySource(bytes), { name: 'm.pth' });
}

const IMPORTS: Readonly<Record<string, { code: string; warns: RegExp | null }>> = {
  'an ordered dictionary': { code: 'ccollections\nOrderedDict\n', warns: null },
  'a layer of torch': { code: 'ctorch.nn.modules.conv\nConv2d\n', warns: null },
  'a scalar of numpy': { code: 'cnumpy.core.multiarray\nscalar\n', warns: null },
  'a shell': { code: 'cposix\nsystem\n', warns: /^Don't load this file in Python: it would run posix\.system/ },
  'a shell of protocol 4': { code: '\x8c\x02os\x8c\x06system\x93', warns: /would run os\.system/ },
  'code given as text': { code: 'cbuiltins\neval\n', warns: /would run builtins\.eval/ },
  'a way through attributes': { code: 'ccollections\nOrderedDict.__init__.__globals__\n', warns: /Don't load/ },
  'a function of a harmless module': { code: 'ctorch.nn.modules.conv\nsystem\n', warns: /doesn't know/ },
  'a class of someone': {
    code: 'cmmcv.utils.config\nConfigDict\n',
    warns: /^Loading this file in Python would import mmcv/,
  },
  'a download': { code: 'ctorch.hub\nload\n', warns: /would run torch\.hub\.load/ },
};
for (const [name, { code, warns }] of Object.entries(IMPORTS)) {
  test(`an import is ${warns ? 'warned of' : 'known to be harmless'}: ${name}`, async () => {
    const { warnings, facts } = await open(Buffer.from(`${code}.`, 'latin1'));
    if (warns) assert.match(warnings.join(' '), warns);
    else assert.deepEqual(warnings, []);
    assert.ok(facts.some(({ label }) => label === 'Imports when loaded'));
  });
}

test('the summary names the format, the protocol, and the parts of a checkpoint', async () => {
  const tensors: BuiltTensor[] = ['model.a', 'model.b', 'ema.a', 'optimizer.state.0.exp_avg'].map((name, i) => ({
    name,
    key: `${i}`,
    type: 'FloatStorage',
    dims: [2],
  }));
  const entries = tensors.map(({ key }) => ({ name: `m/data/${key}`, data: new Uint8Array(8) }));
  const { facts } = await open(Buffer.concat(checkpointInstructions(tensors)), entries);
  const labels = Object.fromEntries(facts.map(({ label, value }) => [label, value]));
  assert.equal(labels.Format, 'PyTorch, zip');
  assert.equal(labels['Pickle protocol'], '2');
  assert.equal(labels.model, '2 tensors');
  assert.equal(labels.ema, '1 tensor');
  assert.equal(labels.optimizer, '1 tensor');
});

test('a tensor that is to be negated is warned of, with what to do, and noted where the file is changed', async () => {
  const all = checkpointInstructions([{ name: 'conv1.weight', key: '0', type: 'FloatStorage', dims: [2, 3] }]);
  const metadata = Buffer.from('}X\x03\0\0\0neg\x88s', 'latin1');
  const pickle = Buffer.concat([...all.slice(0, -4), metadata, ...all.slice(-4)]);
  const { warnings, writer, tensors } = await open(pickle, [{ name: 'm/data/0', data: new Uint8Array(24) }]);
  assert.equal(tensors.length, 0);
  assert.match(warnings.join(), /conv1\.weight is not read, and stays as it is: .*resolve_neg\(\)/);
  assert.deepEqual(canWrite(writer) ? writer.notes : [], warnings);
});

const LARGE: readonly BuiltTensor[] = [
  { name: 'conv1.weight', key: '0', type: 'FloatStorage', dims: [64, 3, 7, 7] },
  ...Array.from({ length: 500 }, (_, i): BuiltTensor => ({
    name: `layers.${i}.weight`,
    key: `${i + 1}`,
    type: 'FloatStorage',
    dims: [1024, 512],
  })),
];
const bytesOf = ({ dims }: BuiltTensor): number => 4 * dims.reduce((product, dim) => product * dim, 1);
const form = { padded: true, descriptor: 'signed' } as const;

const LARGE_FILES = {
  zip: new HoleSource(
    zipParts({
      entries: [
        { name: 'm/data.pkl', data: Buffer.concat(checkpointInstructions(LARGE)), ...form },
        ...LARGE.map((tensor) => ({ name: `m/data/${tensor.key}`, data: bytesOf(tensor), ...form })),
        { name: 'm/version', data: Buffer.from('3\n'), ...form },
      ],
      zip64End: true,
    }),
  ),
  legacy: new HoleSource([
    Buffer.concat([legacyHead(), ...checkpointInstructions(LARGE), legacyKeys(LARGE.map(({ key }) => key))]),
    ...LARGE.flatMap((tensor) => {
      const count = Buffer.alloc(8);
      count.writeBigInt64LE(BigInt(bytesOf(tensor) / 4));
      return [count, bytesOf(tensor)];
    }),
  ]),
};
for (const [name, file] of Object.entries(LARGE_FILES)) {
  test(`a ${name} file of 1 GB opens with under 5 MB read, and a change reads what it changes`, async () => {
    const source = new CountingSource(file);
    assert.ok(source.size > 1e9);
    const opened = await pytorchFormat.open(source, { name: 'm.pth' });
    assert.equal(opened.tensors.length, 501);
    assert.ok(source.bytesRead < 1_000_000, `${source.bytesRead} bytes to open`);
    const { writer } = opened;
    assert.ok(canWrite(writer));
    const bytes = new Uint8Array(64 * 7 * 7 * 4);
    const splices = await writer.splices([{ tensor: 'conv1.weight', dims: [64, 1, 7, 7], bytes }], '');
    assert.ok(source.bytesRead < 1_500_000, `${source.bytesRead} bytes to open and change`);
    const written = splices.reduce((sum, splice) => sum + splice.bytes.length, 0);
    assert.ok(written < 500_000, `${written} new bytes`);
  });
}

test('an array of NumPy that may be a weight is told of; a shorter one is shown by its sizes', async () => {
  const array = (sizes: string): string => `cnumpy.core.multiarray\n_reconstruct\n(tR(I1\n(${sizes}ttb`;
  const code = `}S'w'\n${array('I8\nI3\n')}sS'mean'\n${array('I3\n')}s.`;
  const { warnings, facts } = await open(Buffer.from(code, 'latin1'));
  assert.match(warnings.join(' '), /^The tensor w is not read.*torch\.from_numpy/);
  assert.ok(facts.some(({ label, value }) => label === 'mean' && value === 'NumPy array [3]'));
});

const CONVOLUTION = `class Conv2d(Module):
  weight : Tensor
  bias : Optional[Tensor]
  def forward(self: __torch__.conv.Conv2d,
    input: Tensor) -> Tensor:
    weight = self.weight
    bias = self.bias
    return (self)._conv_forward(input, weight, bias, )
  def _conv_forward(self: __torch__.conv.Conv2d,
    input: Tensor,
    weight: Tensor,
    bias: Optional[Tensor]) -> Tensor:
    return torch.conv2d(input, weight, bias, [1, 1], [0, 0], [1, 1])
class Same(Module):
  def forward(self: __torch__.conv.Same,
    input: Tensor) -> Tensor:
    if torch.gt(torch.size(input, 2), 512):
      y = torch.avg_pool2d(input, [2, 2])
    else:
      y = input
    return y
class Flip(Module):
  def forward(self: __torch__.conv.Flip,
    input: Tensor) -> Tensor:
    return torch.flip(input, [1])
`;
const NETWORK = `class Net(Module):
  conv1 : __torch__.conv.Conv2d
  same : __torch__.conv.Same
  flip : __torch__.conv.Flip
  child : __torch__.Net
  __annotations__["0"] = __torch__.conv.Conv2d
  def forward(self: __torch__.Net,
    x: Tensor,
    flag: bool=False) -> Tensor:
`;
const READ_BY_CONV1 = ['conv1 = self.conv1', 'return (conv1).forward(x, )'];

async function usesOf(...statements: string[]): Promise<OpenedFile['imageUses']> {
  const network = NETWORK + statements.map((statement) => `    ${statement}\n`).join('');
  const { imageUses } = await open(Buffer.from('\x80\x02c__torch__\nNet\n)\x81}b.', 'latin1'), [
    { name: 'm/code/__torch__.py', data: Buffer.from(network) },
    { name: 'm/code/__torch__/conv.py', data: Buffer.from(CONVOLUTION) },
  ]);
  return imageUses;
}

test('TorchScript: the image is followed to the convolution that reads it, past what keeps channels apart', async () => {
  const rows: readonly [weights: readonly string[], ...statements: string[]][] = [
    [['conv1.weight'], ...READ_BY_CONV1],
    [['conv1.weight'], 'y = torch.div(torch.to(x, 6), 255)', 'return (self.conv1).forward(y, )'],
    [['0.weight'], '_0 = getattr(self, "0")', 'b, c, h, w, = torch.size(x)', 'return (_0).forward(x, )'],
    [['conv1.weight'], 'y = torch.pad(x, [1, 1, 1, 1], "reflect")', 'return (self.conv1).forward(y, )'],
    [['conv1.weight'], 'y = torch.pad(x, [1, 1, 1, 1, 0, 0])', 'return (self.conv1).forward(y, )'],
    [['conv1.weight'], 'y = (self.same).forward(x, )', 'return (self.conv1).forward(y, )'],
    [['conv1.weight'], 'return (self.conv1).forward((self.same).forward(torch.dropout(x, 0.5, False), ), )'],
    [['constants.1'], 'y = torch.pad(x, [0, 1, 0, 1])', 'return torch.conv2d(y, CONSTANTS.c1, None, [1, 1])'],
  ];
  for (const [weights, ...statements] of rows)
    assert.deepEqual(await usesOf(...statements), { weights, others: [] }, statements.join('; '));
});

test('TorchScript: a name that stands for a weight in one branch alone is none', async () => {
  const branches = (other: string): string[] => ['if flag:', '  w = conv1.weight', 'else:', `  w = ${other}`];
  const read = 'return torch.conv2d(x, w, None, [1, 1])';
  for (const other of ['torch.mul(conv1.weight, 2)', 'CONSTANTS.c0']) {
    const uses = await usesOf('conv1 = self.conv1', ...branches(other), read);
    assert.deepEqual(uses, { weights: [], others: [read] }, other);
  }
});

test('TorchScript: code of 16 MiB in all is read, and no more', async () => {
  const modules = Array.from({ length: 40 }, (_, i) => ({ name: `a${i}`, type: `__torch__.f${i}.Go` }));
  const network = [
    'class Net(Module):',
    ...modules.map(({ name, type }) => `  ${name} : ${type}`),
    '  def forward(self: __torch__.Net,',
    '    x: Tensor) -> Tensor:',
    ...modules.map(({ name }) => `    _${name} = (self.${name}).forward(x, )`),
  ];
  const long = `    return ${'(x)'.repeat(2 ** 19)}\n`;
  const files = modules.map(({ type }, i) => ({
    name: `m/code/__torch__/f${i}.py`,
    data: Buffer.from(`class Go(Module):\n  def forward(self: ${type},\n    x: Tensor) -> Tensor:\n${long}`),
  }));
  const bytes = buildZip({
    entries: [
      { name: 'm/data.pkl', data: Buffer.from('\x80\x02c__torch__\nNet\n)\x81}b.', 'latin1') },
      { name: 'm/code/__torch__.py', data: Buffer.from(network.join('\n')) },
      ...files,
    ],
  });
  const source = new CountingSource(new MemorySource(bytes));
  const { imageUses } = await pytorchFormat.open(source, { name: 'm.pt' });
  assert.deepEqual(imageUses?.others, ["the code of forward can't be followed"]);
  assert.ok(source.bytesRead < 20 * 2 ** 20, `${source.bytesRead} bytes read`);
});

test('TorchScript: whatever else is done with the image is told of', async () => {
  const rows = [
    'y = torch.view(x, [b, 3, h, w])',
    'y = torch.sub(x, CONSTANTS.c0)',
    'y = torch.mul(x, scale)',
    'y = torch.conv2d(x, normalised, None, [1, 1])',
    'y = torch.cat([x, x], 1)',
    'y = torch._convolution(x, CONSTANTS.c0, None, [1, 1], [0, 0], [1, 1], True, [0, 0], 1)',
    'c = torch.size(x, 1)',
    'c = (torch.size(x))[1]',
    'y = torch.pad(x, [1, 1], "constant", 0.5)',
    'y = torch.slice(x, 1, 0, 1)',
    'y = torch.pad(x, [0, 0, 0, 0, 1, -1])',
    'y = torch.dropout(x, 0.5, training)',
    'c = torch.size(x, -3)',
    'z = torch.slice(torch.size(x), 1)',
    'n = torch.numel(x)',
    'n = (other).count(torch.size(x), )',
    `y = torch.view(x, [${'1, '.repeat(4000)}3])`,
  ];
  for (const statement of rows) {
    const others = (await usesOf(statement, ...READ_BY_CONV1))?.others ?? [];
    assert.equal(others.length, 1, statement);
    assert.ok(statement.startsWith(others[0]?.replace('…', '') ?? '?'), statement);
  }
  const flipped = await usesOf('y = (self.flip).forward(x, )', 'return (self.conv1).forward(y, )');
  assert.deepEqual(flipped, { weights: [], others: ['return torch.flip(input, [1])'] });
  const handedOut = await usesOf('y = (self.same).forward(x, )', ...READ_BY_CONV1.slice(0, 1), 'return y');
  assert.deepEqual(handedOut, { weights: [], others: ['return y'] });
  assert.match((await usesOf('return (other).forward(x, )'))?.others.join() ?? '', /other/);
  assert.match((await usesOf('return __torch__.helpers.scaled(x, )'))?.others.join() ?? '', /can't be followed/);
});

test('TorchScript: what else is done with the weight that reads the image is told of', async () => {
  const read = ['conv1 = self.conv1', 'w = conv1.weight', 'y = (conv1).forward(x, )'];
  const rows = ['z = torch.conv_transpose2d(y, w)', 'z = torch.div(y, torch.norm(w))', 'return (conv1).forward(y, )'];
  for (const statement of rows)
    assert.deepEqual(await usesOf(...read, statement), { weights: ['conv1.weight'], others: [statement] });
  const around = ['y = (self.child).inner(x, )', 'return (self.child).inner(y, )'];
  assert.deepEqual((await usesOf(...around))?.others.includes(around[1] ?? ''), true);
  const frozen = ['y = torch.conv2d(x, CONSTANTS.c1, None, [1, 1])', 'return torch.conv_transpose2d(y, CONSTANTS.c1)'];
  assert.deepEqual(await usesOf(...frozen), { weights: ['constants.1'], others: frozen.slice(1) });
  const harmless = [
    'a = torch.to(x, ops.prim.dtype(w))',
    'h, k, = torch.slice(torch.size(w), -2)',
    'b = (conv1).forward(flag, )',
    'z = torch.add(y, conv1.bias)',
  ];
  assert.deepEqual(await usesOf(...read, ...harmless), { weights: ['conv1.weight'], others: [] });
});

test('TorchScript: a number of channels that is taken from the sizes and looked at is told of', async () => {
  const sizes = 'b, c, h, w, = torch.size(x)';
  assert.deepEqual((await usesOf(sizes, 'n = torch.mul(h, w)', ...READ_BY_CONV1))?.others, []);
  assert.deepEqual((await usesOf(sizes, 'if torch.ne(c, 3):', ...READ_BY_CONV1))?.others, [sizes]);
  const kept = 'z = torch.size(x)';
  const length = 'n = torch.len(torch.slice(torch.size(x), -2))';
  assert.deepEqual((await usesOf(kept, 'n = torch.mul(z[2], z[-1])', length, ...READ_BY_CONV1))?.others, []);
  for (const asked of ['n = z[1]', 'n = z[-3]', 'n = z[i]', 'y = torch.view(w, z)', 'n = torch.list(z)'])
    assert.deepEqual((await usesOf(kept, asked, ...READ_BY_CONV1))?.others, [asked]);
});

test('TorchScript: frozen weights change, but not where a program for mobile holds them too', async () => {
  const frozen: BuiltTensor = { name: 'c0', key: '0', type: 'FloatStorage', dims: [2, 3] };
  const entries = [
    { name: 'm/constants.pkl', data: Buffer.concat(checkpointInstructions([frozen])) },
    { name: 'm/constants/0', data: new Uint8Array(24) },
  ];
  const change = { tensor: 'constants.c0', dims: [2, 1], bytes: new Uint8Array(8) };
  const changed = async (more: readonly BuiltEntry[]): Promise<number> => {
    const { writer } = await open(Buffer.concat(checkpointInstructions([])), [...entries, ...more]);
    return canWrite(writer) ? (await writer.splices([change], null)).length : 0;
  };
  assert.ok((await changed([])) > 0);
  const mobile = { name: 'm/bytecode.pkl', data: new Uint8Array(4) };
  await assert.rejects(changed([mobile]), { kind: 'refused', code: 'mobile-constants' });
});

test('TorchScript: code that calls itself without end, or is very long, is left', async () => {
  const endless = await usesOf('child = self.child', 'return (child).forward(x, )');
  assert.match(endless?.others.join() ?? '', /can't be followed/);
  assert.match((await usesOf('return flag'))?.others.join() ?? '', /can't be followed/);
  const many = Array.from({ length: 400 }, () => `y = (conv1).forward(${'x, '.repeat(480)})`);
  assert.deepEqual((await usesOf('conv1 = self.conv1', ...many))?.others.length, 1);
  const sizes = Array.from({ length: 20_000 }, () => `y = ${'torch.size(x) '.repeat(10)}`);
  assert.match((await usesOf(...sizes))?.others.join() ?? '', /can't be followed/);
});
