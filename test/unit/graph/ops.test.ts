import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { onnx as Onnx } from 'onnx-proto';
import { CONTROL_FLOW } from '../../../src/graph/shapes/controlFlow.ts';
import schemas from '../../../src/graph/operatorSchemas.json' with { type: 'json' };
import { RULES } from '../../../src/graph/ops/table.ts';
import { DTYPES } from '../../../src/tensors/dtypes.ts';
import { encodeModel, model, node, valueInfo } from '../../fixtures/modelBuilder.ts';
import {
  caseModel,
  compareCase,
  filled,
  floats,
  inferCase,
  ints,
  of,
  runCase,
  scalar,
  stored,
  texts,
  type OpCase,
} from '../../fixtures/operatorCase.ts';
import { float32, runModel } from '../../fixtures/runtime.ts';

const MS = { domain: 'com.microsoft' } as const;
const ML = { domain: 'ai.onnx.ml' } as const;
const x = [2, 4, 9, 7];
const w = [6, 4, 3, 3];

/** Every row runs in ONNX Runtime; each output's dims and type must be as inferred. */
const FAMILIES: Readonly<Record<string, readonly OpCase[]>> = {
  convolutions: [
    of('Conv', [x, w]),
    of('Conv', [x, w], { pads: [1, 0, 2, 1], strides: [2, 3], dilations: [2, 1] }),
    of('Conv', [x, [8, 1, 3, 3], [8]], { group: 4 }),
    of('Conv', [x, w], { auto_pad: 'SAME_UPPER', strides: [2, 3] }),
    of('Conv', [x, w], { auto_pad: 'SAME_LOWER', strides: [1, 2] }),
    of('Conv', [x, w], { auto_pad: 'VALID', strides: [2, 2] }),
    of(
      'Conv',
      [
        [1, 3, 10],
        [5, 3, 4],
      ],
      { dilations: [2] },
    ),
    of(
      'Conv',
      [
        [1, 2, 5, 6, 7],
        [3, 2, 2, 3, 2],
      ],
      { strides: [1, 2, 2] },
    ),
    of('Conv', [x, w], { kernel_shape: [3, 3] }, { opset: 1 }),
    of('ConvTranspose', [x, [4, 5, 3, 3]]),
    of('ConvTranspose', [x, [4, 5, 3, 2]], {
      strides: [2, 3],
      pads: [1, 0, 1, 1],
      output_padding: [1, 2],
      dilations: [2, 1],
    }),
    of('ConvTranspose', [x, [4, 2, 3, 3]], { group: 2, strides: [2, 2] }),
    of('ConvTranspose', [x, [4, 5, 3, 3]], { strides: [2, 2], output_shape: [18, 14] }),
    of('ConvTranspose', [x, [4, 5, 3, 3]], { strides: [2, 2], auto_pad: 'SAME_UPPER' }),
    of('ConvTranspose', [x, [4, 5, 3, 3]], { strides: [2, 2], auto_pad: 'VALID' }),
    of(
      'ConvTranspose',
      [
        [1, 2, 6],
        [2, 3, 4],
      ],
      { strides: [2] },
    ),
    of('ConvInteger', [filled('uint8', x), filled('uint8', w)], { pads: [1, 1, 1, 1] }),
    of(
      'QLinearConv',
      [
        filled('uint8', x),
        stored('float32', [], [0.1]),
        stored('uint8', [], [0]),
        filled('int8', w),
        stored('float32', [], [0.1]),
        stored('int8', [], [0]),
        stored('float32', [], [0.1]),
        stored('uint8', [], [0]),
      ],
      { strides: [2, 2] },
    ),
    of('FusedConv', [x, w], { activation: 'Relu', pads: [1, 1, 1, 1] }, MS),
    of(
      'DeformConv',
      [
        [1, 1, 3, 3],
        [1, 1, 2, 2],
        [1, 8, 2, 2],
      ],
      { kernel_shape: [2, 2] },
      { opset: 19 },
    ),
  ],
  pooling: [
    of('MaxPool', [x], { kernel_shape: [3, 2] }),
    of('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }, { outputs: 2 }),
    of('MaxPool', [x], { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 }),
    of('MaxPool', [x], { kernel_shape: [2, 2], strides: [3, 3], ceil_mode: 1, pads: [0, 0, 1, 1] }),
    of('MaxPool', [x], { kernel_shape: [1, 1], strides: [2, 3], ceil_mode: 1 }),
    of('MaxPool', [x], { kernel_shape: [2, 3], dilations: [3, 2] }),
    of('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' }),
    of('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'VALID' }),
    of('MaxPool', [x], { kernel_shape: [3, 3], auto_pad: 'VALID', strides: [2, 2], ceil_mode: 1 }),
    of('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2] }, { opset: 1 }),
    of('AveragePool', [x], {
      kernel_shape: [3, 3],
      strides: [2, 2],
      ceil_mode: 1,
      count_include_pad: 1,
      pads: [1, 1, 1, 1],
    }),
    of('AveragePool', [x], { kernel_shape: [3, 3], dilations: [2, 2] }, { opset: 19 }),
    of('AveragePool', [x], { kernel_shape: [2, 2], strides: [2, 2] }, { opset: 7 }),
    of('AveragePool', [[1, 3, 11]], { kernel_shape: [4], strides: [3] }),
    of('LpPool', [x], { kernel_shape: [3, 3], p: 2 }),
    of('LpPool', [x], { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 }, { opset: 18 }),
    of('GlobalAveragePool', [x]),
    of('GlobalMaxPool', [x]),
    of('GlobalLpPool', [x]),
    of('MaxUnpool', [[1, 1, 2, 2], stored('int64', [1, 1, 2, 2], [5, 7, 13, 15])], {
      kernel_shape: [2, 2],
      strides: [2, 2],
    }),
    of('MaxUnpool', [[1, 1, 2, 2], stored('int64', [1, 1, 2, 2], [5, 7, 13, 15]), ints(1, 1, 5, 5)], {
      kernel_shape: [2, 2],
      strides: [2, 2],
    }),
    of('MaxRoiPool', [x, [3, 5]], { pooled_shape: [2, 3] }),
    of('RoiAlign', [x, [3, 4], ints(0, 1, 0)], { output_height: 2, output_width: 3 }),
    of('RoiAlign', [x, [3, 4], ints(0, 1, 0)], {}, { opset: 10 }),
    of(
      'QLinearAveragePool',
      [
        filled('uint8', x),
        stored('float32', [], [0.1]),
        stored('uint8', [], [0]),
        stored('float32', [], [0.1]),
        stored('uint8', [], [0]),
      ],
      { kernel_shape: [3, 3], ceil_mode: 1, strides: [2, 2] },
      MS,
    ),
    of(
      'QLinearGlobalAveragePool',
      [
        filled('uint8', x),
        stored('float32', [], [0.1]),
        stored('uint8', [], [0]),
        stored('float32', [], [0.1]),
        stored('uint8', [], [0]),
      ],
      { channels_last: 1 },
      MS,
    ),
  ],
  arithmetic: [
    ...'Abs Acos Acosh Asin Asinh Atan Atanh Ceil Celu Cos Cosh Elu Erf Exp Floor HardSigmoid HardSwish Identity LeakyRelu Log Neg Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Tan Tanh ThresholdedRelu'
      .split(' ')
      .map((op) => of(op, [[2, 3]])),
    ...'Add Sub Mul Div Pow Min Max Sum Mean'.split(' ').map((op) =>
      of(op, [
        [2, 1, 4],
        [3, 1],
      ]),
    ),
    ...'Add Sub Mul Div'.split(' ').map((op) =>
      of(
        op,
        [
          [2, 3, 4, 5],
          [2, 3, 4, 5],
        ],
        {},
        { opset: 7 },
      ),
    ),
    ...'Equal Greater Less GreaterOrEqual LessOrEqual'.split(' ').map((op) =>
      of(op, [
        [2, 1, 4],
        [3, 1],
      ]),
    ),
    ...'And Or Xor'.split(' ').map((op) => of(op, [filled('bool', [2, 1]), filled('bool', [3])])),
    of('Not', [filled('bool', [2, 3])]),
    of('IsNaN', [[2, 3]]),
    of('IsInf', [[2, 3]]),
    of('Where', [filled('bool', [2, 1, 1]), [3, 1], [1, 4]]),
    of('Where', [filled('bool', [2]), filled('int64', [3, 1]), filled('int64', [1])]),
    of('Mod', [filled('int64', [2, 3]), filled('int64', [3], 2)]),
    of('BitShift', [filled('uint8', [2, 3]), filled('uint8', [3])], { direction: 'LEFT' }),
    of('BitwiseAnd', [filled('int32', [2, 1]), filled('int32', [3])], {}, { opset: 18 }),
    of('BitwiseNot', [filled('int32', [2, 1])], {}, { opset: 18 }),
    of('Cast', [[2, 3]], { to: 7 }),
    of('Cast', [[2, 3]], { to: 10 }),
    of('Cast', [[2, 3]], { to: 9 }),
    of('CastLike', [[2, 3], filled('int32', [1])]),
    of('Clip', [[2, 3]], { min: { float: 0 }, max: { float: 1 } }, { opset: 6 }),
    of('Clip', [[2, 3], stored('float32', [], [0])]),
    of('PRelu', [
      [2, 3, 4],
      [3, 1],
    ]),
    of('CumSum', [[2, 3], scalar(1)]),
    of('Softmax', [[2, 3, 4]]),
    of('LogSoftmax', [[2, 3]], { axis: 0 }),
    of('Hardmax', [[2, 3]], {}, { opset: 11 }),
    of('Trilu', [[2, 3, 4]]),
    of('Dropout', [[2, 3]], {}, { outputs: 2 }),
    of('Dropout', [[2, 3]], {}, { outputs: 2, opset: 10 }),
    of('Dropout', [[2, 3]], {}, { opset: 7 }),
    of('Gelu', [[2, 3]], {}, { opset: 20 }),
    of('Mish', [[2, 3]], {}, { opset: 18 }),
    of('Det', [[2, 3, 3]]),
    of('EyeLike', [[3, 4]], { dtype: 7 }),
    of('EyeLike', [[3, 4]]),
    of('ReverseSequence', [[4, 2, 3], ints(1, 4)]),
  ],
  matrices: [
    of('MatMul', [
      [2, 3],
      [3, 4],
    ]),
    of('MatMul', [[3], [3, 4]]),
    of('MatMul', [[2, 3], [3]]),
    of('MatMul', [[3], [3]]),
    of('MatMul', [
      [5, 1, 2, 3],
      [6, 3, 4],
    ]),
    of('MatMul', [[5, 2, 3], [3]]),
    of('MatMul', [[3], [5, 3, 4]]),
    of('Gemm', [[2, 3], [3, 4], [4]]),
    of(
      'Gemm',
      [
        [3, 2],
        [4, 3],
      ],
      { transA: 1, transB: 1 },
    ),
    of(
      'Gemm',
      [
        [2, 3],
        [4, 3],
        [2, 1],
      ],
      { transB: 1 },
      { opset: 9 },
    ),
    of('MatMulInteger', [filled('uint8', [2, 3]), filled('int8', [3, 4])]),
    of('QLinearMatMul', [
      filled('uint8', [2, 3]),
      stored('float32', [], [0.1]),
      stored('uint8', [], [0]),
      filled('uint8', [3, 4]),
      stored('float32', [], [0.1]),
      stored('uint8', [], [0]),
      stored('float32', [], [0.1]),
      stored('uint8', [], [0]),
    ]),
    ...[
      [
        'ij,jk->ik',
        [
          [2, 3],
          [3, 4],
        ],
      ],
      [
        'bij,bjk->bik',
        [
          [5, 2, 3],
          [5, 3, 4],
        ],
      ],
      [
        '...ij,...jk',
        [
          [5, 1, 2, 3],
          [5, 6, 3, 4],
        ],
      ],
      ['ii->i', [[3, 3]]],
      ['ij->', [[3, 4]]],
      ['ij', [[3, 4]]],
      ['ba', [[3, 4]]],
      [
        'bhwc,hkc->bhwk',
        [
          [2, 3, 4, 5],
          [3, 6, 5],
        ],
      ],
    ].map(([equation, inputs]) => of('Einsum', inputs as number[][], { equation: equation as string })),
    of(
      'FusedMatMul',
      [
        [5, 3, 2],
        [5, 4, 3],
      ],
      { transA: 1, transB: 1 },
      MS,
    ),
    of(
      'FusedMatMul',
      [
        [2, 5, 3],
        [4, 5, 3],
      ],
      { transBatchA: 1, transBatchB: 1, transB: 1 },
      MS,
    ),
    of('FusedGemm', [[2, 3], [3, 4], [4]], { activation: 'Relu' }, MS),
    of(
      'MatMulIntegerToFloat',
      [filled('uint8', [2, 3]), filled('int8', [3, 4]), stored('float32', [], [0.1]), stored('float32', [], [0.1])],
      {},
      MS,
    ),
    of('DynamicQuantizeMatMul', [[2, 3], filled('uint8', [3, 4]), stored('float32', [], [0.1])], {}, MS),
    of(
      'QGemm',
      [
        filled('uint8', [2, 3]),
        stored('float32', [], [0.1]),
        stored('uint8', [], [0]),
        filled('uint8', [4, 3]),
        stored('float32', [], [0.1]),
        stored('uint8', [], [0]),
        null,
        stored('float32', [], [0.1]),
        stored('uint8', [], [0]),
      ],
      { transB: 1 },
      MS,
    ),
    of('MatMulNBits', [[2, 5, 32], filled('uint8', [8, 1, 16]), [8]], { K: 32, N: 8, bits: 4, block_size: 32 }, MS),
    of(
      'CDist',
      [
        [3, 5],
        [4, 5],
      ],
      { metric: 'euclidean' },
      MS,
    ),
  ],
  layout: [
    of('Transpose', [[2, 3, 4]]),
    of('Transpose', [[2, 3, 4]], { perm: [1, 2, 0] }),
    of('Flatten', [[2, 3, 4, 5]]),
    of('Flatten', [[2, 3, 4, 5]], { axis: 0 }),
    of('Flatten', [[2, 3, 4, 5]], { axis: -1 }),
    of('Flatten', [[2, 3, 4]], { axis: 3 }),
    of('Reshape', [[2, 3, 4], ints(4, -1)]),
    of('Reshape', [[2, 3, 4], ints(0, 0, 2, -1)]),
    of('Reshape', [[2, 3, 4], ints(-1)]),
    of('Reshape', [[2, 3, 4], ints(1, 24)]),
    of('Reshape', [[0, 3], ints(0, 5)], { allowzero: 1 }),
    of('Reshape', [[2, 3], ints(3, 2)], {}, { opset: 5 }),
    of('Squeeze', [[1, 3, 1, 4]]),
    of('Squeeze', [[1, 3, 1, 4], ints(0, -2)]),
    of('Squeeze', [[1, 3, 1, 4]], { axes: [2] }, { opset: 11 }),
    of('Unsqueeze', [[3, 4], ints(0, -1)]),
    of('Unsqueeze', [[3, 4], ints(3, 1)]),
    of('Unsqueeze', [[3, 4]], { axes: [1, 2] }, { opset: 11 }),
    of('Expand', [[3, 1], ints(2, 1, 6)]),
    of('Expand', [[2, 3], ints(1, 1)]),
    of('Expand', [[1], ints(3)]),
    of('Tile', [[2, 3], ints(3, 2)]),
    of('Tile', [[2, 3], ints(1, 0)]),
    of('SpaceToDepth', [[1, 2, 4, 6]], { blocksize: 2 }),
    of('DepthToSpace', [[1, 8, 2, 3]], { blocksize: 2, mode: 'CRD' }),
    of('DepthToSpace', [[1, 8, 2, 3]], { blocksize: 2 }, { opset: 1 }),
    of(
      'Concat',
      [
        [2, 3],
        [2, 5],
        [2, 1],
      ],
      { axis: -1 },
    ),
    of(
      'Concat',
      [
        [2, 3],
        [4, 3],
      ],
      { axis: 0 },
    ),
    of('Split', [[6, 4]], {}, { outputs: 3 }),
    of('Split', [[6, 4], ints(1, 3)], { axis: -1 }, { outputs: 2 }),
    of('Split', [[6, 4]], { split: [2, 4] }, { outputs: 2, opset: 11 }),
    of('Split', [[7, 4]], { num_outputs: 3 }, { outputs: 3, opset: 18 }),
    of('Shape', [[2, 3, 4]]),
    of('Shape', [[2, 3, 4]], { start: 1 }),
    of('Shape', [[2, 3, 4]], { start: -2, end: -1 }),
    of('Shape', [[2, 3, 4]], { start: 2, end: 1 }),
    of('Size', [[2, 3]]),
    of('Range', [scalar(1), scalar(10), scalar(3)]),
    of('Range', [scalar(10), scalar(1), scalar(-4)]),
    of('Range', [scalar(3), scalar(1), scalar(1)]),
    of('ConstantOfShape', [ints(2, 3)]),
    of('ConstantOfShape', [ints(2, 0)], { value: { tensor: stored('int32', [1], [7]) } }),
    of('Constant', [], { value_ints: { ints: [1, 2] } }),
    of('Constant', [], { value_float: { float: 1 } }),
    of('Constant', [], { value_strings: ['a', 'b'] }),
    of('ExpandDims', [[2, 3], stored('int32', [], [-1])], {}, MS),
  ],
  selection: [
    of('Slice', [[10, 8, 5], ints(0, 1), ints(3, -1)]),
    of('Slice', [[10, 8, 5], ints(-3), ints(1000), ints(-2), ints(2)]),
    of('Slice', [[10, 8], ints(8, -1), ints(1, -1000), ints(0, 1), ints(-2, -3)]),
    of('Slice', [[10, 8], ints(20), ints(30), ints(0)]),
    of('Slice', [[10, 8], ints(0), ints(2147483647), ints(1)]),
    of('Slice', [[10, 8]], { starts: [1, 0], ends: [-1, 3], axes: [0, 1] }, { opset: 9 }),
    of('Slice', [[10, 8], ints(-1), ints(-2147483648), ints(0), ints(-1)]),
    of('Slice', [[10, 8], ints(5), ints(2)]),
    of('Gather', [[4, 5, 6], stored('int64', [2, 3], [0, 1, 2, 3, 0, 1])], { axis: 1 }),
    of('Gather', [[4, 5], scalar(1)]),
    of('Gather', [[4, 5], ints(0)], { axis: -1 }),
    of('GatherND', [[2, 3, 4], stored('int64', [5, 2], [0, 0, 1, 1, 0, 2, 1, 0, 0, 1])]),
    of('GatherND', [[2, 3, 4], stored('int64', [2, 1], [0, 1])], { batch_dims: 1 }),
    of('GatherElements', [[3, 4], stored('int64', [2, 4], [0, 1, 2, 0, 1, 2, 0, 1])]),
    of('ScatterElements', [[3, 4], stored('int64', [1, 2], [0, 1]), [1, 2]], { axis: 1 }),
    of('ScatterND', [[3, 4], stored('int64', [2, 1], [0, 2]), [2, 4]]),
    of('Scatter', [[3, 4], stored('int64', [1, 2], [0, 1]), [1, 2]], {}, { opset: 9 }),
    of('Pad', [[2, 3, 4], ints(0, 1, 2, 0, 3, -1)]),
    of('Pad', [[2, 3, 4], ints(1, 2), null, ints(-1)], {}, { opset: 18 }),
    of('Pad', [[2, 3]], { pads: [0, 1, 2, 1] }, { opset: 2 }),
    of('Pad', [[2, 3], ints(0, 1, 1, 0)], { mode: 'edge' }),
    of('Pad', [[2, 3], ints(0, 1, 1, 0)], {}, MS),
    of('OneHot', [stored('int64', [3], [0, 1, 2]), scalar(5), floats(0, 1)]),
    of('OneHot', [stored('int64', [2, 3], [0, 1, 2, 0, 1, 2]), ints(5), stored('int64', [2], [0, 1])], { axis: 1 }),
    of('TopK', [[3, 8], ints(4)], {}, { outputs: 2 }),
    of('TopK', [[8, 3], ints(2)], { axis: 0, largest: 0 }, { outputs: 2 }),
    of('TopK', [[3, 8]], { k: 3 }, { outputs: 2, opset: 1 }),
    of('CenterCropPad', [[4, 7, 3], ints(5, 5)], { axes: [0, 1] }, { opset: 18 }),
    of('Col2Im', [[1, 5, 5], ints(5, 5), ints(1, 5)], {}, { opset: 18 }),
    of('GatherND', [[2, 3, 4], stored('int64', [5, 3], new Array<number>(15).fill(0))], {}, MS),
    of('UnfoldTensor', [[2, 9]], { dim: 1, size: 3, step: 2 }, MS),
  ],
  pictures: [
    ...[
      [1, 1, 2, 2],
      [1, 1, 0.5, 0.6],
      [1, 1, 1.3, 0.7],
      [1, 1, 0.3333, 2.5],
    ].map((s) => of('Resize', [x, null, floats(...s)], { mode: 'nearest' })),
    of('Resize', [x, null, null, ints(2, 4, 5, 20)], { mode: 'linear' }),
    of('Resize', [x, floats(1, 1, 2, 2)], { mode: 'nearest' }, { opset: 10 }),
    of('Upsample', [x, floats(1, 1, 2, 3)], { mode: 'nearest' }, { opset: 9 }),
    of('Upsample', [x], { mode: 'nearest', scales: { floats: [1, 1, 2, 1.5] } }, { opset: 7 }),
    of('Resize', [x, null, floats(2, 0.5)], { axes: [3, 2] }, { opset: 18 }),
    of('Resize', [x, null, null, ints(5, 20)], { axes: [2, 3], keep_aspect_ratio_policy: 'not_larger' }, { opset: 18 }),
    of(
      'Resize',
      [x, null, null, ints(5, 20)],
      { axes: [2, 3], keep_aspect_ratio_policy: 'not_smaller' },
      { opset: 18 },
    ),
    of(
      'Resize',
      [x, floats(0, 0, 0.2, 0.1, 1, 1, 0.9, 0.8), floats(1, 1, 1.5, 2)],
      { mode: 'linear', coordinate_transformation_mode: 'tf_crop_and_resize' },
      { open: true },
    ),
    of('Resize', [x, floats(0, 0, 0, 0, 1, 1, 1, 1), floats(1, 1, 1.5, 2)], {
      mode: 'linear',
      coordinate_transformation_mode: 'tf_crop_and_resize',
    }),
    of('GridSample', [
      [2, 3, 5, 6],
      [2, 4, 7, 2],
    ]),
    of(
      'GridSample',
      [
        [2, 3, 5, 6],
        [2, 4, 7, 2],
      ],
      {},
      MS,
    ),
    of('AffineGrid', [[2, 2, 3], ints(2, 3, 5, 6)], {}, { opset: 20 }),
    of('CropAndResize', [x, [3, 4], stored('int32', [3], [0, 1, 0]), stored('int32', [2], [4, 5])], {}, MS),
  ],
  reductions: [
    ...'ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSumSquare'
      .split(' ')
      .flatMap((op) => [
        of(op, [[2, 3, 4]], { axes: [1] }),
        of(op, [[2, 3, 4]], { keepdims: 0 }),
        of(op, [[2, 3, 4], ints(-1, 0)], { keepdims: 0 }, { opset: 18 }),
      ]),
    of('ReduceSum', [[2, 3, 4], ints(1)]),
    of('ReduceSum', [[2, 3, 4], ints()], { noop_with_empty_axes: 1 }),
    of('ReduceSum', [[2, 3, 4]], { keepdims: 0 }),
    of('ReduceSum', [[2, 3, 4], ints(-1)], { keepdims: 0 }),
    of('ReduceSum', [[2, 3, 4]], { axes: [0, 2] }, { opset: 11 }),
    of('ReduceMean', [[2, 3, 4], ints()], { keepdims: 1 }, { opset: 18 }),
    of('ArgMax', [[2, 3, 4]], { axis: 1 }),
    of('ArgMin', [[2, 3, 4]], { axis: -1, keepdims: 0 }),
  ],
  normalisation: [
    of('BatchNormalization', [x, [4], [4], [4], [4]]),
    of('BatchNormalization', [x, [4], [4], [4], [4]], {}, { opset: 9 }),
    of('InstanceNormalization', [x, [4], [4]]),
    of('LRN', [x], { size: 3 }),
    of('LpNormalization', [[2, 3]]),
    of('MeanVarianceNormalization', [x]),
    of('LayerNormalization', [[2, 3, 4], [4], [4]], {}, { outputs: 3 }),
    of(
      'LayerNormalization',
      [
        [2, 3, 4],
        [3, 4],
      ],
      { axis: 1 },
      { outputs: 3 },
    ),
    of('GroupNormalization', [x, [4], [4]], { num_groups: 2 }, { opset: 21 }),
    of('SkipLayerNormalization', [[2, 3, 4], [2, 3, 4], [4], [4]], {}, MS),
    of('SimplifiedLayerNormalization', [[2, 3, 4], [4]], {}, { outputs: 2 }),
    of(
      'EmbedLayerNormalization',
      [
        filled('int32', [2, 3]),
        filled('int32', [2, 3]),
        [10, 8],
        [10, 8],
        [10, 8],
        [8],
        [8],
        filled('int32', [2, 3], 1),
      ],
      {},
      { ...MS, outputs: 2 },
    ),
    of(
      'QEmbedLayerNormalization',
      [
        filled('int32', [2, 3]),
        filled('int32', [2, 3]),
        filled('uint8', [10, 8]),
        filled('uint8', [10, 8]),
        filled('uint8', [10, 8]),
        filled('uint8', [8]),
        filled('uint8', [8]),
        filled('int32', [2, 3], 1),
        ...Array.from({ length: 5 }, () => stored('float32', [], [0.1])),
        ...Array.from({ length: 5 }, () => stored('uint8', [], [3])),
      ],
      {},
      { ...MS, outputs: 2 },
    ),
  ],
  sequences: [
    of(
      'LSTM',
      [
        [5, 2, 3],
        [1, 16, 3],
        [1, 16, 4],
      ],
      { hidden_size: 4 },
      { outputs: 3 },
    ),
    of(
      'LSTM',
      [
        [5, 2, 3],
        [2, 16, 3],
        [2, 16, 4],
      ],
      { hidden_size: 4, direction: 'bidirectional' },
      { outputs: 3 },
    ),
    of(
      'GRU',
      [
        [5, 2, 3],
        [1, 12, 3],
        [1, 12, 4],
      ],
      { hidden_size: 4, direction: 'reverse' },
      { outputs: 2 },
    ),
    of(
      'RNN',
      [
        [5, 2, 3],
        [1, 4, 3],
        [1, 4, 4],
      ],
      { hidden_size: 4 },
      { outputs: 2 },
    ),
    of(
      'DynamicQuantizeLSTM',
      [
        [5, 2, 3],
        filled('uint8', [1, 3, 16]),
        filled('uint8', [1, 4, 16]),
        null,
        null,
        null,
        null,
        null,
        floats(0.1),
        stored('uint8', [1], [0]),
        floats(0.1),
        stored('uint8', [1], [0]),
      ],
      { hidden_size: 4 },
      { ...MS, outputs: 3 },
    ),
  ],
  quantisation: [
    of('QuantizeLinear', [[2, 3], stored('float32', [], [0.1]), stored('int8', [], [0])]),
    of('QuantizeLinear', [[2, 3], stored('float32', [], [0.1])]),
    of('QuantizeLinear', [[2, 3], floats(0.1, 0.2, 0.3), stored('uint8', [3], [0, 0, 0])], { axis: 1 }),
    of('QuantizeLinear', [[2, 3], stored('float32', [], [0.1])], { output_dtype: 3 }, { opset: 21 }),
    of('DequantizeLinear', [filled('uint8', [2, 3]), stored('float32', [], [0.1])]),
    of('DequantizeLinear', [filled('int8', [2, 3]), stored('float16', [], [15360])], {}, { opset: 19 }),
    of('DynamicQuantizeLinear', [[2, 3]], {}, { outputs: 3 }),
    ...['QLinearAdd', 'QLinearMul'].map((op) =>
      of(
        op,
        [
          filled('uint8', [2, 1]),
          stored('float32', [], [0.1]),
          stored('uint8', [], [0]),
          filled('uint8', [3]),
          stored('float32', [], [0.1]),
          stored('uint8', [], [0]),
          stored('float32', [], [0.1]),
          stored('uint8', [], [0]),
        ],
        {},
        MS,
      ),
    ),
    ...['QLinearSigmoid', 'QLinearLeakyRelu'].map((op) =>
      of(
        op,
        [
          filled('uint8', [2, 3]),
          stored('float32', [], [0.1]),
          stored('uint8', [], [0]),
          stored('float32', [], [0.1]),
          stored('uint8', [], [0]),
        ],
        {},
        MS,
      ),
    ),
    of(
      'QLinearConcat',
      [
        stored('float32', [], [0.1]),
        stored('uint8', [], [0]),
        filled('uint8', [2, 3]),
        stored('float32', [], [0.1]),
        stored('uint8', [], [0]),
        filled('uint8', [2, 4]),
        stored('float32', [], [0.1]),
        stored('uint8', [], [0]),
      ],
      { axis: 1 },
      MS,
    ),
  ],
  signals: [
    ...['BlackmanWindow', 'HammingWindow', 'HannWindow'].map((op) => of(op, [scalar(10)])),
    of('HannWindow', [scalar(10)], { output_datatype: 11 }),
    of('MelWeightMatrix', [
      scalar(8),
      scalar(16),
      scalar(8192),
      stored('float32', [], [0]),
      stored('float32', [], [4000]),
    ]),
    of('DFT', [[1, 10, 1]]),
    of('DFT', [[1, 10, 2]], { onesided: 0, inverse: 1 }),
    of('DFT', [[1, 10, 4, 1]], { axis: 2, onesided: 1 }),
    of('DFT', [[1, 10, 1], scalar(16)], { onesided: 1 }),
    of('DFT', [[1, 10, 1], null, scalar(1)], { onesided: 1 }, { opset: 20 }),
    of('DFT', [[1, 10, 1]], {}, { opset: 20 }),
    of('STFT', [[1, 64, 1], scalar(8), null, scalar(16)]),
    of('STFT', [[1, 64, 1], scalar(8), [16]], { onesided: 0 }),
  ],
  random: [
    of('RandomNormal', [], { shape: [2, 3] }),
    of('RandomUniform', [], { shape: [2, 3], dtype: 11 }),
    of('RandomNormalLike', [[2, 3]]),
    of('RandomUniformLike', [[2, 3]], { dtype: 11 }),
    of('Bernoulli', [[2, 3]]),
    of('Multinomial', [[2, 3]], { sample_size: 4 }),
    of('Multinomial', [[2, 3]], { sample_size: 4, dtype: 7 }),
  ],
  losses: [
    of('NegativeLogLikelihoodLoss', [[3, 5], ints(0, 4, 2)]),
    of('NegativeLogLikelihoodLoss', [[3, 5, 2], filled('int64', [3, 2])], { reduction: 'none' }),
  ],
  attention: [
    of('Attention', [[2, 3, 8], [8, 24], [24]], { num_heads: 2 }, MS),
    of(
      'MultiHeadAttention',
      [
        [2, 3, 8],
        [2, 5, 8],
        [2, 5, 12],
      ],
      { num_heads: 2 },
      MS,
    ),
    of(
      'MultiHeadAttention',
      [
        [2, 3, 8],
        [2, 5, 8],
        [2, 5, 8],
      ],
      { num_heads: 2 },
      { ...MS, outputs: 3 },
    ),
    of(
      'Attention',
      [
        [2, 4, 3, 8],
        [2, 2, 5, 8],
        [2, 2, 5, 6],
      ],
      {},
      { opset: 23 },
    ),
    of(
      'Attention',
      [
        [2, 3, 32],
        [2, 5, 16],
        [2, 5, 16],
      ],
      { q_num_heads: 4, kv_num_heads: 2 },
      { opset: 23 },
    ),
    of(
      'Attention',
      [[2, 4, 3, 8], [2, 4, 5, 8], [2, 4, 5, 6], null, [2, 4, 7, 8], [2, 4, 7, 6]],
      {},
      { opset: 23, outputs: 4 },
    ),
    of(
      'RotaryEmbedding',
      [[2, 3, 16], stored('int64', [2, 3], [0, 1, 2, 0, 1, 2]), [8, 4], [8, 4]],
      { num_heads: 2 },
      MS,
    ),
    of(
      'RotaryEmbedding',
      [[2, 2, 3, 8], [3, 4], [3, 4], stored('int64', [2, 3], [0, 1, 2, 0, 1, 2])].map((v, k) =>
        k === 1 || k === 2 ? [8, 4] : v,
      ),
      {},
      { opset: 23 },
    ),
    of('RMSNormalization', [[2, 3, 4], [4]], {}, { opset: 23 }),
    of('Gelu', [[2, 3]], {}, MS),
    of('FastGelu', [[2, 3], [3]], {}, MS),
    of('BiasGelu', [[2, 3], [3]], {}, MS),
    of('QuickGelu', [[2, 3]], {}, MS),
    of('Inverse', [[2, 3, 3]], {}, MS),
    of(
      'GatherBlockQuantized',
      [filled('uint8', [4, 16]), ints(0, 2), [4, 1]],
      { block_size: 32, quantize_axis: 1 },
      MS,
    ),
  ],
  'attention of the runtime': [
    of(
      'QAttention',
      [
        filled('uint8', [2, 3, 8]),
        filled('int8', [8, 24]),
        [24],
        stored('float32', [], [0.1]),
        stored('float32', [], [0.1]),
        null,
        stored('uint8', [], [0]),
        stored('int8', [], [0]),
      ],
      { num_heads: 2 },
      MS,
    ),
    of(
      'GroupQueryAttention',
      [[2, 3, 32], [2, 3, 16], [2, 3, 16], null, null, stored('int32', [2], [2, 2]), stored('int32', [], [3])],
      { num_heads: 4, kv_num_heads: 2 },
      { ...MS, outputs: 3 },
    ),
    of(
      'GroupQueryAttention',
      [[2, 3, 64], null, null, null, null, stored('int32', [2], [2, 2]), stored('int32', [], [3])],
      { num_heads: 4, kv_num_heads: 2 },
      { ...MS, outputs: 3 },
    ),
    of(
      'MultiHeadAttention',
      [
        [2, 3, 8],
        [2, 2, 5, 4],
        [2, 2, 5, 4],
      ],
      { num_heads: 2 },
      MS,
    ),
    of(
      'MultiHeadAttention',
      [[2, 3, 8], [2, 3, 8], [2, 3, 8], null, null, null, [2, 2, 4, 4], [2, 2, 4, 4]],
      { num_heads: 2 },
      { ...MS, outputs: 3 },
    ),
    of('Attention', [[2, 3, 8], [8, 24], [24], null, [2, 2, 2, 5, 4]], { num_heads: 2 }, { ...MS, outputs: 2 }),
    of('SkipSimplifiedLayerNormalization', [[2, 3, 8], [2, 3, 8], [8]], {}, MS),
    of('MoE', [[6, 8], [6, 2], [2, 16, 8], null, [2, 8, 16]], { k: 1 }, MS),
  ],
  'old operators': [
    of('Affine', [[2, 3]], { alpha: { float: 1 }, beta: { float: 1 } }, { opset: 9 }),
    of('ParametricSoftplus', [[2, 3]], { alpha: { float: 1 }, beta: { float: 1 } }, { opset: 9 }),
    of('ScaledTanh', [[2, 3]], { alpha: { float: 1 }, beta: { float: 1 } }, { opset: 9 }),
    of('ImageScaler', [[1, 3, 4, 5]], { bias: { floats: [0, 0, 0] }, scale: { float: 1 } }, { opset: 9 }),
    of('Crop', [[1, 3, 9, 8]], { border: { ints: [1, 2, 3, 1] } }, { opset: 9 }),
    of('Crop', [[1, 3, 9, 8]], { border: { ints: [1, 2, 0, 0] }, scale: { ints: [4, 5] } }, { opset: 9 }),
    of('DynamicSlice', [[5, 6], ints(1), ints(4), ints(1)], {}, { opset: 9 }),
  ],
  'more of the runtime': [
    of('NhwcMaxPool', [filled('uint8', [2, 9, 7, 4])], { kernel_shape: [3, 3], strides: [2, 2] }, MS),
    of('Trilu', [[2, 3, 4]], {}, MS),
    of(
      'QLinearConv',
      [
        filled('uint8', [2, 9, 7, 4]),
        stored('float32', [], [0.1]),
        stored('uint8', [], [0]),
        filled('int8', w),
        stored('float32', [], [0.1]),
        stored('int8', [], [0]),
        stored('float32', [], [0.1]),
        stored('uint8', [], [0]),
      ],
      { channels_last: 1, pads: [1, 1, 1, 1] },
      MS,
    ),
    of('ConvTransposeWithDynamicPads', [x, [4, 5, 3, 3], ints(1, 0, 1, 1)], { strides: [2, 2] }, MS),
    of(
      'QLinearSoftmax',
      [
        filled('uint8', [2, 3]),
        stored('float32', [], [0.1]),
        stored('uint8', [], [0]),
        stored('float32', [], [0.1]),
        stored('uint8', [], [0]),
      ],
      { opset: 13, axis: -1 },
      MS,
    ),
    of(
      'QLinearWhere',
      [
        filled('bool', [2, 1]),
        filled('uint8', [3]),
        stored('float32', [], [0.1]),
        stored('uint8', [], [0]),
        filled('uint8', [1]),
        stored('float32', [], [0.1]),
        stored('uint8', [], [0]),
        stored('float32', [], [0.1]),
        stored('uint8', [], [0]),
      ],
      {},
      MS,
    ),
    of('QuantizeLinear', [[2, 3], stored('float32', [], [0.1]), stored('uint8', [], [0])], {}, MS),
    of('DequantizeLinear', [filled('uint8', [2, 3]), stored('float32', [], [0.1]), stored('uint8', [], [0])], {}, MS),
    of('Range', [scalar(1), scalar(7)], {}, MS),
    of('NGramRepeatBlock', [filled('int64', [2, 5]), [2, 9]], { ngram_size: 2 }, MS),
  ],
  text: [
    of('StringNormalizer', [texts([2], 'a', 'b')], { case_change_action: 'UPPER' }),
    of('TfIdfVectorizer', [filled('int64', [2, 6])], {
      mode: 'TF',
      min_gram_length: 1,
      max_gram_length: 1,
      max_skip_count: 0,
      ngram_counts: { ints: [0] },
      ngram_indexes: { ints: [0, 3, 1] },
      pool_int64s: { ints: [0, 1, 2] },
    }),
    of('StringConcat', [texts([2, 1], 'a', 'b'), texts([3], 'c', 'd', 'e')], {}, { opset: 20 }),
    of('RegexFullMatch', [texts([2], 'a', 'b')], { pattern: 'a' }, { opset: 20 }),
    of('MurmurHash3', [filled('int32', [2, 3])], {}, MS),
    of('MurmurHash3', [filled('int32', [2, 3])], { positive: 0 }, MS),
  ],
  'what the data decides': [
    of('NonZero', [[2, 3]], {}, { open: true }),
    of('Unique', [filled('int64', [2, 3])], {}, { open: true, outputs: 4 }),
    of('Unique', [filled('int64', [2, 3])], { axis: 1 }, { open: true, outputs: 4 }),
    of('Compress', [[3, 4], filled('bool', [3])], { axis: 0 }, { open: true }),
    of('Compress', [[3, 4], filled('bool', [5])], {}, { open: true }),
    of('NonMaxSuppression', [[1, 6, 4], [1, 1, 6], ints(3), floats(0.5), floats(0)], {}, { open: true }),
    of('StringNormalizer', [texts([2], 'a', 'b')], { stopwords: ['a'] }, { open: true }),
    of('StringSplit', [texts([2], 'a b', 'c')], { delimiter: ' ' }, { open: true, opset: 20, outputs: 2 }),
    of(
      'Tokenizer',
      [texts([2], 'a b', 'c')],
      { mark: 0, mincharnum: 1, pad_value: '#', separators: [' '] },
      { ...MS, open: true },
    ),
    of('Unique', [floats(1, 2, 1)], {}, { ...MS, open: true, outputs: 3 }),
  ],
  classic: [
    of('Scaler', [[2, 3]], { offset: { floats: [0, 0, 0] }, scale: { floats: [1, 1, 1] } }, ML),
    of('Normalizer', [[2, 3]], { norm: 'L2' }, ML),
    of('Binarizer', [[2, 3]], {}, ML),
    of('Imputer', [[2, 3]], { imputed_value_floats: { floats: [1] }, replaced_value_float: { float: 0 } }, ML),
    of(
      'LinearRegressor',
      [[2, 3]],
      { coefficients: { floats: [1, 2, 3, 4, 5, 6] }, intercepts: { floats: [0, 0] }, targets: 2 },
      ML,
    ),
    of(
      'LinearClassifier',
      [[2, 3]],
      {
        coefficients: { floats: [1, 2, 3, 4, 5, 6, 7, 8, 9] },
        intercepts: { floats: [0, 0, 0] },
        classlabels_ints: { ints: [0, 1, 2] },
      },
      { ...ML, outputs: 2 },
    ),
    of(
      'LinearClassifier',
      [[2, 3]],
      { coefficients: { floats: [1, 2, 3, 4, 5, 6] }, intercepts: { floats: [0, 0] }, classlabels_strings: ['a', 'b'] },
      { ...ML, outputs: 2 },
    ),
    of('OneHotEncoder', [filled('int64', [2, 3])], { cats_int64s: { ints: [0, 1, 2, 3] } }, ML),
    of('ArrayFeatureExtractor', [[2, 5], ints(0, 3, 4)], {}, ML),
    of(
      'FeatureVectorizer',
      [
        [2, 3],
        [2, 4],
      ],
      { inputdimensions: { ints: [3, 4] } },
      ML,
    ),
    of('LabelEncoder', [filled('int64', [2, 3])], { keys_int64s: { ints: [0, 1] }, values_strings: ['a', 'b'] }, ML),
    of('LabelEncoder', [texts([2], 'a', 'b')], { keys_strings: ['a', 'b'], values_floats: { floats: [0.5, 1] } }, ML),
    of('CategoryMapper', [texts([2], 'a', 'b')], { cats_strings: ['a', 'b'], cats_int64s: { ints: [1, 2] } }, ML),
    of(
      'TreeEnsembleRegressor',
      [[2, 3]],
      tree({
        n_targets: 1,
        target_ids: { ints: [0, 0] },
        target_nodeids: { ints: [1, 2] },
        target_treeids: { ints: [0, 0] },
        target_weights: { floats: [1, 2] },
      }),
      ML,
    ),
    of(
      'TreeEnsembleClassifier',
      [[2, 3]],
      tree({
        class_ids: { ints: [0, 1] },
        class_nodeids: { ints: [1, 2] },
        class_treeids: { ints: [0, 0] },
        class_weights: { floats: [1, 1] },
        classlabels_int64s: { ints: [5, 6] },
      }),
      { ...ML, outputs: 2 },
    ),
    of(
      'SVMRegressor',
      [[2, 3]],
      {
        coefficients: { floats: [1, 1] },
        support_vectors: { floats: [1, 2, 3, 4, 5, 6] },
        n_supports: 2,
        kernel_type: 'LINEAR',
        rho: { floats: [0] },
        kernel_params: { floats: [1, 0, 3] },
      },
      ML,
    ),
  ],
};

/** A tree with one split and two leaves. */
function tree(more: OpCase['attributes']): OpCase['attributes'] {
  return {
    nodes_treeids: { ints: [0, 0, 0] },
    nodes_nodeids: { ints: [0, 1, 2] },
    nodes_featureids: { ints: [0, 0, 0] },
    nodes_values: { floats: [0, 0, 0] },
    nodes_modes: ['BRANCH_LEQ', 'LEAF', 'LEAF'],
    nodes_truenodeids: { ints: [1, 0, 0] },
    nodes_falsenodeids: { ints: [2, 0, 0] },
    ...more,
  };
}

test('every operator of the ONNX standard has a rule, or is followed inside', () => {
  const without = Object.keys(schemas.operators).filter((op) => !RULES.has(op) && !CONTROL_FLOW.has(op));
  assert.deepEqual(without, []);
});

test('a declared sequence, optional or map says what it holds', async () => {
  const tensorType = { elemType: 7, shape: { dim: [{ dimValue: 2 }, { dimParam: 'n' }] } };
  const types = [
    { sequenceType: { elemType: { tensorType } } },
    { optionalType: { elemType: { sequenceType: { elemType: { tensorType } } } } },
    { mapType: { keyType: 8, valueType: { tensorType } } },
  ];
  const bytes = encodeModel(
    model({
      inputs: types.map((type, k) => ({ name: `x${k}`, type })),
      outputs: [],
      nodes: [node('SequenceAt', ['x0', 'at'], ['y']), node('OptionalGetElement', ['x1'], ['z'])],
      initializers: [{ ...scalar(0), name: 'at' }],
    }),
  );
  const { tensors, others } = await inferCase(bytes);
  const held = { kind: 'tensor', dims: [2, 'n'], dtype: 7 };
  assert.deepEqual(
    [...others],
    [
      ['x0', { kind: 'sequence', element: held }],
      ['x1', { kind: 'optional', element: { kind: 'sequence', element: held } }],
      ['x2', { kind: 'map', key: 8, element: held }],
      ['z', { kind: 'sequence', element: held }],
    ],
  );
  assert.deepEqual(tensors.get('y'), held);
});

/** Chains that end in tensors, since the runtime gives no sequences: the last node's output is compared. */
const CHAINS: readonly (readonly [what: string, nodes: readonly Onnx.INodeProto[]])[] = [
  [
    'stacked',
    [
      node('SequenceConstruct', ['a', 'a', 'a'], ['s']),
      node('ConcatFromSequence', ['s'], ['y'], { axis: -1, new_axis: 1 }),
    ],
  ],
  ['joined', [node('SequenceConstruct', ['a', 'a'], ['s']), node('ConcatFromSequence', ['s'], ['y'], { axis: 1 })]],
  ['split in ones', [node('SplitToSequence', ['a'], ['s'], { axis: 1 }), node('SequenceAt', ['s', 'zero'], ['y'])]],
  [
    'split in ones without the axis',
    [node('SplitToSequence', ['a'], ['s'], { axis: 1, keepdims: 0 }), node('SequenceAt', ['s', 'zero'], ['y'])],
  ],
  [
    'split in twos',
    [node('SplitToSequence', ['a', 'two'], ['s'], { axis: 0 }), node('SequenceAt', ['s', 'zero'], ['y'])],
  ],
  [
    'split and stacked',
    [
      node('SplitToSequence', ['a', 'two'], ['s'], { axis: 0 }),
      node('ConcatFromSequence', ['s'], ['y'], { axis: 0, new_axis: 1 }),
    ],
  ],
  [
    'filled from empty',
    [
      node('SequenceEmpty', [], ['e']),
      node('SequenceInsert', ['e', 'a'], ['f']),
      node('SequenceInsert', ['f', 'a'], ['s']),
      node('ConcatFromSequence', ['s'], ['y'], { axis: 0, new_axis: 1 }),
    ],
  ],
  [
    'erased',
    [
      node('SequenceConstruct', ['a', 'a', 'a'], ['f']),
      node('SequenceErase', ['f'], ['s']),
      node('ConcatFromSequence', ['s'], ['y'], { axis: 0 }),
    ],
  ],
  ['counted', [node('SequenceConstruct', ['a', 'a'], ['s']), node('SequenceLength', ['s'], ['y'])]],
  [
    'optional',
    [
      node('SequenceConstruct', ['a', 'a'], ['s']),
      node('Optional', ['s'], ['o']),
      node('OptionalGetElement', ['o'], ['t']),
      node('SequenceAt', ['t', 'zero'], ['y']),
    ],
  ],
  ['has an element', [node('Optional', ['a'], ['o']), node('OptionalHasElement', ['o'], ['y'])]],
];

test('sequences and optionals: what comes out of them is what ONNX Runtime gives', async () => {
  for (const [what, nodes] of CHAINS) {
    const bytes = encodeModel(
      model({
        inputs: [valueInfo('a', [4, 3])],
        outputs: [{ name: 'y' }],
        nodes: [...nodes],
        initializers: [
          { ...scalar(0), name: 'zero' },
          { ...scalar(2), name: 'two' },
        ],
      }),
    );
    const { y } = await runModel(bytes, { a: float32([4, 3], new Float32Array(12)) });
    const found = (await inferCase(bytes)).tensors.get('y');
    assert.deepEqual([found?.dims, DTYPES[found?.dtype ?? 0]?.name], [y?.dims, y?.type], what);
  }
});

for (const [family, cases] of Object.entries(FAMILIES)) {
  test(`${family}: every shape and type is what ONNX Runtime gives`, async () => {
    let [symbolic, sizes] = [0, 0];
    for (const c of cases) {
      const bytes = caseModel(c);
      const ran = await runCase(c, bytes);
      if (ran instanceof Error) assert.fail(`${c.op} of opset ${c.opset ?? 17} does not run: ${ran.message}`);
      const compared = await compareCase(c, ran, bytes);
      symbolic += compared.symbolic;
      sizes += compared.sizes;
    }
    console.log(`${family}: ${cases.length} cases; ${symbolic} of ${sizes} sizes follow from symbols`);
  });
}
