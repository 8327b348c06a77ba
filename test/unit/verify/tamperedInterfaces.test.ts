// Slow: many proofs.
import assert from 'node:assert/strict';
import { DTYPE, named, node, rawTensor, valueInfo } from '../../fixtures/modelBuilder.ts';
import { built, neverVerified, weight, type Graph, type Row, type Tamper } from '../../fixtures/tampered.ts';

const inputType = (g: Graph, at: number) => g.input[at]?.type?.tensorType ?? assert.fail('no tensor');
const outputType = (g: Graph, at: number) => g.output[at]?.type?.tensorType ?? assert.fail('no tensor');

function inputSize(input: number, axis: number, size: number | string): Tamper {
  return (g) => {
    const dims = inputType(g, input).shape?.dim ?? [];
    dims[axis] = typeof size === 'number' ? { dimValue: size } : { dimParam: size };
  };
}

function outputSize(output: number, axis: number, size: number | string): Tamper {
  return (g) => {
    const dims = outputType(g, output).shape?.dim ?? [];
    dims[axis] = typeof size === 'number' ? { dimValue: size } : { dimParam: size };
  };
}

function declares(name: string, dims: readonly (number | string)[] | null, dtype?: number): Tamper {
  return (g) => {
    g.valueInfo = [...g.valueInfo.filter((v) => v.name !== name), built(valueInfo(name, dims, dtype))];
  };
}

const INTERFACES: readonly Row[] = [
  ['an output more', (g) => void g.output.push(built(valueInfo('c1', null))), /no output `c1`/],
  ['an output less', (g) => void g.output.pop(), /no output `features`/],
  ['outputs in another order', (g) => void g.output.reverse(), /another order/],
  ['inputs in another order', (g) => void g.input.reverse(), /another order/],
  ['an input more', (g) => void g.input.push(built(valueInfo('more', [1]))), /an input more than the original: `more`/],
  [
    'an input that became a weight',
    (g) => {
      g.input.splice(1, 1);
      g.initializer.push(built(rawTensor('flag', DTYPE.bool, [], Uint8Array.of(1))));
    },
    /lacks an input of the original: `flag`/,
  ],
  ['height fixed', inputSize(0, 2, 64), /is 64 along one axis, where the original has any size/],
  ['width fixed', inputSize(0, 3, 64), /is 64 along one axis/],
  ['batch fixed', inputSize(0, 0, 1), /is 1 along one axis/],
  ['height and width tied', inputSize(0, 3, 'h'), /ties sizes of `image` and `image` to one name, `h`/],
  ['batch and height tied', inputSize(0, 2, 'n'), /to one name, `n`/],
  ['an output tied to a height', outputSize(1, 2, 'h'), /to one name, `h`/],
  ['an output of a fixed batch', outputSize(0, 0, 1), /Output `scores` is 1 along one axis|output `scores` is 1/i],
  ['an output of another count', outputSize(0, 1, 7), /is 7 along one axis, where the original has 5/],
  ['an output of another type', (g) => void (outputType(g, 0).elemType = DTYPE.float64), /is float64 now, not float32/],
  ['an output declared whole', (g) => void (outputType(g, 0).elemType = DTYPE.int64), /is int64 now/],
  ['an output of another rank', (g) => void outputType(g, 0).shape?.dim?.push({ dimValue: 1 }), /has 3 axes now/],
  ['an input of another type', (g) => void (inputType(g, 0).elemType = DTYPE.float16), /is float16 now/],
  ['an input of another rank', (g) => void inputType(g, 0).shape?.dim?.push({ dimValue: 1 }), /has 5 axes now/],
  ['the other input of another type', (g) => void (inputType(g, 1).elemType = DTYPE.uint8), /is uint8 now/],
  ['a declared type that is wrong', declares('c1', ['n', 6, 'h', 'w'], DTYPE.float16), /declares `c1`|loaded/],
  ['a declared shape that is wrong', declares('c1', ['n', 7, 'h', 'w']), /declares `c1`|Declared=7/],
  ['a declared rank that is wrong', declares('c1', ['n', 6]), /declares `c1`|loaded/],
  ['a declared shape behind the seam', declares('pooled', ['n', 9, 1, 1]), /declares `pooled`|Declared=9/],
];

const BROKEN: readonly Row[] = [
  [
    'a node that reads a tensor there is not',
    (g) => void g.node.push(built(node('Relu', ['nowhere'], ['dead']))),
    /loaded|could choose/,
  ],
  [
    'an operator there is not',
    (g) => void g.node.push(built(node('NoSuchOperator', ['c1'], ['dead']))),
    /loaded|could choose/,
  ],
  [
    'an operator of an unknown domain',
    (g) => void g.node.push(built(named(node('Relu', ['c1'], ['dead']), { domain: 'no.such' }))),
    /loaded|could choose/,
  ],
  [
    'an affine node that reads a tensor there is not',
    (g) => void g.node.push(built(node('Add', ['nowhere', 'c1'], ['dead']))),
    /loaded/,
  ],
  [
    'a captured weight removed',
    (g) => void (g.initializer = g.initializer.filter((t) => t.name !== 'gain')),
    /loaded|`features`/,
  ],
  ['a weight removed', (g) => void (g.initializer = g.initializer.filter((t) => t.name !== 'w3')), /loaded|`product`/],
  [
    'a weight stored twice',
    (g) => void g.initializer.push(built({ ...weight(g, 'w2'), rawData: new Uint8Array(864) })),
    /loaded|`c2`|could choose/,
  ],
];

neverVerified('another interface', INTERFACES);
neverVerified('a model that does not load', BROKEN);
