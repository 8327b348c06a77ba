import { MemorySource } from '../../src/bytes/byteSource.ts';
import { modelCosts } from '../../src/graph/cost/cost.ts';
import { inferShapes } from '../../src/graph/shapes/shapes.ts';
import { steeringConstants } from '../../src/graph/shapes/steering.ts';
import { scanModel } from '../../src/formats/onnx/scan/scan.ts';
import { WireReader } from '../../src/formats/onnx/scan/wire.ts';
import { encodeModel, floatTensor, model, node, valueInfo } from '../fixtures/modelBuilder.ts';
import { Net } from '../fixtures/zoo/net.ts';
import type { Figure } from './main.ts';

const NODES = 30_000;

/** A residual chain with a named batch. */
function residual(): Uint8Array {
  const nodes = Array.from({ length: NODES }, (_, i) =>
    i % 3 === 2
      ? node('Add', [`t${i}`, `t${i - 2}`], [`t${i + 1}`])
      : node('Conv', [`t${i}`, 'w'], [`t${i + 1}`], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
  );
  return encodeModel(
    model({
      nodes,
      inputs: [valueInfo('t0', ['batch', 4, 64, 64])],
      outputs: [valueInfo(`t${NODES}`, null)],
      initializers: [floatTensor('w', [4, 4, 3, 3], new Float32Array(144))],
    }),
  );
}

/** Attention blocks whose reshapes are computed from the sizes of what they reshape, as exporters write them. */
function transformer(): Uint8Array {
  const n = new Net(5);
  const [w, four, zero, perm] = [n.f([16, 16]), n.i([4]), n.i([0]), { perm: [0, 2, 1, 3] }];
  const axes = [0, 1, 2].map((axis) => n.i([axis], []));
  const size = (x: string, axis: number): string =>
    n.op('Unsqueeze', [n.op('Gather', [n.op('Shape', [x]), axes[axis] ?? '']), zero]);
  let x = 'x';
  while (n.nodes.length < NODES) {
    const heads = [0, 1, 2].map(() => {
      const h = n.op('MatMul', [x, w]);
      return n.op(
        'Transpose',
        [
          n.op('Reshape', [
            h,
            n.op('Concat', [size(h, 0), size(h, 1), four, n.op('Div', [size(h, 2), four])], { axis: 0 }),
          ]),
        ],
        perm,
      );
    });
    const scores = n.op('Softmax', [
      n.op('MatMul', [heads[0] ?? '', n.op('Transpose', [heads[1] ?? ''], { perm: [0, 1, 3, 2] })]),
    ]);
    const mixed = n.op('Transpose', [n.op('MatMul', [scores, heads[2] ?? ''])], perm);
    x = n.op('Add', [x, n.op('Reshape', [mixed, n.op('Concat', [size(x, 0), size(x, 1), size(x, 2)], { axis: 0 })])]);
  }
  return encodeModel(
    model({
      nodes: n.nodes,
      initializers: n.initializers,
      inputs: [valueInfo('x', ['batch', 'tokens', 16])],
      outputs: [valueInfo(x, null)],
    }),
  );
}

/** Models of 30,000 nodes: scanned, then inferred and counted. */
export async function benchShapes(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [what, bytes] of [
    ['residual chain', residual()],
    ['transformer with computed sizes', transformer()],
  ] as const) {
    const source = new MemorySource(bytes);
    const start = performance.now();
    const scanned = await scanModel(source);
    const middle = performance.now();
    const constants = await steeringConstants(scanned, { wire: new WireReader(source) });
    const shapes = inferShapes(scanned, { constants });
    const end = performance.now();
    modelCosts(scanned, shapes);
    const counted = performance.now();
    figures.push(
      { what: `scan ${NODES} nodes, ${what}`, value: middle - start, unit: 'ms' },
      { what: `infer ${NODES} nodes, ${what}`, value: end - middle, unit: 'ms' },
      {
        what: `infer, ${what}`,
        value: (end - middle) / (middle - start),
        unit: 'times',
        against: 'scanning the same model',
      },
      { what: `count the cost of ${NODES} nodes, ${what}`, value: counted - end, unit: 'ms' },
    );
  }
  return figures;
}
