import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { grayscale } from '../../../src/adapt/maps/channelMap.ts';
import { convertToGray } from '../../../src/jobs/convert.ts';
import { inspectFile } from '../../../src/page/printed/inspect.ts';
import { readPageModel } from '../../../src/page/readPage.ts';
import { shapesOfFile } from '../../../src/page/printed/shapes.ts';
import { adaptBytes } from '../../fixtures/adaptBytes.ts';
import { resNet18 } from '../../fixtures/architectures.ts';
import {
  DTYPE,
  convModel,
  decodeModel,
  encodeModel,
  externalTensor,
  floatTensor,
  graph,
  model,
  node,
  rawTensor,
  valueInfo,
} from '../../fixtures/modelBuilder.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const root = temporaryFolder('real');
let count = 0;

function freshFolder(name = `${++count}`): string {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

const MODEL = resNet18(24);

function modelIn(folder: string, bytes: Uint8Array = MODEL, name = 'model.onnx'): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** A small file system of its own, gone when the test ends; null with a reason where this machine refuses one. */
function smallDisk(t: TestContext, size: string): string | null {
  const folder = freshFolder();
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]);
  if (mount.status !== 0) {
    t.skip(`no file system can be mounted here: ${mount.error?.message ?? mount.stderr.toString().trim()}`);
    return null;
  }
  t.after(() => spawnSync('umount', [folder]));
  return folder;
}

test('a disk that fills up: told so, nothing left, the model untouched', async (t) => {
  const disk = smallDisk(t, '1m');
  if (disk === null) return;
  const path = modelIn(freshFolder());
  assert.ok(MODEL.length > 2 ** 21);
  await assert.rejects(convertToGray(path, { out: join(disk, 'gray.onnx') }), { kind: 'io', code: 'disk-full' });
  assert.deepEqual(readdirSync(disk), []);
  assert.ok(readFileSync(path).equals(MODEL));
  // The same when the model itself lies there: it fits, its copy does not.
  const tight = smallDisk(t, `${Math.ceil(MODEL.length * 1.5)}`);
  if (tight === null) return;
  await assert.rejects(convertToGray(modelIn(tight)), { kind: 'io', code: 'disk-full' });
  assert.deepEqual(readdirSync(tight), ['model.onnx']);
  assert.ok(readFileSync(join(tight, 'model.onnx')).equals(MODEL));
});

test('another file system and one that is read-only', async (t) => {
  const disk = smallDisk(t, '16m');
  if (disk === null) return;
  const path = modelIn(freshFolder());
  const { outPath } = await convertToGray(path, { out: join(disk, 'gray.onnx') });
  const { outPath: beside } = await convertToGray(path);
  assert.ok(readFileSync(outPath ?? '').equals(readFileSync(beside ?? '')));
  assert.equal(spawnSync('mount', ['-o', 'remount,ro', disk]).status, 0);
  await assert.rejects(convertToGray(path, { out: join(disk, 'again.onnx') }), { kind: 'io', code: 'not-writable' });
  assert.deepEqual(readdirSync(disk), ['gray.onnx']);
});

test('names with spaces and letters of every language, and modes, are kept', async () => {
  const folder = freshFolder('mit Leerzeichen – 模型 #1 %20');
  const path = modelIn(folder, MODEL, "ein 'Modell' für Ω.onnx");
  spawnSync('chmod', ['600', path]);
  const { outPath } = await convertToGray(path);
  assert.equal(outPath, join(folder, "ein 'Modell' für Ω.gray.onnx"));
  assert.equal(statSync(outPath).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder).sort(), ["ein 'Modell' für Ω.gray.onnx", "ein 'Modell' für Ω.onnx"]);
});

test('a link to a model: the result lies beside the link, and the folder behind it stays as it was', async () => {
  const [far, near] = [freshFolder(), freshFolder()];
  modelIn(far);
  const link = join(near, 'linked.onnx');
  symlinkSync(join(far, 'model.onnx'), link);
  assert.equal((await convertToGray(link)).outPath, join(near, 'linked.gray.onnx'));
  assert.deepEqual(readdirSync(far), ['model.onnx']);
  assert.ok(readFileSync(link).equals(MODEL));
});

test('what exists is not overwritten, a missing folder and a folder in the place of the file are told', async () => {
  const folder = freshFolder();
  const path = modelIn(folder);
  writeFileSync(join(folder, 'there.onnx'), 'mine');
  mkdirSync(join(folder, 'folder.onnx'));
  symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling.onnx'));
  for (const name of ['there.onnx', 'folder.onnx', 'dangling.onnx', 'model.onnx'])
    await assert.rejects(convertToGray(path, { out: join(folder, name) }), { kind: 'io', code: 'exists' }, name);
  await assert.rejects(convertToGray(path, { out: join(folder, 'no', 'such.onnx') }), {
    kind: 'io',
    code: 'folder-missing',
  });
  await assert.rejects(convertToGray(path, { out: join(path, 'below-a-file.onnx') }), {
    kind: 'io',
    code: 'folder-missing',
  });
  assert.equal(readFileSync(join(folder, 'there.onnx'), 'utf8'), 'mine');
  assert.deepEqual(readdirSync(folder).sort(), ['dangling.onnx', 'folder.onnx', 'model.onnx', 'there.onnx']);
});

const STEM = Float32Array.from({ length: 24 }, (_, i) => i - 5);
const stemEntries = (
  location: string,
  more: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> => ({ location, ...more });

/** Conv with the first weight, then MatMul with a second one; either may lie outside. */
function twoWeights(
  stem: Readonly<Record<string, string>> | null,
  far: Readonly<Record<string, string>> | null,
): Uint8Array {
  return encodeModel(
    model({
      inputs: [valueInfo('x', [1, 3, 4, 4])],
      outputs: [valueInfo('y', null)],
      initializers: [
        stem ? externalTensor('stem', DTYPE.float32, [2, 3, 2, 2], stem) : floatTensor('stem', [2, 3, 2, 2], STEM),
        far ? externalTensor('far', DTYPE.float32, [3, 2], far) : floatTensor('far', [3, 2], [1, 2, 3, 4, 5, 6]),
      ],
      nodes: [node('Conv', ['x', 'stem'], ['c']), node('MatMul', ['c', 'far'], ['y'])],
    }),
  );
}

const LOCATIONS: readonly [what: string, entries: Readonly<Record<string, string>>, kind: string, code: string][] = [
  ['missing', stemEntries('gone.bin'), 'io', 'external-missing'],
  ['too short', stemEntries('short.bin'), 'io', 'external-short'],
  ['too short behind its offset', stemEntries('whole.bin', { offset: '8' }), 'io', 'external-short'],
  ['an offset past every file', stemEntries('whole.bin', { offset: '9007199254740000' }), 'io', 'external-short'],
  ['another length than the shape has', stemEntries('whole.bin', { length: '12' }), 'malformed', 'tensor-size'],
  ['no number', stemEntries('whole.bin', { offset: '-4' }), 'unsupported', 'unclear-storage'],
  ['absolute', stemEntries('/etc/passwd'), 'refused', 'external-location'],
  ['absolute on Windows', stemEntries('C:\\weights.bin'), 'refused', 'external-location'],
  ['out of the folder', stemEntries('../outside.bin'), 'refused', 'external-location'],
  ['out of the folder and back', stemEntries('../in/whole.bin'), 'refused', 'external-location'],
  ['a link that leads out', stemEntries('leads-out.bin'), 'refused', 'external-location'],
  ['a folder that leads out', stemEntries('door/outside.bin'), 'refused', 'external-location'],
  ['a folder', stemEntries('folder'), 'io', 'directory'],
  ['nothing', {}, 'unsupported', 'unclear-storage'],
];

test('external data that is not there or not ours to read: an error for what needs it, and the rest still opens', async () => {
  const outer = freshFolder();
  const folder = join(outer, 'in');
  mkdirSync(join(folder, 'folder'), { recursive: true });
  writeFileSync(join(outer, 'outside.bin'), new Uint8Array(STEM.buffer));
  writeFileSync(join(folder, 'whole.bin'), new Uint8Array(STEM.buffer));
  writeFileSync(join(folder, 'short.bin'), new Uint8Array(STEM.buffer).subarray(0, 95));
  symlinkSync(join(outer, 'outside.bin'), join(folder, 'leads-out.bin'));
  symlinkSync(outer, join(folder, 'door'));
  for (const [what, entries, kind, code] of LOCATIONS) {
    const needed = modelIn(folder, twoWeights(entries, null), 'needed.onnx');
    assert.equal((await inspectFile(needed)).nodeCount, 2, what);
    assert.equal((await readPageModel(needed)).nodes.length, 2, what);
    assert.deepEqual((await shapesOfFile(needed, {})).tensors.find((t) => t.name === 'c')?.dims, [1, 2, 3, 3], what);
    await assert.rejects(convertToGray(needed), { kind, code }, what);
    // A weight that nobody asks for may lie where it likes; its entry stays as it was.
    const behind = modelIn(folder, twoWeights(null, entries), 'behind.onnx');
    const { outPath } = await convertToGray(behind);
    const far = decodeModel(readFileSync(outPath ?? '')).graph?.initializer?.find((t) => t.name === 'far');
    assert.deepEqual(Object.fromEntries((far?.externalData ?? []).map((e) => [e.key, e.value])), entries, what);
    rmSync(outPath ?? '');
  }
  const whole = modelIn(folder, twoWeights(stemEntries('whole.bin'), null), 'whole.onnx');
  const inside = decodeModel(readFileSync((await convertToGray(whole)).outPath ?? '')).graph?.initializer?.find(
    (t) => t.name === 'stem',
  );
  const expected = decodeModel((await adaptBytes(twoWeights(null, null), grayscale())).bytes).graph?.initializer?.find(
    (t) => t.name === 'stem',
  );
  assert.deepEqual([...(inside?.rawData ?? [])], [...(expected?.rawData ?? [])]);
});

test('a model in another folder gets its data files there, wherever in the model they are named', async () => {
  const beside = externalTensor('w', DTYPE.float32, [1], stemEntries('w.bin'));
  const inner = graph({ name: 'inner', initializers: [beside], outputs: [valueInfo('w', null)] });
  const rest = {
    inputs: [valueInfo('x', [1, 3, 4, 4]), valueInfo('b', [], DTYPE.bool)],
    outputs: [valueInfo('y', null)],
  };
  const stem = floatTensor('stem', [2, 3, 2, 2], STEM);
  const conv = node('Conv', ['x', 'stem'], ['y']);
  const held: Readonly<Record<string, Uint8Array>> = {
    initializer: twoWeights(null, stemEntries('far.bin')),
    Constant: encodeModel(
      model({
        ...rest,
        initializers: [stem],
        nodes: [conv, node('Constant', [], ['k'], { value: { tensor: beside } })],
      }),
    ),
    subgraph: encodeModel(
      model({
        ...rest,
        initializers: [stem],
        nodes: [conv, node('If', ['b'], ['k'], { then_branch: { graph: inner }, else_branch: { graph: inner } })],
      }),
    ),
    'sparse initializer': encodeModel(
      model({
        ...rest,
        initializers: [stem],
        sparseInitializers: [
          { dims: [4], values: beside, indices: rawTensor('', DTYPE.int64, [1], new Uint8Array(8)) },
        ],
        nodes: [conv],
      }),
    ),
    function: encodeModel(
      model({
        ...rest,
        initializers: [stem],
        nodes: [conv],
        functions: [
          {
            name: 'f',
            domain: 'own',
            output: ['k'],
            node: [node('Constant', [], ['k'], { value: { tensor: beside } })],
            opsetImport: [{ domain: '', version: 17 }],
          },
        ],
      }),
    ),
  };
  for (const [what, bytes] of Object.entries(held)) {
    const [from, to] = [freshFolder(), freshFolder()];
    const path = modelIn(from, bytes);
    const out = join(to, 'gray.onnx');
    await assert.rejects(convertToGray(path, { out }), { kind: 'io', code: 'external-missing' }, what);
    assert.deepEqual(readdirSync(to), [], what);
    const data = what === 'initializer' ? 'far.bin' : 'w.bin';
    writeFileSync(join(from, data), new Uint8Array(24).fill(what.length));
    await convertToGray(path, { out });
    assert.deepEqual(readdirSync(to).sort(), [data, 'gray.onnx'].sort(), what);
    assert.ok(readFileSync(join(to, data)).equals(readFileSync(join(from, data))), what);
    // The same folder by another way is the same folder.
    symlinkSync(from, join(to, 'back'));
    await convertToGray(path, { out: join(to, 'back', 'gray.onnx') });
    assert.ok(existsSync(join(from, 'gray.onnx')), what);
  }
  const inline = modelIn(freshFolder(), encodeModel(convModel()));
  assert.ok((await convertToGray(inline, { out: join(freshFolder(), 'gray.onnx') })).outPath);
});
