import { MemorySource } from '../../src/bytes/byteSource.ts';
import type { onnx as Onnx } from 'onnx-proto';
import { inferShapes } from '../../src/graph/shapes.ts';
import { steeringConstants } from '../../src/graph/steering.ts';
import { scanModel } from '../../src/onnx/scan.ts';
import { WireReader } from '../../src/onnx/wire.ts';
import { encodeModel, floatTensor, int64Tensor, model, node, valueInfo } from '../fixtures/modelBuilder.ts';
import type { Figure } from './main.ts';

const NODES = 30_000;

/** A residual chain of convolutions, with a batch that is a symbol. */
function residual(): Uint8Array {
  const nodes = Array.from({ length: NODES }, (_, i) => (i % 3 === 2
    ? node('Add', [`t${i}`, `t${i - 2}`], [`t${i + 1}`])
    : node('Conv', [`t${i}`, 'w'], [`t${i + 1}`], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] })));
  return encodeModel(model({ nodes, inputs: [valueInfo('t0', ['batch', 4, 64, 64])], outputs: [valueInfo(`t${NODES}`, null)], initializers: [floatTensor('w', [4, 4, 3, 3], new Float32Array(144))] }));
}

/** Attention blocks as exporters write them: heads split by shapes that are computed, with two symbols. */
function transformer(): Uint8Array {
  const block = (x: string, y: string, n: string): Onnx.INodeProto[] => [
    node('LayerNormalization', [x, 'gain', 'gain'], [`${n}.norm`]), node('MatMul', [`${n}.norm`, 'wide'], [`${n}.qkv`]), node('Split', [`${n}.qkv`, 'thirds'], [`${n}.q`, `${n}.k`, `${n}.v`], { axis: -1 }),
    node('Shape', [x], [`${n}.shape`]), node('Gather', [`${n}.shape`, 'first'], [`${n}.batch`]), node('Gather', [`${n}.shape`, 'second'], [`${n}.length`]), node('Concat', [`${n}.batch`, `${n}.length`, 'heads'], [`${n}.split`], { axis: 0 }),
    ...['q', 'k', 'v'].flatMap((v) => [node('Reshape', [`${n}.${v}`, `${n}.split`], [`${n}.${v}4`]), node('Transpose', [`${n}.${v}4`], [`${n}.${v}h`], { perm: v === 'k' ? [0, 2, 3, 1] : [0, 2, 1, 3] })]),
    node('MatMul', [`${n}.qh`, `${n}.kh`], [`${n}.scores`]), node('Mul', [`${n}.scores`, 'scale'], [`${n}.scaled`]), node('Softmax', [`${n}.scaled`], [`${n}.soft`]), node('MatMul', [`${n}.soft`, `${n}.vh`], [`${n}.mixed`]),
    node('Transpose', [`${n}.mixed`], [`${n}.back`], { perm: [0, 2, 1, 3] }), node('Reshape', [`${n}.back`, 'joined'], [`${n}.flat`]), node('MatMul', [`${n}.flat`, 'square'], [`${n}.out`]), node('Add', [x, `${n}.out`], [y]),
  ];
  const nodes: Onnx.INodeProto[] = [];
  for (let i = 0; nodes.length < NODES; i++) nodes.push(...block(`x${i}`, `x${i + 1}`, `b${i}`));
  return encodeModel(model({
    nodes, inputs: [valueInfo('x0', ['batch', 'tokens', 96])], outputs: [valueInfo('out', null)],
    initializers: [
      floatTensor('gain', [96], new Float32Array(96)), floatTensor('wide', [96, 288], new Float32Array(96 * 288)), floatTensor('square', [96, 96], new Float32Array(96 * 96)), floatTensor('scale', [], [0.1]),
      int64Tensor('thirds', [3], [96, 96, 96]), int64Tensor('first', [1], [0]), int64Tensor('second', [1], [1]), int64Tensor('heads', [2], [4, 24]), int64Tensor('joined', [3], [0, 0, 96]),
    ],
  }));
}

async function measured(what: string, bytes: Uint8Array): Promise<Figure[]> {
  const source = new MemorySource(bytes);
  const start = performance.now();
  const scanned = await scanModel(source);
  const middle = performance.now();
  inferShapes(scanned, { constants: await steeringConstants(scanned, { wire: new WireReader(source) }) });
  const end = performance.now();
  return [
    { what: `scan a ${what} of ${scanned.graph.nodes.length} nodes`, value: middle - start, unit: 'ms' },
    { what: `infer the ${what}`, value: end - middle, unit: 'ms' },
    { what: `infer the ${what}`, value: (end - middle) / (middle - start), unit: 'times', against: 'scanning it' },
  ];
}

/** Two models of 30,000 nodes: scanned, then inferred with their small constants. */
export async function benchShapes(): Promise<Figure[]> {
  return [...await measured('residual network', residual()), ...await measured('transformer', transformer())];
}
