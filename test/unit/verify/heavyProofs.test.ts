// Slow: large networks in ONNX Runtime.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grayscale } from '../../../src/adapt/maps/channelMap.ts';
import { MemorySource } from '../../../src/bytes/byteSource.ts';
import { scanModel } from '../../../src/formats/onnx/scan/scan.ts';
import { WireReader } from '../../../src/formats/onnx/scan/wire.ts';
import type { VerifyReport } from '../../../src/verify/proof/report.ts';
import { verify } from '../../../src/verify/proof/verify.ts';
import type { ModelFile } from '../../../src/verify/wiring.ts';
import { adaptBytes } from '../../fixtures/adaptBytes.ts';
import {
  DTYPE,
  encodeModel,
  floatTensor,
  graph,
  int64Tensor,
  model,
  node,
  valueInfo,
  type ModelParts,
} from '../../fixtures/modelBuilder.ts';
import { Random } from '../../fixtures/random.ts';

/** Bytes of results that one run may give, as the proof holds several beside each other. */
const MAX_RESULTS = 2 ** 27;
const random = new Random(23);

const build = (parts: ModelParts): Uint8Array =>
  encodeModel(model({ inputs: [valueInfo('x', ['n', 3, 'h', 'w'])], outputs: [valueInfo('y', null)], ...parts }));

async function opened(bytes: Uint8Array): Promise<ModelFile> {
  const source = new MemorySource(bytes);
  return { model: await scanModel(source), ctx: { wire: new WireReader(source) } };
}

async function proved(original: Uint8Array): Promise<{ report: VerifyReport; adapted: Uint8Array }> {
  const { bytes } = await adaptBytes(original, grayscale());
  const report = await verify({ original: await opened(original), adapted: await opened(bytes), seed: 3 });
  return { report, adapted: bytes };
}

/** A convolution of so many filters, and their mean. */
const wide = (filters: number, dims: readonly (number | string)[]): Uint8Array =>
  build({
    inputs: [valueInfo('x', dims)],
    initializers: [floatTensor('w', [filters, 3, 1, 1], random.floats(filters * 3))],
    nodes: [node('Conv', ['x', 'w'], ['s']), node('ReduceMean', ['s'], ['y'], { axes: [1] })],
  });

/** The image joined with itself, over and over. */
const doubled = (times: number): Uint8Array =>
  build({
    inputs: [valueInfo('x', [1, 3, 8, 8])],
    nodes: [
      ...Array.from({ length: times }, (_, i) =>
        node('Concat', [i ? `c${i}` : 'x', i ? `c${i}` : 'x'], [`c${i + 1}`], { axis: 1 }),
      ),
      node('ReduceMean', [`c${times}`], ['y'], { axes: [1] }),
    ],
  });

const outputs = (count: number): Uint8Array => {
  const names = Array.from({ length: count }, (_, i) => `y${i}`);
  return build({
    outputs: names.map((name) => valueInfo(name, null)),
    nodes: names.map((name) => node('Softmax', ['x'], [name], { axis: 1 })),
  });
};

test('heavy proofs: a seam of many channels is measured on small pictures', async () => {
  const { report } = await proved(wide(10_000, ['n', 3, 'h', 'w']));
  assert.equal(report.verdict, 'proved', report.statement);
  assert.ok(report.runs.length >= 3, JSON.stringify(report.runs));
  for (const { sizes } of report.runs) {
    const [batch = NaN, , height = NaN, width = NaN] = sizes.x ?? [];
    assert.ok(batch * 10_000 * height * width * 4 <= MAX_RESULTS, JSON.stringify(sizes));
  }
});

test('heavy proofs: a usual seam is measured on pictures as before', async () => {
  const { report } = await proved(wide(16, ['n', 3, 'h', 'w']));
  assert.deepEqual(report.runs[0]?.sizes.x, [1, 1, 64, 64]);
});

test('heavy proofs: a seam whose pictures can’t be smaller is not run', async () => {
  const { report } = await proved(wide(10_000, [1, 3, 256, 256]));
  assert.equal(report.verdict, 'unproved');
  assert.match(report.statement, /too much to be run here/);
  assert.deepEqual(report.runs, []);
});

test('heavy proofs: channels that double stop being a map, and the file does not grow with them', async () => {
  const original = doubled(40);
  const { report, adapted } = await proved(original);
  assert.ok(adapted.length < original.length + 2 ** 20, `${adapted.length} bytes`);
  assert.equal(report.verdict, 'proved', report.statement);
});

test('heavy proofs: more tensors than are measured are told, and not run', async () => {
  const { report } = await proved(outputs(4200));
  assert.equal(report.verdict, 'unproved');
  assert.match(report.statement, /4200 tensors would have to be measured, more than the 4096/);
  const few = await proved(outputs(50));
  assert.equal(few.report.verdict, 'proved', few.report.statement);
});

test('heavy proofs: a loop that convolves the image in each of very many rounds is not run', async () => {
  const body = (rounds: number): Uint8Array =>
    build({
      initializers: [int64Tensor('rounds', [], [rounds]), floatTensor('start', [], [0])],
      nodes: [
        node('Loop', ['rounds', '', 'start'], ['y'], {
          body: {
            graph: graph({
              initializers: [floatTensor('w', [1, 3, 3, 3], random.floats(27))],
              inputs: [valueInfo('i', [], DTYPE.int64), valueInfo('go', [], DTYPE.bool), valueInfo('sum', [])],
              outputs: [valueInfo('on', [], DTYPE.bool), valueInfo('next', [])],
              nodes: [
                node('Identity', ['go'], ['on']),
                node('Conv', ['x', 'w'], ['c']),
                node('ReduceMean', ['c'], ['m'], { keepdims: 0 }),
                node('Add', ['sum', 'm'], ['next']),
              ],
            }),
          },
        }),
      ],
    });
  const many = await proved(body(10_000_000));
  assert.equal(many.report.verdict, 'unproved');
  assert.match(many.report.statement, /billion operations, too much to be run here/);
  const few = await proved(body(3));
  assert.equal(few.report.verdict, 'proved', few.report.statement);
});
