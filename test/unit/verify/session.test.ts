import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { test } from 'node:test';
import { ChannelwiseError } from '../../../src/bytes/errors.ts';
import { runtimeError } from '../../../src/verify/runtimeErrors.ts';
import { configureRuntime, openSession, runtimeVersion } from '../../../src/verify/session.ts';
import { fromNumbers, numbersOf } from '../../../src/verify/values.ts';
import { convModel, encodeModel, model, node, valueInfo } from '../../fixtures/modelBuilder.ts';

const BASE = join(import.meta.dirname, '../../../node_modules/onnxruntime-web/dist');

const CAUSES: readonly [string, unknown, string, RegExp][] = [
  [
    'unknown operator',
    new Error(
      "Can't create a session. ERROR_CODE: 1, ERROR_MESSAGE: Fatal error: nobody.knows:Mystery(-1) is not a registered function/op",
    ),
    'runtime-operator',
    /lacks the operator nobody\.knows:Mystery\./,
  ],
  [
    'unknown version',
    new Error("ERROR_CODE: 9, ERROR_MESSAGE: Could not find an implementation for AveragePool(1) node with name 'x'"),
    'runtime-operator',
    /AveragePool in this version \(1\)/,
  ],
  ['no memory', new RangeError('Array buffer allocation failed'), 'runtime-memory', /ran out of memory/],
  [
    'no memory in C++',
    new Error('failed to call OrtRun(). ERROR_CODE: 6, ERROR_MESSAGE: std::bad_alloc'),
    'runtime-memory',
    /ran out of memory/,
  ],
  ['a bare number', 123456, 'runtime-memory', /most likely it ran out of memory/],
  [
    'no files',
    new Error('no available backend found. ERR: [wasm] Error: ENOENT: no such file'),
    'runtime-load',
    /could not be loaded/,
  ],
  [
    'a failed check',
    new Error(
      'failed to call OrtRun(). ERROR_CODE: 2, ERROR_MESSAGE: /mnt/x/onnxruntime/core/squeeze.h:54 static void f(int) a == 1 was false. Dimension of input 0 must be 1',
    ),
    'runtime-run',
    /\(Dimension of input 0 must be 1\)\.$/,
  ],
  [
    'an error inside',
    new Error(
      "Can't create a session. ERROR_CODE: 10, ERROR_MESSAGE: /mnt/x/onnxruntime/core/graph/model.cc:284 onnxruntime::Model::Model(ModelProto &&, const PathString &) [ONNXRuntimeError] : 10 : INVALID_GRAPH : Model local function definitions must not be recursive.",
    ),
    'runtime-run',
    /\(Model local function definitions must not be recursive\)\.$/,
  ],
  [
    'an opset that it does not know yet',
    new Error(
      "Can't create a session. ERROR_CODE: 1, ERROR_MESSAGE: /mnt/x/onnxruntime/core/graph/model_load_utils.h:56 void f(const std::string &, int) ONNX Runtime only *guarantees* support for models stamped with official released onnx opset versions. Opset 28 is under development and support for this is limited. Current official support for domain ai.onnx is till opset 26.",
    ),
    'runtime-model',
    /doesn't know opset 28 of this model yet; it knows opsets up to 26\.$/,
  ],
  [
    'a format version that it does not know yet',
    new Error(
      "Can't create a session. ERROR_CODE: 1, ERROR_MESSAGE: /mnt/x/onnxruntime/core/graph/model.cc:203 onnxruntime::Model::Model(ModelProto &&, const ModelOptions &) Unsupported model IR version: 14, max supported IR version: 13",
    ),
    'runtime-model',
    /version \(Unsupported model IR version: 14, max supported IR version: 13\)\.$/,
  ],
];
for (const [name, thrown, code, message] of CAUSES) {
  test(`the runtime fails: ${name}`, () => {
    const error = runtimeError(thrown, 'run');
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.ok(!error.message.includes('\n'));
  });
}

test('runs a model and names its version', async () => {
  assert.match(await runtimeVersion(), /^onnxruntime-web \d+\.\d+/);
  const session = await openSession(encodeModel(convModel()));
  const outputs = await session.run(
    new Map([['input', fromNumbers(1, [1, 3, 8, 8], new Array<number>(192).fill(1), 'input')]]),
  );
  assert.deepEqual(outputs.get('output')?.dims, [1, 2, 8, 8]);
  await session.close();
});

test('float16, integers and bool go in and out', async () => {
  for (const [dtype, values] of [
    [10, [0.5, -2, 65504]],
    [6, [-1, 0, 7]],
    [7, [-5, 2 ** 40, 3]],
    [2, [0, 200, 255]],
    [9, [1, 0, 1]],
    [11, [0.1, -1, 3]],
  ] as const) {
    const session = await openSession(
      encodeModel(
        model({
          inputs: [valueInfo('x', [3], dtype)],
          outputs: [valueInfo('y', [3], dtype)],
          nodes: [node('Identity', ['x'], ['y'])],
        }),
      ),
    );
    const y = (await session.run(new Map([['x', fromNumbers(dtype, [3], values, 'x')]]))).get('y');
    assert.deepEqual([...numbersOf(y ?? assert.fail())], [...values]);
    await session.close();
  }
});

test('bytes that are no model, and wrong inputs, are one sentence', async () => {
  await assert.rejects(
    openSession(new Uint8Array([1, 2, 3])),
    (e: ChannelwiseError) =>
      e.code === 'runtime-model' && /^ONNX Runtime could not open the model \(.*\)\.$/.test(e.message),
  );
  const session = await openSession(encodeModel(convModel()));
  await assert.rejects(
    session.run(new Map([['input', fromNumbers(1, [1, 1, 8, 8], new Array<number>(64).fill(1), 'input')]])),
    (e: ChannelwiseError) => e.code === 'runtime-run' && !e.message.includes('\n'),
  );
  await session.close();
});

test('the files may lie anywhere', async (t) => {
  t.after(() => configureRuntime(null));
  const url = (name: string): string => pathToFileURL(join(BASE, name)).href;
  configureRuntime({ wasmPaths: { mjs: url('ort-wasm-simd-threaded.mjs'), wasm: url('ort-wasm-simd-threaded.wasm') } });
  const session = await openSession(encodeModel(convModel()));
  await session.close();
});
