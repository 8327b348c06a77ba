import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { convertToGray } from '../../../src/jobs/convert.ts';
import { markedDataFiles, verifyFiles } from '../../../src/jobs/verify.ts';
import { readPageModel } from '../../../src/page/readPage.ts';
import { sameAsWritten } from '../../../src/files/written.ts';
import {
  DTYPE,
  encodeModel,
  externalTensor,
  floatTensor,
  int64Tensor,
  model,
  node,
  rawTensor,
  valueInfo,
} from '../../fixtures/modelBuilder.ts';
import { changed } from '../../fixtures/modelFile.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('recorded');

const VALUES = Array.from({ length: 12 }, (_, i) => Math.sin(i + 1));
const weight = floatTensor('stored', [4, 3, 1, 1], VALUES);
const conv = node('Conv', ['x', 'w'], ['y']);
type Parts = Parameters<typeof model>[0];

/** Where a weight may come from. Each is found again, whatever the fold made of it. */
const SOURCES: readonly [string, Pick<Parts, 'nodes' | 'initializers'>][] = [
  ['an initializer', { initializers: [{ ...weight, name: 'w' }], nodes: [conv] }],
  ['a Constant', { nodes: [node('Constant', [], ['w'], { value: { tensor: weight } }), conv] }],
  ['an Identity', { initializers: [weight], nodes: [node('Identity', ['stored'], ['w']), conv] }],
  [
    'a Cast',
    {
      initializers: [
        rawTensor('stored', DTYPE.float64, [4, 3, 1, 1], new Uint8Array(Float64Array.from(VALUES).buffer)),
      ],
      nodes: [node('Cast', ['stored'], ['w'], { to: DTYPE.float32 }), conv],
    },
  ],
  [
    'a Reshape',
    {
      initializers: [{ ...weight, dims: [4, 3] }, int64Tensor('shape', [4], [4, 3, 1, 1])],
      nodes: [node('Reshape', ['stored', 'shape'], ['w']), conv],
    },
  ],
  [
    'a Transpose',
    {
      initializers: [{ ...weight, dims: [1, 1, 3, 4] }],
      nodes: [node('Transpose', ['stored'], ['w'], { perm: [3, 2, 1, 0] }), conv],
    },
  ],
  [
    'a DequantizeLinear',
    {
      initializers: [
        rawTensor(
          'stored',
          DTYPE.int8,
          [4, 3, 1, 1],
          Uint8Array.from(VALUES, (v) => Math.round(20 * v) & 255),
        ),
        floatTensor('scale', [], [0.05]),
      ],
      nodes: [node('DequantizeLinear', ['stored', 'scale'], ['w']), conv],
    },
  ],
  [
    'a weight that something else reads too',
    {
      initializers: [{ ...weight, name: 'w' }],
      nodes: [
        node('Conv', ['x', 'w'], ['c']),
        node('ReduceMean', ['w'], ['mean'], { keepdims: 0 }),
        node('Add', ['c', 'mean'], ['y']),
      ],
    },
  ],
];

for (const [source, parts] of SOURCES) {
  test(`a recorded weight is found where the fold left it: ${source}`, async () => {
    const path = join(folder, `${source.replaceAll(' ', '-')}.onnx`);
    writeFileSync(
      path,
      encodeModel(model({ inputs: [valueInfo('x', [1, 3, 8, 8])], outputs: [valueInfo('y', null)], ...parts })),
    );
    const { outPath } = await convertToGray(path);
    assert.ok(outPath);
    const { adaptation } = await readPageModel(outPath);
    const folds = adaptation?.steps[0]?.folds ?? [];
    assert.ok(folds.length > 0);
    assert.deepEqual([...new Set(folds.map((f) => f.now))], ['same']);
    assert.equal((await verifyFiles(path, outPath)).verdict, 'proved');
  });
}

test('a weight of other dims, and one that is gone, are not as recorded', async () => {
  const path = join(folder, 'spoilt.onnx');
  const bytes = encodeModel(
    model({
      inputs: [valueInfo('x', [1, 3, 8, 8])],
      outputs: [valueInfo('y', null)],
      initializers: [{ ...weight, name: 'w' }],
      nodes: [conv],
    }),
  );
  writeFileSync(path, bytes);
  const { outPath } = await convertToGray(path);

  const gray = readFileSync(outPath ?? '');
  const states = async (spoil: Parameters<typeof changed>[1]): Promise<string | undefined> => {
    writeFileSync(join(folder, 'other.onnx'), changed(gray, spoil));
    return (await readPageModel(join(folder, 'other.onnx'))).adaptation?.steps[0]?.folds[0]?.now;
  };
  assert.equal(await states((_, g) => void g.initializer.forEach((t) => (t.dims = [1, 4, 1, 1]))), 'other');
  assert.equal(
    await states((_, g) => {
      g.initializer = [];
      g.node.forEach((n) => Object.assign(n, { opType: 'Relu', input: ['x'], name: 'r' }));
    }),
    'missing',
  );
});

test('a data file belongs to the original and to a proof: when it changes, neither is the same any more', async () => {
  const path = join(folder, 'beside.onnx');
  const data = join(folder, 'beside.bin');
  writeFileSync(data, new Uint8Array(Float32Array.from([...VALUES, 1, 2, 3, 4]).buffer));
  const entries = (offset: number, length: number) => ({
    location: 'beside.bin',
    offset: String(offset),
    length: String(length),
  });
  writeFileSync(
    path,
    encodeModel(
      model({
        inputs: [valueInfo('x', [1, 3, 8, 8])],
        outputs: [valueInfo('y', null)],
        initializers: [
          externalTensor('w', DTYPE.float32, [4, 3, 1, 1], entries(0, 48)),
          externalTensor('b', DTYPE.float32, [4], entries(48, 16)),
        ],
        nodes: [node('Conv', ['x', 'w', 'b'], ['y'])],
      }),
    ),
  );
  const { outPath } = await convertToGray(path);
  const state = async (): Promise<string | undefined> =>
    (await readPageModel(outPath ?? '')).adaptation?.original.state;
  assert.equal(await state(), 'same');
  const [mark] = await markedDataFiles([path, outPath ?? '']);
  assert.ok(mark);
  assert.equal(await sameAsWritten(mark), true);
  writeFileSync(data, new Uint8Array(Float32Array.from([...VALUES, 1, 2, 3, 5]).buffer));
  assert.equal(await state(), 'changed');
  assert.equal(await sameAsWritten(mark), false);
});
