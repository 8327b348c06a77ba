import assert from 'node:assert/strict';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ChannelwiseError } from '../../../src/bytes/errors.ts';
import type { OpenedFile } from '../../../src/formats/format.ts';
import { compareFiles } from '../../../src/jobs/compare.ts';
import { convertToGray } from '../../../src/jobs/convert.ts';
import { withOpenFile } from '../../../src/jobs/open/openFile.ts';
import { verifyFiles } from '../../../src/jobs/verify.ts';
import { inspectAny } from '../../../src/page/printed/inspect.ts';
import { readPageModel } from '../../../src/page/readPage.ts';
import { weightsMadeFrom } from '../../../src/page/weights/weightsAdaptation.ts';
import { tensorStatistics } from '../../../src/page/tensorValues.ts';
import { floatWeights, headerBytes, safetensorsFile, type WeightsTensor } from '../../fixtures/safetensors.ts';
import { torchZip } from '../../fixtures/torch/torchZip.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('shards');

const FIRST = [floatWeights('stem.conv.weight', [8, 3, 3, 3]), floatWeights('stem.conv.bias', [8])];
const SECOND = [floatWeights('fc.weight', [4, 8])];

/** The two ways in which Hugging Face's libraries split a model. */
interface Kind {
  readonly index: string;
  readonly ending: string;
  readonly write: (tensors: readonly WeightsTensor[]) => Uint8Array;
}
const SAFETENSORS: Kind = {
  index: 'model.safetensors.index.json',
  ending: '.safetensors',
  write: (tensors) => safetensorsFile(tensors, { format: 'pt' }),
};
const PYTORCH: Kind = {
  index: 'pytorch_model.bin.index.json',
  ending: '.bin',
  write: (tensors) => torchZip('archive', tensors),
};
const INDEX = SAFETENSORS.index;

const context = { signal: new AbortController().signal, onProgress: () => undefined };

interface Sharded {
  readonly kind?: Kind;
  /** More files, or others of these names. */
  readonly files?: Readonly<Record<string, Uint8Array | string>>;
}

/** A folder with an index and its two files; the path of the index. */
function shardedModel(name: string, { kind = SAFETENSORS, files = {} }: Sharded = {}): string {
  const path = join(folder, name);
  mkdirSync(path);
  const [a, b] = [`a${kind.ending}`, `b${kind.ending}`];
  const map = { 'stem.conv.weight': a, 'stem.conv.bias': a, 'fc.weight': b };
  const all = {
    [a]: kind.write(FIRST),
    [b]: kind.write(SECOND),
    [kind.index]: JSON.stringify({ metadata: { total_size: 1024 }, weight_map: map }, null, 2),
    ...files,
  };
  for (const [file, content] of Object.entries(all)) writeFileSync(join(path, file), content);
  return join(path, kind.index);
}

for (const kind of [SAFETENSORS, PYTORCH])
  test(`an index of ${kind.ending} files is one model: inspected, shown, converted into a folder, verified, compared`, async () => {
    const name = `net${kind.ending}`;
    const [first, second] = [`a${kind.ending}`, `b${kind.ending}`];
    const at = shardedModel(name, { kind, files: { 'README.md': 'words', 'tokenizer.json': '{}' } });
    const found = await inspectAny(at);
    assert.ok('format' in found);
    assert.equal(found.tensorCount, 3);
    assert.deepEqual(
      found.firstLayers.map(({ weight }) => weight),
      ['stem.conv.weight'],
    );
    const page = await readPageModel(at);
    assert.deepEqual(
      page.tensors?.map((tensor) => tensor.name),
      ['stem.conv.weight', 'stem.conv.bias', 'fc.weight'],
    );
    assert.equal((await tensorStatistics(at, 'fc.weight', context)).count, 32);

    const { outPath } = await convertToGray(at);
    const made = join(folder, `${name}-gray`);
    assert.equal(outPath, join(made, kind.index));
    assert.deepEqual(readdirSync(made).sort(), ['README.md', first, second, kind.index, 'tokenizer.json'].sort());
    assert.deepEqual(readFileSync(join(made, second)), readFileSync(join(folder, name, second)));
    const index = JSON.parse(readFileSync(outPath, 'utf8')) as {
      metadata: Record<string, unknown>;
      weight_map: object;
    };
    assert.equal(index.metadata.total_size, 1024 - 8 * 2 * 9 * 4);
    assert.deepEqual(index.weight_map, (JSON.parse(readFileSync(at, 'utf8')) as typeof index).weight_map);
    await withOpenFile(join(made, first), undefined, async ({ file }) =>
      assert.deepEqual(
        file.tensors.map(({ dims }) => dims),
        [[8, 1, 3, 3], [8]],
      ),
    );

    const report = await verifyFiles(at, outPath, { seed: 1 });
    assert.equal(report.verdict, 'proved', report.statement);
    assert.equal(report.maps?.assumption, null, 'the index records the map');
    const origin = await weightsMadeFrom(outPath, context.signal);
    assert.deepEqual(origin?.original, { name: kind.index, path: at, state: 'same' });
    writeFileSync(join(folder, name, second), kind.write([floatWeights('fc.weight', [8, 4])]));
    assert.equal((await weightsMadeFrom(outPath, context.signal))?.original.state, 'changed', 'a shard counts too');
    assert.match((await verifyFiles(at, outPath, { seed: 1 })).statement, /^Not the same function: fc\.weight/);
    assert.deepEqual(
      (await compareFiles(at, outPath)).tensors.map((tensor) => tensor.name),
      ['stem.conv.weight', 'fc.weight'],
    );
  });

test('what was read is kept for the next question, until a file is another one or the question is cancelled', async () => {
  const at = shardedModel('kept');
  const shard = join(folder, 'kept', 'b.safetensors');
  const opened = (path: string, signal?: AbortSignal): Promise<OpenedFile> =>
    withOpenFile(path, signal, ({ file }) => Promise.resolve(file));
  for (const path of [at, shard]) {
    const first = await opened(path);
    assert.equal(await opened(path), first);
    const other = await withOpenFile(path, undefined, () => opened(path));
    assert.notEqual(other, first, 'each of two questions at a time has its own');
  }
  const before = await opened(at);
  writeFileSync(shard, SAFETENSORS.write([floatWeights('fc.weight', [8, 4])]));
  const changed = await opened(at);
  assert.notEqual(changed, before);
  assert.deepEqual(changed.tensors.at(-1)?.dims, [8, 4]);
});

for (const kind of [SAFETENSORS, PYTORCH])
  test(`a cancel ends the reading of ${kind.ending} files and leaves nothing behind`, async () => {
    const at = shardedModel(`cancelled${kind.ending}`, { kind });
    const controller = new AbortController();
    const cancelled = await withOpenFile(at, controller.signal, async ({ file }) => {
      controller.abort();
      const read = async (): Promise<void> => file.tensors[0]?.stream({ from: 0, to: 1 }, () => undefined);
      await assert.rejects(read, { code: 'cancelled' });
      return file;
    });
    assert.notEqual(await withOpenFile(at, undefined, ({ file }) => Promise.resolve(file)), cancelled);
    assert.equal((await tensorStatistics(at, 'fc.weight', context)).count, 32);
  });

test('what counts the tensors of one file is not said of them all', async () => {
  const parts = [floatWeights('model.a.weight', [2]), floatWeights('model.b.weight', [2])];
  const files = { 'a.bin': PYTORCH.write(parts), 'b.bin': PYTORCH.write(parts.slice(0, 1)) };
  const found = await inspectAny(shardedModel('parts', { kind: PYTORCH, files }));
  assert.ok('format' in found);
  assert.deepEqual(
    found.facts.map(({ label }) => label),
    ['Files', 'Format', 'Pickle protocol', 'Archive version', 'Imports when loaded'],
  );
});

test('-o names the folder; a folder that is there is not written into', async () => {
  const at = shardedModel('named');
  const out = join(folder, 'elsewhere');
  assert.equal((await convertToGray(at, { out })).outPath, join(out, INDEX));
  await assert.rejects(
    () => convertToGray(at, { out }),
    (error) => error instanceof ChannelwiseError && error.code === 'exists',
  );
});

test('an index of PyTorch files in which a file is missing shows the rest, and is not converted', async () => {
  const at = shardedModel('partial');
  rmSync(join(folder, 'partial', 'b.safetensors'));
  const found = await inspectAny(at);
  assert.ok('format' in found);
  assert.equal(found.tensorCount, 2);
  assert.deepEqual(found.warnings, ['Not beside the index: b.safetensors.']);
  await assert.rejects(() => convertToGray(at), /b\.safetensors is not beside its index/);
});

test('a tensor that lies in two files is taken from the one that the index names', async () => {
  const twice = [...SECOND, floatWeights('stem.conv.bias', [9])];
  const at = shardedModel('twice', { files: { 'b.safetensors': safetensorsFile(twice) } });
  await withOpenFile(at, undefined, async ({ file }) => {
    const found = file.tensors.filter(({ name }) => name === 'stem.conv.bias');
    assert.deepEqual(
      found.map(({ dims }) => dims),
      [[8]],
    );
  });
});

test('files of 8 GB each stay closed but for their headers', async () => {
  const [rows, bytes] = [1_000_000_000, 8_000_000_000];
  const names = ['a', 'b', 'c'];
  const at = join(folder, 'large');
  mkdirSync(at);
  for (const name of names) {
    const header = headerBytes(
      `{"${name}.weight": {"dtype": "F64", "shape": [${rows}], "data_offsets": [0, ${bytes}]}}`,
    );
    const file = openSync(join(at, `${name}.safetensors`), 'w');
    writeSync(file, header);
    ftruncateSync(file, header.length + bytes);
    closeSync(file);
  }
  const map = Object.fromEntries(names.map((name) => [`${name}.weight`, `${name}.safetensors`]));
  writeFileSync(join(at, INDEX), JSON.stringify({ weight_map: map }));
  const found = await inspectAny(join(at, INDEX));
  assert.ok('format' in found);
  assert.equal(found.parameterCount, 3 * rows);
  assert.ok(found.io.fileSize > 3 * bytes);
  assert.ok(found.io.bytesRead < 10_000, `${found.io.bytesRead}`);
});
