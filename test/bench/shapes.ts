import { MemorySource } from '../../src/bytes/byteSource.ts';
import { inferShapes } from '../../src/graph/shapes.ts';
import { scanModel } from '../../src/onnx/scan.ts';
import { encodeModel, floatTensor, model, node, valueInfo } from '../fixtures/modelBuilder.ts';
import type { Figure } from './main.ts';

const NODES = 30_000;

/** A residual chain of 30,000 nodes: scanned, then inferred. */
export async function benchShapes(): Promise<Figure[]> {
  const nodes = Array.from({ length: NODES }, (_, i) => (i % 3 === 2
    ? node('Add', [`t${i}`, `t${i - 2}`], [`t${i + 1}`])
    : node('Conv', [`t${i}`, 'w'], [`t${i + 1}`], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] })));
  const bytes = encodeModel(model({ nodes, inputs: [valueInfo('t0', ['batch', 4, 64, 64])], outputs: [valueInfo(`t${NODES}`, null)], initializers: [floatTensor('w', [4, 4, 3, 3], new Float32Array(144))] }));
  const start = performance.now();
  const scanned = await scanModel(new MemorySource(bytes));
  const middle = performance.now();
  inferShapes(scanned);
  const end = performance.now();
  return [
    { what: `scan ${NODES} nodes`, value: middle - start, unit: 'ms' },
    { what: `infer ${NODES} nodes`, value: end - middle, unit: 'ms' },
    { what: 'infer', value: (end - middle) / (middle - start), unit: 'times', against: 'scanning the same model' },
  ];
}
