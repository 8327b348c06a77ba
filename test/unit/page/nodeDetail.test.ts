import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemorySource } from '../../../src/bytes/byteSource.ts';
import { scanModel } from '../../../src/formats/onnx/scan/scan.ts';
import { WireReader } from '../../../src/formats/onnx/scan/wire.ts';
import { inferShapes } from '../../../src/graph/shapes/shapes.ts';
import { inKerasOrder } from '../../../src/page/model/kerasOrder.ts';
import { pageModel } from '../../../src/page/model/pageModel.ts';
import { smallConstants } from '../../../src/page/model/smallConstants.ts';
import type { PageModel } from '../../../src/protocol/pageModel.ts';
import { encodeModel, floatTensor, int64Tensor, model, node, valueInfo } from '../../fixtures/modelBuilder.ts';

type Stored = ReturnType<typeof floatTensor>;
type Attributes = Parameters<typeof node>[3];

/** An operator over the image `x`, its further inputs, its attributes, and what its box says; opset 17 if not said. */
interface Row {
  readonly op: string;
  readonly inputs?: readonly (Stored | string)[];
  readonly attributes?: Attributes;
  readonly opset?: number;
  readonly says: string;
}

const ints = (...values: number[]): Stored => int64Tensor('', [values.length], values);
const floats = (...values: number[]): Stored => floatTensor('', [values.length], values);
const number = (value: number): Stored => floatTensor('', [], [value]);
const zeros = (...dims: number[]): Stored => floatTensor('', dims, new Float32Array(dims.reduce((n, d) => n * d, 1)));
const END = 2 ** 31 - 1;

const ROWS: readonly Row[] = [
  { op: 'Pad', inputs: [ints(0, 0, 1, 1, 0, 0, 1, 1)], says: 'axes 2, 3: 1' },
  { op: 'Pad', inputs: [ints(0, 0, 0, 1, 0, 0, 1, 1)], says: 'axis 2: 0 + 1 · axis 3: 1' },
  {
    op: 'Pad',
    inputs: [ints(0, 0, 2, 2, 0, 0, 2, 2)],
    attributes: { mode: 'reflect' },
    says: 'reflect · axes 2, 3: 2',
  },
  { op: 'Pad', inputs: [ints(0, 0, 0, 0, 0, 0, 0, 0)], says: 'nothing added' },
  { op: 'Pad', inputs: [ints(1, 1, 1, 1), number(0.5), ints(2, 3)], opset: 18, says: 'axes 2, 3: 1 · value 0.5' },
  { op: 'Pad', attributes: { pads: { ints: [0, 0, 3, 3, 0, 0, 3, 3] } }, opset: 2, says: 'axes 2, 3: 3' },
  { op: 'Pad', inputs: ['computed'], says: '' },
  { op: 'Slice', inputs: [ints(0, 0), ints(END, END), ints(2, 3), ints(2, 2)], says: 'axes 2, 3: ::2' },
  { op: 'Slice', inputs: [ints(1), ints(END), ints(3)], says: 'axis 3: 1:' },
  { op: 'Slice', inputs: [ints(-1), ints(-END), ints(1), ints(-1)], says: 'axis 1: ::-1' },
  {
    op: 'Slice',
    inputs: [ints(0, 0, 0, 1), ints(1, 3, 8, 9)],
    says: 'axis 0: :1 · axis 1: :3 · axis 2: :8 · axis 3: 1:9',
  },
  { op: 'Slice', inputs: ['computed', ints(3), ints(1)], says: '' },
  { op: 'Resize', inputs: ['', floats(1, 1, 2, 2)], attributes: { mode: 'nearest' }, says: 'nearest · ×2' },
  {
    op: 'Resize',
    inputs: ['', floats(1, 1, 2, 1.5)],
    attributes: { mode: 'linear' },
    says: 'linear · axis 2: ×2 · axis 3: ×1.5',
  },
  { op: 'Resize', inputs: ['', '', ints(1, 3, 15, 16)], attributes: { mode: 'linear' }, says: 'linear · to 15×16' },
  { op: 'Resize', inputs: [floats(1, 1, 2, 2)], opset: 10, says: 'nearest · ×2' },
  { op: 'Upsample', attributes: { scales: { floats: [1, 1, 2, 2] } }, opset: 7, says: 'nearest · ×2' },
  { op: 'Reshape', inputs: [ints(0, -1, 64)], says: 'to [0, -1, 64]' },
  { op: 'Reshape', inputs: ['computed'], says: '' },
  { op: 'Expand', inputs: [ints(1, 3, 8, 9)], says: 'to [1, 3, 8, 9]' },
  { op: 'Tile', inputs: [ints(1, 3, 1, 1)], says: '×1 ×3 ×1 ×1' },
  { op: 'Transpose', attributes: { perm: { ints: [0, 2, 3, 1] } }, says: 'perm = [0, 2, 3, 1]' },
  { op: 'ReduceMean', attributes: { axes: { ints: [2, 3] } }, says: 'axes = [2, 3]' },
  { op: 'ReduceMean', inputs: [ints(2, 3)], opset: 18, says: 'axes = [2, 3]' },
  { op: 'ReduceMax', says: 'all axes' },
  { op: 'ReduceSum', attributes: { noop_with_empty_axes: 1 }, says: '' },
  { op: 'Split', inputs: [ints(1, 2)], attributes: { axis: 1 }, says: 'axis = 1 · 1 + 2' },
  { op: 'Split', attributes: { axis: 1, num_outputs: 3 }, opset: 18, says: 'axis = 1 · 3 parts' },
  { op: 'TopK', inputs: [ints(5)], attributes: { axis: 3, largest: 0 }, says: 'k = 5 · smallest · axis = 3' },
  { op: 'Clip', inputs: [number(0), number(6)], says: '0 to 6' },
  { op: 'Clip', inputs: ['', number(6)], says: 'at most 6' },
  { op: 'Clip', attributes: { min: { float: 0 } }, opset: 6, says: 'at least 0' },
  { op: 'Cast', attributes: { to: 7 }, says: 'to int64' },
  { op: 'Gather', inputs: [ints(2, 1, 0)], attributes: { axis: 1 }, says: 'indices = [2, 1, 0] · axis = 1' },
  { op: 'Concat', inputs: ['computed'], attributes: { axis: 1 }, says: 'axis = 1' },
  { op: 'Softmax', attributes: { axis: -1 }, says: 'axis = -1' },
  { op: 'LeakyRelu', attributes: { alpha: 0.1 }, says: 'alpha = 0.1' },
  { op: 'Unsqueeze', inputs: [ints(0)], says: 'axes = [0]' },
  { op: 'BatchNormalization', inputs: [zeros(3), zeros(3), zeros(3), zeros(3)], says: '3 channels' },
  { op: 'LayerNormalization', inputs: [zeros(9), zeros(9)], says: '9' },
  { op: 'Conv', inputs: [zeros(2, 3, 3, 3), zeros(2)], says: '3×3 · 2×3×3×3 · bias' },
  { op: 'Conv', inputs: [zeros(1, 3, 1, 1)], attributes: { strides: { ints: [2, 2] } }, says: '1×1 /2 · 1×3×1×1' },
  { op: 'Add', inputs: [zeros(1, 3, 1, 1)], says: 'B = [0, 0, 0]' },
  { op: 'Mul', inputs: [zeros(1, 3, 8, 9)], says: '1×3×8×9' },
  { op: 'Pow', inputs: [number(2)], says: 'Y = 2' },
  { op: 'Mul', inputs: [floats(1.21)], says: 'B = 1.21' },
  { op: 'QuantizeLinear', inputs: [number(0.125)], says: 'y_scale = 0.125' },
  { op: 'QuantizeLinear', inputs: [zeros(3)], attributes: { axis: 1 }, says: '3 scales · axis = 1' },
];

/** The page of a model whose last node but one is the operator. */
async function pageOf({ op, inputs = [], attributes = {}, opset = 17 }: Omit<Row, 'says'>): Promise<PageModel> {
  const initializers: Stored[] = [];
  const names = inputs.map((input, i) => {
    if (typeof input === 'string') return input;
    initializers.push({ ...input, name: `c${i}` });
    return `c${i}`;
  });
  const bytes = encodeModel(
    model({
      inputs: [valueInfo('x', [1, 8, 9, 3]), valueInfo('computed', null)],
      outputs: [valueInfo('out', null)],
      nodes: [
        node('Transpose', ['x'], ['image'], { perm: [0, 3, 1, 2] }),
        node(op, ['image', ...names], ['y'], attributes),
        node('Identity', ['y'], ['out']),
      ],
      initializers,
      opset,
    }),
  );
  const source = new MemorySource(bytes);
  const scanned = await scanModel(source);
  const constants = await smallConstants(scanned, { wire: new WireReader(source) }, new Map());
  return pageModel(scanned, { fileName: 'm.onnx', fileSize: bytes.length, inferred: inferShapes(scanned), constants });
}

test('a box says what its operator does, and no shape of what steers it', async () => {
  for (const row of ROWS) {
    const { nodes } = await pageOf(row);
    assert.equal(nodes[1]?.detail, row.says, `${row.op} of opset ${row.opset ?? 17}: ${row.says}`);
  }
});

test('where the page shows channels last, boxes number the axes as it does', async () => {
  const shown = async (row: Omit<Row, 'says'>): Promise<string | undefined> =>
    inKerasOrder(await pageOf(row), new Set(['image'])).nodes[1]?.detail;
  assert.equal(await shown({ op: 'Pad', inputs: [ints(0, 0, 1, 1, 0, 0, 1, 1)] }), 'axes 1, 2: 1');
  assert.equal(await shown({ op: 'Concat', inputs: ['computed'], attributes: { axis: 1 } }), 'axis = 3');
  assert.equal(await shown({ op: 'Softmax', attributes: { axis: -1 } }), 'axis = -1');
  assert.equal(await shown({ op: 'Transpose', attributes: { perm: [0, 2, 3, 1] } }), '', 'no order that it hides');
});
