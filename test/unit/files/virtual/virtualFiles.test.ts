import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { grayscale } from '../../../../src/adapt/maps/channelMap.ts';
import { inParts, MAX_WHOLE_FILE } from '../../../../src/files/virtual/heldFiles.ts';
import { openFileSource } from '../../../../src/files/fileSource.ts';
import { useHostFiles } from '../../../../src/files/virtual/virtualFiles.ts';
import { inside } from '../../../../src/files/realPath.ts';
import { markWrittenModel, removeWrittenModel } from '../../../../src/files/written.ts';
import { remoteHostFiles, serveHostFiles } from '../../../../src/jobs/threads/hostFilesRpc.ts';
import { compareFiles } from '../../../../src/jobs/compare.ts';
import { adaptFile, convertToGray } from '../../../../src/jobs/convert.ts';
import { verifyFiles } from '../../../../src/jobs/verify.ts';
import { readPageModel } from '../../../../src/page/readPage.ts';
import { saveTensor } from '../../../../src/page/tensorValues.ts';
import { MemoryFiles } from '../../../fixtures/memoryFiles.ts';
import {
  DTYPE,
  encodeModel,
  externalTensor,
  floatTensor,
  model,
  node,
  valueInfo,
} from '../../../fixtures/modelBuilder.ts';
import { Random } from '../../../fixtures/random.ts';
import { floatWeights, safetensorsFile } from '../../../fixtures/safetensors.ts';
import { temporaryFolder } from '../../../fixtures/temporaryFolder.ts';
import { torchZip } from '../../../fixtures/torch/torchZip.ts';

const root = temporaryFolder('virtual');

const STEM = Float32Array.from({ length: 24 }, (_, i) => i - 5);
const CONV = encodeModel(
  model({
    inputs: [valueInfo('x', [1, 3, 4, 4])],
    outputs: [valueInfo('y', null)],
    initializers: [floatTensor('stem', [2, 3, 2, 2], STEM)],
    nodes: [node('Conv', ['x', 'stem'], ['y'])],
  }),
);
const WITH_DATA = encodeModel(
  model({
    inputs: [valueInfo('x', [1, 3, 4, 4])],
    outputs: [valueInfo('y', null)],
    initializers: [
      floatTensor('stem', [2, 3, 2, 2], STEM),
      externalTensor('far', DTYPE.float32, [3, 2], { location: 'far.bin' }),
    ],
    nodes: [node('Conv', ['x', 'stem'], ['c']), node('MatMul', ['c', 'far'], ['y'])],
  }),
);
const TENSORS = [floatWeights('conv1.weight', [8, 3, 3, 3]), floatWeights('fc.weight', [4, 8])];
const WEIGHTS = safetensorsFile(TENSORS);
const TORCH = torchZip('archive', TENSORS);

function host(files: Readonly<Record<string, Uint8Array>>): MemoryFiles {
  const memory = new MemoryFiles();
  for (const [uri, bytes] of Object.entries(files)) memory.put(uri, bytes);
  useHostFiles(inParts(memory));
  return memory;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('a model on no disk opens, converts to the bytes it converts to on a disk, is verified, compared and undone', async () => {
  const memory = host({ 'mem:/m n/net.onnx': CONV });
  const uri = 'mem:/m%20n/net.onnx';
  memory.put(uri, CONV);
  const page = await readPageModel(uri);
  assert.equal(page.fileName, 'net.onnx');
  const before = memory.snapshot();
  const made = await convertToGray(uri);
  assert.equal(made.outPath, 'mem:/m%20n/net.gray.onnx');
  writeFileSync(join(root, 'net.onnx'), CONV);
  const onDisk = await convertToGray(join(root, 'net.onnx'));
  assert.deepEqual(memory.files.get(made.outPath), new Uint8Array(readFileSync(onDisk.outPath ?? '')));
  assert.equal((await verifyFiles(uri, made.outPath, { seed: 1 })).verdict, 'proved');
  assert.equal((await compareFiles(uri, made.outPath)).identical, false);
  assert.equal((await convertToGray(uri)).outPath, 'mem:/m%20n/net.gray-2.onnx');
  for (const name of ['net.gray.onnx', 'net.gray-2.onnx'])
    await removeWrittenModel(await markWrittenModel(`mem:/m%20n/${name}`, []));
  assert.deepEqual(memory.snapshot(), before);
});

test('the bytes of a file are fetched once for many questions, and again when it changed', async () => {
  const memory = host({ 'mem:/m/net.onnx': CONV });
  const reads = (): number => memory.calls.filter((call) => call === 'read').length;
  await readPageModel('mem:/m/net.onnx');
  const first = reads();
  for (let i = 0; i < 3; i++) await readPageModel('mem:/m/net.onnx');
  assert.equal(reads(), first);
  memory.put('mem:/m/net.onnx', CONV);
  await readPageModel('mem:/m/net.onnx');
  assert.equal(reads(), first + 1);
});

test('any range of a file is read as it lies there, also where blocks and steps meet', async () => {
  const content = Uint8Array.from({ length: 3 * 1024 * 1024 + 17 }, (_, i) => (i * 7919) >> 5);
  const memory = host({ 'mem:/m/data.bin': content });
  // As a worker reads it, so that memory is handed over in both directions.
  const { port1, port2 } = new MessageChannel();
  serveHostFiles(port1, inParts(memory));
  useHostFiles(remoteHostFiles(port2));
  port1.ref();
  const source = await openFileSource('mem:/m/data.bin');
  const random = new Random(21);
  for (const most of [100, 70_000, 3_000_000])
    for (let i = 0; i < 20; i++) {
      const length = random.int(most);
      const offset = random.int(content.length - length);
      const found = await source.read(offset, length);
      assert.deepEqual(found, content.slice(offset, offset + length), `${length} bytes at ${offset}`);
      assert.equal(found.buffer.byteLength, length);
    }
  await assert.rejects(source.read(content.length - 1, 2), RangeError);
  port1.close();
});

for (const [ending, bytes] of [
  ['onnx', CONV],
  ['safetensors', WEIGHTS],
  ['pth', TORCH],
] as const)
  test(`what is done with is not held: the source of a conversion, and of a proof the .${ending} it made`, async () => {
    const memory = host({ [`mem:/m/net.${ending}`]: bytes });
    const fetched = async (work: () => Promise<unknown>): Promise<number> => {
      const before = memory.calls.length;
      await work();
      return memory.calls.slice(before).filter((call) => call === 'read').length;
    };
    const [original, made] = [`mem:/m/net.${ending}`, `mem:/m/net.gray.${ending}`];
    const read = (path: string) => () => openFileSource(path).then((source) => source.read(0, 1));
    assert.equal(await fetched(() => convertToGray(original)), 1);
    assert.equal(await fetched(read(original)), 1);
    const proof = async (): Promise<void> => {
      assert.equal((await verifyFiles(original, made, { seed: 1 })).verdict, 'proved');
    };
    assert.equal(await fetched(proof), 1);
    assert.equal(await fetched(read(original)), 0);
    assert.equal(await fetched(read(made)), 1);
  });

test('a file beyond the cap is refused before anything of it is read', async () => {
  const memory = host({ 'mem:/m/net.onnx': CONV });
  const small = memory.stat.bind(memory);
  memory.stat = async (uri) => ({ ...(await small(uri)), size: MAX_WHOLE_FILE + 1 });
  await assert.rejects(readPageModel('mem:/m/net.onnx'), { code: 'too-large-here', message: /512 MB are the most/ });
  assert.ok(!memory.calls.includes('read'));
});

/** The file that a scene may replace. */
function replaced(after: Snapshot, before: Snapshot): Snapshot {
  const name = 'mem:/m/stem.npy';
  return name in before ? { [name]: after[name] ?? null } : {};
}

type Snapshot = ReturnType<MemoryFiles['snapshot']>;

interface Scene {
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly run: () => Promise<unknown>;
}

/** What writes, on what. */
const SCENES: Readonly<Record<string, Scene>> = {
  'a model beside the original': {
    files: { 'mem:/m/net.onnx': CONV, 'mem:/m/net.gray.onnx': bytes('taken') },
    run: () => convertToGray('mem:/m/net.onnx'),
  },
  'a model in another folder with its data': {
    files: { 'mem:/m/net.onnx': WITH_DATA, 'mem:/m/far.bin': new Uint8Array(24), 'mem:/o/x': bytes('x') },
    run: () => adaptFile('mem:/m/net.onnx', { map: grayscale(), out: 'mem:/o/net.onnx' }),
  },
  'a folder of weights with its configs': {
    files: {
      'mem:/w/a.safetensors': WEIGHTS,
      'mem:/w/config.json': bytes('{"num_channels": 3}'),
      'mem:/w/r.md': bytes('r'),
    },
    run: () => convertToGray('mem:/w/a.safetensors'),
  },
  'a tensor in a file that is replaced': {
    files: { 'mem:/m/net.onnx': CONV, 'mem:/m/stem.npy': bytes('older') },
    run: () =>
      saveTensor(
        'mem:/m/net.onnx',
        'stem',
        { format: 'npy', outPath: 'mem:/m/stem.npy' },
        {
          signal: new AbortController().signal,
          onProgress: () => undefined,
        },
      ),
  },
};

for (const [what, scene] of Object.entries(SCENES))
  test(`a fault at any step leaves source and folder as they were: ${what}`, async () => {
    const whole = host(scene.files);
    await scene.run();
    const steps = whole.calls.length;
    let failures = 0;
    for (let at = 0; at < steps; at++) {
      for (const when of ['before', 'after'] as const) {
        const memory = host(scene.files);
        const before = memory.snapshot();
        memory.fault = { at, when };
        const error = await scene.run().then(
          () => null,
          (e: unknown) => e as Error,
        );
        const after = memory.snapshot();
        assert.ok(!Object.keys(after).some((uri) => uri.includes('.tmp')), `${when} step ${at}`);
        // Some steps are looks at what need not be there. A rename that is done and says it was not can't be told.
        if (error === null) assert.deepEqual({ ...after, ...before, ...replaced(after, before) }, after);
        else if (when === 'before' || whole.calls[at] !== 'rename')
          assert.deepEqual(after, before, `${when} step ${at} (${whole.calls[at]}): ${error.message}`);
        if (error !== null) failures++;
      }
    }
    assert.ok(failures >= 4, `only ${failures} of ${2 * steps} faults were felt`);
  });

test('a source that is written to meanwhile, and a cancel, leave nothing', async () => {
  const memory = host({ 'mem:/m/net.onnx': CONV });
  memory.onCall = (call) => {
    if (call === 'write') memory.put('mem:/m/net.onnx', WITH_DATA);
  };
  await assert.rejects(convertToGray('mem:/m/net.onnx'), { code: 'source-changed' });
  assert.deepEqual([...memory.files.keys()].sort(), ['mem:/', 'mem:/m', 'mem:/m/net.onnx']);
  const other = host({ 'mem:/m/net.onnx': CONV });
  const controller = new AbortController();
  other.onCall = (call) => {
    if (call === 'write') controller.abort();
  };
  await assert.rejects(convertToGray('mem:/m/net.onnx', { signal: controller.signal }), { kind: 'cancelled' });
  assert.deepEqual([...other.files.keys()].sort(), ['mem:/', 'mem:/m', 'mem:/m/net.onnx']);
});

test('a name that is taken between the look and the rename is not overwritten', async () => {
  const memory = host({ 'mem:/m/net.onnx': CONV });
  memory.onCall = (call, uri) => {
    if (call === 'rename' && uri.endsWith('.tmp') && !memory.files.has('mem:/m/net.gray.onnx'))
      memory.put('mem:/m/net.gray.onnx', bytes('somebody else'));
  };
  assert.equal((await convertToGray('mem:/m/net.onnx')).outPath, 'mem:/m/net.gray-2.onnx');
  assert.deepEqual(memory.files.get('mem:/m/net.gray.onnx'), bytes('somebody else'));
});

test('a URI with a way up lies in no folder', () => {
  assert.equal(inside('mem:/m', 'mem:/m/a/b.onnx'), true);
  for (const path of ['mem:/m', 'mem:/mm/a', 'mem:/m/../a', 'mem:/m/%2e%2E/a', 'mem:/m/a%2f..%2f..', '/m/a', 'mem:/m/'])
    assert.equal(inside('mem:/m', path), false, path);
});
