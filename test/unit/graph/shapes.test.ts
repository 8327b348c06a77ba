import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemorySource } from '../../../src/bytes/byteSource.ts';
import { inferShapes } from '../../../src/graph/shapes/shapes.ts';
import { steeringConstants } from '../../../src/graph/shapes/steering.ts';
import { scanModel } from '../../../src/formats/onnx/scan/scan.ts';
import { WireReader } from '../../../src/formats/onnx/scan/wire.ts';
import { mobileNetV2, resNet18 } from '../../fixtures/architectures.ts';
import { decodeModel, encodeModel, model, named, node, valueInfo } from '../../fixtures/modelBuilder.ts';
import { Random } from '../../fixtures/random.ts';
import { float32, runModel } from '../../fixtures/runtime.ts';
import type { Shapes } from '../../../src/graph/shapes/inferredShapes.ts';

async function shapesOf(bytes: Uint8Array, bind: Record<string, number> = {}): Promise<Shapes> {
  const source = new MemorySource(bytes);
  const scanned = await scanModel(source);
  return inferShapes(scanned, { constants: await steeringConstants(scanned, { wire: new WireReader(source) }), bind });
}

for (const [name, bytes] of [
  ['ResNet-18', resNet18(16, 10, 64)],
  ['MobileNet-v2', mobileNetV2(0.5, 10, 64)],
] as const) {
  test(`${name}: every shape is what ONNX Runtime computes`, async () => {
    const shapes = await shapesOf(bytes, { batch: 2 });
    const exposed = decodeModel(bytes);
    assert.ok(exposed.graph?.node);
    const names = exposed.graph.node.flatMap((n) => n.output ?? []);
    exposed.graph.output = names.map((n) => valueInfo(n, null));
    const values = await runModel(encodeModel(exposed), {
      input: float32([2, 3, 64, 64], new Random(1).floats(2 * 3 * 64 * 64)),
    });
    for (const n of names) assert.deepEqual(shapes.tensors.get(n)?.dims, values[n]?.dims, n);
  });
}

test('symbols stay named, derived sizes are expressions, and binding settles them', async () => {
  const bytes = encodeModel(
    model({
      inputs: [valueInfo('x', ['batch', 3, 'height', 10])],
      outputs: [valueInfo('y', null)],
      nodes: [node('MaxPool', ['x'], ['y'], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] })],
    }),
  );
  assert.deepEqual((await shapesOf(bytes)).tensors.get('y')?.dims, ['batch', 3, '⌊(height+1)/2⌋', 5]);
  assert.deepEqual((await shapesOf(bytes, { batch: 1, height: 31 })).tensors.get('y')?.dims, [1, 3, 16, 5]);
});

test('a contradiction is reported on its node, and an unknown operator says so', async () => {
  const bytes = encodeModel(
    model({
      inputs: [valueInfo('x', [1, 3, 4, 4])],
      outputs: [valueInfo('y', [1, 3, 5, 5]), valueInfo('z', null)],
      nodes: [named(node('Relu', ['x'], ['y']), { name: 'r' }), named(node('Odd', ['x'], ['z']), { domain: 'own' })],
    }),
  );
  const shapes = await shapesOf(bytes);
  assert.deepEqual(shapes.contradictions, [
    {
      scope: '',
      node: 'r',
      opType: 'Relu',
      tensor: 'y',
      declared: [1, 3, 5, 5],
      inferred: [1, 3, 4, 4],
      message: '`y` is declared [1, 3, 5, 5], but follows as [1, 3, 4, 4]',
    },
  ]);
  assert.match(shapes.tensors.get('z')?.reason ?? '', /no shape rule for own:Odd/);
});
