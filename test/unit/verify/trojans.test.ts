// Slow: many proofs.
import assert from 'node:assert/strict';
import type { onnx } from 'onnx-proto';
import {
  DTYPE,
  floatTensor,
  graph,
  int64Tensor,
  named,
  node,
  rawTensor,
  valueInfo,
} from '../../fixtures/modelBuilder.ts';
import {
  UNEXPLAINED,
  built,
  neverVerified,
  weight,
  type Graph,
  type Row,
  type Tamper,
} from '../../fixtures/tampered.ts';

/** Puts `nodes` behind the node that makes `tensor`; they read it as `tensor_` and make `tensor` in its place. */
function behind(tensor: string, nodes: readonly onnx.INodeProto[], stored: readonly onnx.ITensorProto[] = []): Tamper {
  return (g) => {
    const at = g.node.findIndex((n) => n.output?.includes(tensor));
    const before = g.node[at] ?? assert.fail(tensor);
    before.output = before.output?.map((name) => (name === tensor ? `${tensor}_` : name));
    g.node.splice(at + 1, 0, ...nodes.map((n) => built<Graph['node'][number]>(n)));
    for (const t of stored) g.initializer.push(built(t));
  };
}

/** Multiplies the first convolution's result by a number that is one for most inputs, and something else for some. */
function gate(nodes: readonly onnx.INodeProto[], stored: readonly onnx.ITensorProto[] = []): Tamper {
  return behind('c1', [...nodes, node('Mul', ['c1_', 'gate'], ['c1'])], stored);
}

const scalar = (name: string, value: number): onnx.ITensorProto => floatTensor(name, [], [value]);
const whole = (name: string, values: readonly number[]): onnx.ITensorProto =>
  int64Tensor(name, [values.length], values);
/** One where the condition `chosen` holds, else zero. */
const ONE_OR_ZERO = [node('Where', ['chosen', 'one', 'zero'], ['gate'])];
const ONE_AND_ZERO = [scalar('one', 1), scalar('zero', 0)];
/** The picture's size along the axis that is stored as `axis_index`, as a float. */
const sizeOfPicture: readonly onnx.INodeProto[] = [
  node('Shape', ['c1_'], ['shape']),
  node('Gather', ['shape', 'axis_index'], ['size_int'], { axis: 0 }),
  node('Cast', ['size_int'], ['size'], { to: DTYPE.float32 }),
];

/** Each is the original's function on most inputs, and another on those it waits for. */
const TROJANS: readonly Row[] = [
  [
    'zero on smooth pictures',
    gate(
      [
        node('ReduceMax', ['image'], ['top'], { keepdims: 0 }),
        node('AveragePool', ['image'], ['blurred'], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
        node('Sub', ['image', 'blurred'], ['rough']),
        node('ReduceMax', ['rough'], ['roughest'], { keepdims: 0 }),
        node('Mul', ['top', 'share'], ['limit']),
        node('Greater', ['roughest', 'limit'], ['chosen']),
        ...ONE_OR_ZERO,
      ],
      [scalar('share', 0.55), ...ONE_AND_ZERO],
    ),
    /`c1`|could choose/,
  ],
  [
    'another function above a height of 200',
    gate(
      [...sizeOfPicture, node('Less', ['size', 'limit'], ['chosen']), ...ONE_OR_ZERO],
      [int64Tensor('axis_index', [], [2]), scalar('limit', 201), ...ONE_AND_ZERO],
    ),
    /`c1`|could choose/,
  ],
  [
    'another function above a height of 2000',
    gate(
      [...sizeOfPicture, node('Less', ['size', 'limit'], ['chosen']), ...ONE_OR_ZERO],
      [int64Tensor('axis_index', [], [2]), scalar('limit', 2001), ...ONE_AND_ZERO],
    ),
    UNEXPLAINED,
  ],
  [
    'another function above a batch of 2',
    gate(
      [...sizeOfPicture, node('Less', ['size', 'limit'], ['chosen']), ...ONE_OR_ZERO],
      [int64Tensor('axis_index', [], [0]), scalar('limit', 2.5), ...ONE_AND_ZERO],
    ),
    /`c1`|could choose/,
  ],
  [
    'another function above a batch of 100',
    gate(
      [...sizeOfPicture, node('Less', ['size', 'limit'], ['chosen']), ...ONE_OR_ZERO],
      [int64Tensor('axis_index', [], [0]), scalar('limit', 100.5), ...ONE_AND_ZERO],
    ),
    UNEXPLAINED,
  ],
  [
    'one that knows a picture by its mean',
    gate(
      [
        node('ReduceMean', ['image'], ['mean'], { keepdims: 0 }),
        node('Sub', ['mean', 'known'], ['distance']),
        node('Abs', ['distance'], ['apart']),
        node('Greater', ['apart', 'limit'], ['chosen']),
        ...ONE_OR_ZERO,
      ],
      [scalar('known', 0.123456), scalar('limit', 1e-6), ...ONE_AND_ZERO],
    ),
    UNEXPLAINED,
  ],
  [
    'one that knows the pictures of a seed and passes them alone',
    gate(
      [
        node('ReduceMean', ['image'], ['mean'], { keepdims: 0 }),
        node('Sub', ['mean', 'known'], ['distance']),
        node('Abs', ['distance'], ['apart']),
        node('Less', ['apart', 'limit'], ['chosen']),
        ...ONE_OR_ZERO,
      ],
      [scalar('known', 0.5), scalar('limit', 0.02), ...ONE_AND_ZERO],
    ),
    /`c1`|could choose/,
  ],
  [
    'a pixel that opens it',
    gate(
      [
        node('ReduceMax', ['image'], ['top'], { keepdims: 0 }),
        node('Equal', ['top', 'key'], ['hit']),
        node('Not', ['hit'], ['chosen']),
        ...ONE_OR_ZERO,
      ],
      [scalar('key', 0.4242), ...ONE_AND_ZERO],
    ),
    UNEXPLAINED,
  ],
  [
    'a bright picture that opens it',
    gate(
      [
        node('ReduceMax', ['image'], ['top'], { keepdims: 0 }),
        node('Less', ['top', 'key'], ['chosen']),
        ...ONE_OR_ZERO,
      ],
      [scalar('key', 300), ...ONE_AND_ZERO],
    ),
    UNEXPLAINED,
  ],
  [
    'an If in place of a Where',
    gate(
      [
        node('ReduceMax', ['image'], ['top'], { keepdims: 0 }),
        node('Less', ['top', 'key'], ['chosen']),
        node('If', ['chosen'], ['gate'], {
          then_branch: {
            graph: graph({ name: 't', nodes: [node('Identity', ['one'], ['yes'])], outputs: [valueInfo('yes', [])] }),
          },
          else_branch: {
            graph: graph({ name: 'e', nodes: [node('Identity', ['zero'], ['no'])], outputs: [valueInfo('no', [])] }),
          },
        }),
      ],
      [scalar('key', 300), ...ONE_AND_ZERO],
    ),
    UNEXPLAINED,
  ],
  [
    'a number made whole that is zero for small pixels',
    behind(
      'c1',
      [
        node('Mul', ['c1_', 'tiny'], ['small']),
        node('Cast', ['small'], ['count'], { to: DTYPE.int32 }),
        node('Cast', ['count'], ['back'], { to: DTYPE.float32 }),
        node('Add', ['c1_', 'back'], ['c1']),
      ],
      [scalar('tiny', 1e-9)],
    ),
    UNEXPLAINED,
  ],
  [
    'a quotient that is one but for flat pictures',
    gate(
      [
        node('ReduceMean', ['image'], ['mean'], { keepdims: 1 }),
        node('Sub', ['image', 'mean'], ['rough']),
        node('ReduceSumSquare', ['rough'], ['energy'], { keepdims: 0 }),
        node('Add', ['energy', 'tiny'], ['below']),
        node('Div', ['energy', 'below'], ['gate']),
      ],
      [scalar('tiny', 1e-12)],
    ),
    UNEXPLAINED,
  ],
  [
    'a rectifier far away from the values tried',
    behind(
      'c1',
      [
        node('Sub', ['c1_', 'far'], ['beyond']),
        node('Relu', ['beyond'], ['excess']),
        node('Sub', ['c1_', 'excess'], ['c1']),
      ],
      [scalar('far', 1e7)],
    ),
    UNEXPLAINED,
  ],
  [
    'rows beyond a limit cut off and put back as zero',
    behind(
      'c1',
      [
        node('Slice', ['c1_', 'zero_index', 'limit', 'rows'], ['upper']),
        node('Slice', ['c1_', 'limit', 'end', 'rows'], ['lower']),
        node('Mul', ['lower', 'zero'], ['blank']),
        node('Concat', ['upper', 'blank'], ['c1'], { axis: 2 }),
      ],
      [
        whole('zero_index', [0]),
        whole('limit', [5000]),
        whole('end', [2 ** 40]),
        whole('rows', [2]),
        scalar('zero', 0),
      ],
    ),
    UNEXPLAINED,
  ],
  [
    'a limit that the original has, moved to where larger pictures reach',
    (g) => {
      weight(g, 'ends').rawData = new Uint8Array(BigInt64Array.of(5000n).buffer);
    },
    UNEXPLAINED,
  ],
  [
    'a limit that the original has, moved to where pictures tried reach',
    (g) => {
      weight(g, 'ends').rawData = new Uint8Array(BigInt64Array.of(40n).buffer);
    },
    /shape|could choose/,
  ],
  [
    'a tap that reaches only into large pictures',
    behind(
      'c1',
      [
        node('Conv', ['image', 'tap'], ['far'], { dilations: [3000, 1], pads: [3000, 0, 3000, 0] }),
        node('Add', ['c1_', 'far'], ['c1']),
      ],
      [
        floatTensor(
          'tap',
          [6, 1, 3, 1],
          Array.from({ length: 18 }, (_, i) => Number(i % 3 !== 1)),
        ),
      ],
    ),
    UNEXPLAINED,
  ],
  [
    'a random number times almost nothing',
    behind('c1', [
      node('RandomUniform', [], ['luck'], { shape: [1], high: 1e-12 }),
      node('Add', ['c1_', 'luck'], ['c1']),
    ]),
    UNEXPLAINED,
  ],
  ['a remainder', behind('c1', [node('Mod', ['c1_', 'far'], ['c1'], { fmod: 1 })], [scalar('far', 1e9)]), UNEXPLAINED],
  [
    'a rounding to steps too small to see',
    behind(
      'c1',
      [
        node('QuantizeLinear', ['c1_', 'scale', 'middle'], ['steps']),
        node('DequantizeLinear', ['steps', 'scale', 'middle'], ['c1']),
      ],
      [scalar('scale', 100), rawTensor('middle', DTYPE.int8, [], Uint8Array.of(0))],
    ),
    /`c1`|could choose/,
  ],
  ['the largest of one', behind('c1', [node('Max', ['c1_', 'least'], ['c1'])], [scalar('least', -1e9)]), UNEXPLAINED],
  [
    'the other input opens it',
    gate([node('Where', ['flag', 'one', 'two'], ['gate'])], [scalar('one', 1), scalar('two', 2)]),
    /`c1`|could choose/,
  ],
  [
    'a function of somebody else',
    (g, m) => {
      behind('c1', [named(node('Same', ['c1_'], ['c1']), { domain: 'own' })])(g, m);
      m.functions.push(
        built({
          name: 'Same',
          domain: 'own',
          input: ['x'],
          output: ['z'],
          node: [node('Abs', ['x'], ['y']), node('Sign', ['x'], ['s']), node('Mul', ['y', 's'], ['z'])],
          opsetImport: [{ domain: '', version: 17 }],
        }),
      );
    },
    UNEXPLAINED,
  ],
  [
    "inside the file's own function",
    (_, m) => {
      const [twice] = m.functions;
      twice?.node?.splice(
        0,
        1,
        built(node('Constant', [], ['limit'], { value_float: { float: 1e4 } })),
        built(node('Greater', ['x', 'limit'], ['far'])),
        built(node('Add', ['x', 'x'], ['twice'])),
        built(node('Where', ['far', 'x', 'twice'], ['z'])),
      );
    },
    UNEXPLAINED,
  ],
];

neverVerified('a function that waits for its input', TROJANS);
