import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemorySource, type ByteSource } from '../../../../src/bytes/byteSource.ts';
import { scanModel } from '../../../../src/formats/onnx/scan/scan.ts';
import { streamNumbers } from '../../../../src/tensors/tensorElements.ts';
import { WireReader } from '../../../../src/formats/onnx/scan/wire.ts';
import { DTYPE, encodeModel, model, node, valueInfo } from '../../../fixtures/modelBuilder.ts';
import { storedTensor } from '../../../../src/formats/onnx/tensors/storedTensor.ts';
import { modelOf, tensorBody, type Stored } from '../../../fixtures/storedTensors.ts';

/** Counts reads and the bytes asked for, and cancels in the middle of read number `at`. */
class CancellingSource implements ByteSource {
  readonly size: number;
  reads = 0;
  largest = 0;
  private readonly inner: ByteSource;
  private readonly at: number;
  private readonly controller: AbortController;

  constructor(bytes: Uint8Array, at: number, controller: AbortController) {
    this.inner = new MemorySource(bytes);
    this.size = bytes.length;
    this.at = at;
    this.controller = controller;
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    this.count(length);
    return this.inner.read(offset, length);
  }

  readInto(target: Uint8Array, offset: number): Promise<void> {
    this.count(target.length);
    return this.inner.readInto(target, offset);
  }

  private count(length: number): void {
    this.largest = Math.max(this.largest, length);
    if (++this.reads === this.at) this.controller.abort();
  }
}

const NODES = 40_000;
const MANY = encodeModel(
  model({
    inputs: [valueInfo('t0', [1])],
    outputs: [valueInfo(`t${NODES}`, [1])],
    nodes: Array.from({ length: NODES }, (_, i) =>
      node('Relu', [`t${i}`], [`t${i + 1}`], { alpha: i, beta: [1, 2, 3] }),
    ),
  }),
);

test('a cancelled scan reads nothing more, and what it reads at once is little', async () => {
  const whole = new CancellingSource(MANY, -1, new AbortController());
  await scanModel(whole);
  assert.ok(whole.reads > 4 && whole.largest <= 2 ** 20, `${whole.reads} reads`);
  for (let at = 1; at < whole.reads; at++) {
    const controller = new AbortController();
    const source = new CancellingSource(MANY, at, controller);
    await assert.rejects(scanModel(source, controller.signal), { kind: 'cancelled' });
    assert.equal(source.reads, at);
  }
});

test('a cancelled read of weights reads nothing more, in every storage form', async () => {
  const raw = new Uint8Array(4_000_000).fill(1);
  for (const form of ['raw', 'packed'] satisfies Stored[]) {
    const bytes = modelOf(tensorBody(form, { name: 'w', dtype: DTYPE.float32, dims: [1_000_000], raw }));
    const tensor = (await scanModel(new MemorySource(bytes))).graph.initializers[0];
    assert.ok(tensor);
    for (const at of [1, 2, 3]) {
      const controller = new AbortController();
      const source = new CancellingSource(bytes, at, controller);
      let seen = 0;
      await assert.rejects(
        streamNumbers(storedTensor({ wire: new WireReader(source, controller.signal) }, tensor, 'w'), () => {
          seen++;
        }),
        { kind: 'cancelled' },
      );
      assert.deepEqual([source.reads, seen], [at, at]);
    }
  }
});

test('a scan tells how far it is, and other work gets its turn', async () => {
  const told: number[] = [];
  let turns = 0;
  const timer = setInterval(() => {
    turns++;
  }, 1);
  await scanModel(new MemorySource(MANY), undefined, (fraction) => told.push(fraction));
  clearInterval(timer);
  assert.ok(
    told.length > 4 && told.at(-1) === 1 && told.every((f, i) => f <= 1 && f >= (told[i - 1] ?? 0)),
    String(told),
  );
  assert.ok(turns > 0);
});
