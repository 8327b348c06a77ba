import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runVerb } from '../../../src/cli/commandLine.ts';
import { convertToGray } from '../../../src/jobs/convert.ts';
import { compareFiles } from '../../../src/jobs/compare.ts';
import { withOpenModel } from '../../../src/jobs/open/openModel.ts';
import { verifyFiles } from '../../../src/jobs/verify.ts';
import { inspectAny } from '../../../src/page/printed/inspect.ts';
import { layerInputs } from '../../../src/page/weights/weightsAnswers.ts';
import { convModel, encodeModel } from '../../fixtures/modelBuilder.ts';
import { floatWeights, safetensorsFile } from '../../fixtures/safetensors.ts';
import { checkpointInstructions } from '../../fixtures/torch/pickleWriter.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';
import { weightFile, weightsMissing } from '../../fixtures/weightFiles.ts';
import { buildZip } from '../../fixtures/zipBuilder.ts';

const folder = temporaryFolder('weights');

const NETWORK = [
  floatWeights('conv1.weight', [8, 3, 3, 3]),
  floatWeights('conv1.bias', [8]),
  floatWeights('fc.weight', [4, 8]),
];

/** A new folder with these files in it. */
function folderOf(name: string, files: Readonly<Record<string, Uint8Array | string>>): string {
  const path = join(folder, name);
  mkdirSync(path);
  for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content);
  return path;
}

test('a file beside the original, which stays; verified, compared, inspected; a dry run writes nothing', async () => {
  const bytes = safetensorsFile(NETWORK, { format: 'pt' });
  const at = join(folderOf('plain', { 'net.safetensors': bytes }), 'net.safetensors');
  assert.equal((await convertToGray(at, { dryRun: true })).outPath, null);
  const { outPath, summary } = await convertToGray(at);
  assert.equal(outPath, at.replace('.safetensors', '.gray.safetensors'));
  assert.match(summary, /^conv1\.weight 8×3×3×3 → 8×1×3×3, input 3 → 1 channel$/);
  assert.deepEqual(new Uint8Array(readFileSync(at)), bytes);
  assert.equal((await verifyFiles(at, outPath, { seed: 1 })).verdict, 'proved');
  const compared = await compareFiles(at, outPath);
  assert.deepEqual(
    compared.tensors.map(({ name, change, sumOverAxis }) => [name, change, sumOverAxis]),
    [['conv1.weight', 'dims', 1]],
  );
  const found = await inspectAny(outPath);
  assert.ok('format' in found);
  assert.deepEqual(
    found.firstLayers.map(({ weight, dims }) => [weight, dims]),
    [['conv1.weight', [8, 1, 3, 3]]],
  );
  assert.match((await convertToGray(at)).outPath ?? '', /net\.gray-2\.safetensors$/);
});

test('bytes of no format are told by what their name promises; an ONNX model under such a name opens', async () => {
  const noise = Uint8Array.from({ length: 500 }, (_, i) => (97 * i + 180) % 251);
  const rows = { 'a.pth': 'PyTorch file', 'b.h5': 'Keras model', 'c.safetensors': 'safetensors file' };
  const names = [...Object.keys(rows), 'd.onnx'];
  const onnx = encodeModel(convModel());
  const at = folderOf('noise', { ...Object.fromEntries(names.map((name) => [name, noise])), 'e.pth': onnx });
  for (const [name, title] of Object.entries(rows)) {
    const wanted = { code: 'misnamed', message: new RegExp(`^${name} is not a readable ${title}: `) };
    await assert.rejects(inspectAny(join(at, name)), wanted);
    await assert.rejects(convertToGray(join(at, name)), wanted);
    await assert.rejects(
      withOpenModel(join(at, name), undefined, () => Promise.resolve()),
      wanted,
    );
  }
  await assert.rejects(inspectAny(join(at, 'd.onnx')), { message: /^This is not a readable ONNX model: / });
  assert.match((await convertToGray(join(at, 'e.pth'))).summary, /3 → 1 channel/);
});

/** A TorchScript file of one convolution; `statement` makes the y that it reads of the image x. */
function scriptFile(statement: string): Uint8Array {
  const weight = { name: 'weight', key: '0', type: 'FloatStorage', dims: [2, 3, 3, 3] } as const;
  const [proto, ...state] = checkpointInstructions([weight]);
  const network = Buffer.from('c__torch__\nNet\n)\x81', 'latin1');
  const code = `class Net(Module):
  weight : Tensor
  def forward(self: __torch__.Net,
    x: Tensor) -> Tensor:
    ${statement}
    return torch.conv2d(y, self.weight, None, [1, 1])
`;
  const entries = {
    'data.pkl': Buffer.concat([proto ?? network, network, ...state.slice(0, -1), Buffer.from('b.')]),
    'data/0': new Uint8Array(new Float32Array(54).fill(0.5).buffer),
    'code/__torch__.py': Buffer.from(code),
    version: Buffer.from('3\n'),
  };
  return buildZip({ entries: Object.entries(entries).map(([name, data]) => ({ name: `m/${name}`, data })) });
}

test('TorchScript: what its code does with the image is told where it converts and where it is verified', async () => {
  const files = { 'clear.pt': scriptFile('y = x'), 'view.pt': scriptFile('y = torch.view(x, [1, 3, 9, 9])') };
  const path = folderOf('script', files);
  const { outPath: clear, plan } = await convertToGray(join(path, 'clear.pt'));
  assert.match(plan.notes[0] ?? '', /hands the image to that layer and does nothing else/);
  assert.equal((await verifyFiles(join(path, 'clear.pt'), clear ?? '', { seed: 1 })).warnings.length, 1);
  const view = join(path, 'view.pt');
  const told = /torch\.view\(x, \[1, 3, 9, 9\]\)/;
  await assert.rejects(convertToGray(view), { code: 'choose-layer', message: told });
  const [asked] = await layerInputs(view, new AbortController().signal);
  assert.match(asked?.asked ?? '', told);
  const chosen = await convertToGray(view, { layers: ['weight'] });
  assert.match(chosen.plan.warnings.join(), told);
  assert.match((await verifyFiles(view, chosen.outPath ?? '', { seed: 1 })).warnings.join(), told);
});

test('a config beside makes a folder that agrees with itself; a shard takes its index along', async () => {
  const index =
    '{"metadata": {"total_size": 1024}, "weight_map": {"conv1.weight": "a.safetensors", "x": "b.safetensors"}}';
  const path = folderOf('vit', {
    'a.safetensors': safetensorsFile(NETWORK),
    'b.safetensors': safetensorsFile([floatWeights('x', [3])]),
    'pytorch_model.bin': 'the same weights again',
    'model.safetensors.index.json': index,
    'config.json': '{"num_channels": 3, "architectures": ["ViT"]}',
    'preprocessor_config.json': '{"image_mean": [0.4, 0.5, 0.6], "image_std": [0.5, 0.5, 0.5]}',
    'README.md': 'words',
  });
  const { outPath, plan, dataCopies } = await convertToGray(join(path, 'a.safetensors'));
  assert.equal(outPath, join(folder, 'vit-gray', 'a.safetensors'));
  const made = join(folder, 'vit-gray');
  assert.deepEqual(readdirSync(made).sort(), [
    'README.md',
    'a.safetensors',
    'b.safetensors',
    'config.json',
    'model.safetensors.index.json',
    'preprocessor_config.json',
  ]);
  assert.equal(dataCopies.length, 5, 'Undo takes them too');
  assert.equal(readFileSync(join(made, 'config.json'), 'utf8'), '{"num_channels": 1, "architectures": ["ViT"]}');
  assert.equal(
    readFileSync(join(made, 'preprocessor_config.json'), 'utf8'),
    '{"image_mean": [0.5], "image_std": [0.5]}',
  );
  // 8 · 2 · 9 numbers of 4 bytes less.
  assert.match(readFileSync(join(made, 'model.safetensors.index.json'), 'utf8'), /"total_size": 448}/);
  assert.ok(plan.notes.some((note) => /average/.test(note)));
  assert.equal((await convertToGray(join(path, 'a.safetensors'))).outPath, join(folder, 'vit-gray-2', 'a.safetensors'));
  assert.ok(!readdirSync(folder).some((name) => name.endsWith('.tmp')));
});

test('a config or an index beside that can’t be read is told, not taken for absent', async () => {
  const path = folderOf('unread', {
    'net.safetensors': safetensorsFile(NETWORK),
    'config.json': '{"num_channels": 3',
    'net.safetensors.index.json': '{"weight_map": {"conv1.weight": "../net.safetensors"}}',
    'other.index.json': '{"about": "something else"}',
  });
  mkdirSync(join(path, 'preprocessor_config.json'));
  const { plan } = await convertToGray(join(path, 'net.safetensors'));
  const told = plan.notes.filter((note) => note.startsWith('Not looked at, and not changed: '));
  assert.equal(told.length, 3, told.join('\n'));
  assert.ok(told.some((note) => note.includes('config.json is no readable JSON')));
  assert.ok(told.some((note) => note.includes('preprocessor_config.json is a folder')));
  assert.ok(told.some((note) => note.includes('net.safetensors.index.json does not name a file of its own folder')));
});

interface Ran {
  readonly code: number;
  readonly text: string;
}

async function run(...argv: string[]): Promise<Ran> {
  const lines: string[] = [];
  const output = { line: (text: string) => lines.push(text), error: (text: string) => lines.push(text) };
  try {
    const code = await runVerb(argv, output, new AbortController().signal);
    return { code, text: lines.join('\n') };
  } catch (error) {
    return { code: 2, text: (error as Error).message };
  }
}

test('several layers are asked for, one is named, and the record remembers it', async () => {
  const tensors = [floatWeights('fnet.conv1.weight', [4, 3, 7, 7]), floatWeights('cnet.conv1.weight', [4, 3, 7, 7])];
  const at = join(folderOf('twins', { 'raft.safetensors': safetensorsFile(tensors) }), 'raft.safetensors');
  const asked = await run('gray', at);
  assert.equal(asked.code, 2);
  assert.match(
    asked.text,
    /2 tensors have the shape of an input layer.*fnet\.conv1\.weight \[4, 3, 7, 7\]; cnet\.conv1\.weight/,
  );
  const out = join(folder, 'twins', 'one.safetensors');
  assert.equal((await run('gray', at, '--layer', 'fnet.conv1', '-o', out)).code, 0);
  const back = await run('adapt', out, '--map', 'rgb-from-gray', '--dry-run');
  assert.match(back.text, /fnet\.conv1\.weight \[4, 1, 7, 7\] → \[4, 3, 7, 7\]/);
  assert.equal((await run('gray', at, '--layer', 'none')).code, 2);
});

test('inspect names the input layer where it is clear, and of many that it may be the first ones', async () => {
  const depthwise = Array.from({ length: 11 }, (_, i) => floatWeights(`block${i}.dw.weight`, [8, 1, 3, 3]));
  const path = folderOf('inspected', {
    'rgb.safetensors': safetensorsFile([...NETWORK, ...depthwise]),
    'gray.safetensors': safetensorsFile([floatWeights('conv1.weight', [8, 1, 3, 3]), ...depthwise]),
  });
  assert.match(
    (await run('inspect', join(path, 'rgb.safetensors'))).text,
    /\ninput layer: conv1\.weight \[8, 3, 3, 3\]$/,
  );
  assert.match(
    (await run('inspect', join(path, 'gray.safetensors'))).text,
    /\nmay see the image: conv1\.weight \[8, 1, 3, 3\], the earliest in the file\n(may see .*\n){7}… and 4 more, which --json lists\n12 tensors/,
  );
});

test('a linear layer over patches is asked about with words, named with its order, and verified in it', async () => {
  const tensors = [floatWeights('patch_embed.proj.weight', [8, 48]), floatWeights('patch_embed.proj.bias', [8])];
  const at = join(folderOf('linear', { 'vit.safetensors': safetensorsFile(tensors) }), 'vit.safetensors');
  const choices = await layerInputs(at, new AbortController().signal);
  assert.deepEqual(
    choices.map(({ name, channels, isLikely }) => [name, channels, isLikely]),
    [
      ['patch_embed.proj.weight:channels-last', [3], true],
      ['patch_embed.proj.weight:channels-first', [3], false],
    ],
  );
  assert.match(choices[1]?.type ?? '', /float32\[8, 48\].*channel by channel/);
  assert.match((await run('gray', at)).text, /4×4 pixels, and the file does not say in which order/);
  const layer = ['--layer', 'patch_embed.proj:channels-first'];
  const made = await run('gray', at, ...layer);
  assert.match(made.text, /\[8, 48\] → \[8, 16\] \(layer over patches, channels-first patch_embed\.proj\)/);
  const out = at.replace('.safetensors', '.gray.safetensors');
  assert.equal((await run('verify', at, out)).code, 0);
  assert.equal((await run('verify', at, out, ...layer)).code, 0);
  assert.equal((await run('verify', at, out, '--layer', 'patch_embed.proj:channels-last')).code, 3);
});

const REAL: readonly [file: string, layer: RegExp][] = [
  ['cifar10-zip.pth', /^conv1\.weight$/],
  ['face-slim320-legacy.pth', /^base_net\.0\.0\.weight$/],
  ['mtcnn-pnet-legacy.pt', /^conv1\.weight$/],
  ['taesana-encoder-fp16.pth', /^0\.weight$/],
  ['yunet-s-checkpoint.pth', /^state_dict\.backbone\.model0\.conv1\.weight$/],
];

test('real files: their input layer is found, converted and verified', { skip: weightsMissing }, async () => {
  for (const [file, layer] of REAL) {
    const path = weightFile(file);
    const result = await convertToGray(path, { out: join(folder, file) });
    assert.match(result.plan.folds[0]?.tensor ?? '', layer, file);
    const report = await verifyFiles(path, join(folder, file), { seed: 3 });
    assert.equal(report.verdict, 'proved', `${file}: ${report.statement}`);
  }
});
