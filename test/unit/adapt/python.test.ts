import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bands,
  composeMaps,
  dropAlpha,
  grayscale,
  normalize,
  swapRedBlue,
  type ChannelMap,
} from '../../../src/adapt/maps/channelMap.ts';
import { asPython, type PythonFramework } from '../../../src/adapt/report/python/python.ts';
import { adaptBytes } from '../../fixtures/adaptBytes.ts';
import {
  decodeModel,
  encodeModel,
  floatTensor,
  model,
  node,
  valueInfo,
  type AttributeValue,
} from '../../fixtures/modelBuilder.ts';
import { Random } from '../../fixtures/random.ts';
import { pythonMissing, runPython, type Array64 } from '../../fixtures/runPython.ts';

const NORM = normalize({ mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3], scale: 1 });

function tensors(bytes: Uint8Array): Record<string, Array64> {
  const list = decodeModel(bytes).graph?.initializer ?? [];
  return Object.fromEntries(
    list.map((t) => [
      t.name ?? '',
      { dims: t.dims?.map(Number) ?? [], values: [...new Float32Array(Uint8Array.from(t.rawData ?? []).buffer)] },
    ]),
  );
}

interface Layer {
  readonly op: string;
  readonly image: readonly number[];
  readonly weight: readonly number[];
  readonly bias?: number;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly flatten?: boolean;
}

function oneLayer(
  { op, image, weight, bias, attributes = {}, flatten }: Layer,
  name = 'conv1.weight',
  biasName = 'conv1.bias',
): Uint8Array {
  const random = new Random(4);
  const initializers = [floatTensor(name, weight, random.floats(weight.reduce((n, d) => n * d, 1)))];
  if (bias) initializers.push(floatTensor(biasName, [bias], random.floats(bias)));
  const x = flatten ? 'flat' : 'x';
  const nodes = [
    ...(flatten ? [node('Flatten', ['x'], ['flat'])] : []),
    node(op, [x, name, ...(bias ? [biasName] : [])], ['y'], attributes),
  ];
  return encodeModel(model({ inputs: [valueInfo('x', image)], outputs: [valueInfo('y', null)], initializers, nodes }));
}

const CONV: Layer = { op: 'Conv', image: [1, 3, 9, 9], weight: [4, 3, 3, 3], bias: 4 };
const CASES: readonly { readonly name: string; readonly layer: Layer; readonly map: ChannelMap }[] = [
  { name: 'gray, padded', layer: { ...CONV, attributes: { pads: [1, 1, 1, 1] } }, map: grayscale() },
  { name: 'N bands', layer: CONV, map: bands(5) },
  { name: 'RGBA without alpha', layer: CONV, map: dropAlpha() },
  { name: 'normalised, the shift in the bias', layer: CONV, map: NORM },
  { name: 'gray and normalised', layer: CONV, map: composeMaps(NORM, grayscale()) },
  {
    name: 'padded and normalised: the shift stays in front',
    layer: { ...CONV, attributes: { pads: [1, 1, 1, 1] } },
    map: NORM,
  },
  {
    name: 'depthwise that becomes dense',
    layer: { ...CONV, weight: [6, 1, 3, 3], bias: 6, attributes: { group: 3 } },
    map: swapRedBlue(),
  },
  {
    name: 'depthwise that stays, normalised',
    layer: { ...CONV, weight: [6, 1, 3, 3], bias: 6, attributes: { group: 3 } },
    map: NORM,
  },
  {
    name: 'ConvTranspose',
    layer: { op: 'ConvTranspose', image: [1, 3, 5, 5], weight: [3, 4, 2, 2] },
    map: grayscale(),
  },
  {
    name: 'Gemm behind Flatten, transposed, scaled, normalised',
    layer: {
      op: 'Gemm',
      image: [1, 3, 4, 4],
      weight: [5, 48],
      bias: 5,
      flatten: true,
      attributes: { transB: 1, alpha: { float: 0.5 }, beta: { float: 2 } },
    },
    map: NORM,
  },
  {
    name: 'Gemm behind Flatten, gray',
    layer: { op: 'Gemm', image: [1, 3, 4, 4], weight: [48, 5], bias: 5, flatten: true },
    map: grayscale(),
  },
];

function same(got: Array64 | undefined, expected: Array64 | undefined, what: string): void {
  assert.ok(got && expected, what);
  assert.deepEqual(got.dims, expected.dims, what);
  got.values.forEach((v, i) => {
    assert.ok(
      Math.abs(v - (expected.values[i] ?? NaN)) <= 1e-6 * Math.max(1, Math.abs(v)),
      `${what}[${i}]: ${v} and ${expected.values[i]}`,
    );
  });
}

for (const { name, layer, map } of CASES) {
  test(`PyTorch and timm code gives the folded tensors: ${name}`, { skip: pythonMissing }, async () => {
    const original = oneLayer(layer);
    const { bytes, plan } = await adaptBytes(original, map);
    const folded = tensors(bytes);
    for (const framework of ['pytorch', 'timm'] as const) {
      const state = runPython(asPython(plan, framework), tensors(original));
      same(state['conv1.weight'], folded['conv1.weight'], framework);
      if (layer.bias) same(state['conv1.bias'], folded['conv1.bias'], framework);
    }
  });
}

test('a layer without bias gets one where a shift needs it', { skip: pythonMissing }, async () => {
  const original = oneLayer({ ...CONV, bias: 0 });
  const { bytes, plan } = await adaptBytes(original, NORM);
  const state = runPython(asPython(plan, 'pytorch'), tensors(original));
  same(state['conv1.bias'], tensors(bytes)['y/bias'], 'bias');
});

/** ONNX keeps [out, in, h, w], Keras [h, w, in, out]. */
function toKeras(t: Array64): Array64 {
  const [o = 1, c = 1, h = 1, w = 1] = t.dims;
  const values = Array.from({ length: t.values.length }, (_, i) => {
    const [out, rest] = [i % o, Math.floor(i / o)];
    const [channel, pixel] = [rest % c, Math.floor(rest / c)];
    return t.values[(out * c + channel) * h * w + pixel] ?? 0;
  });
  return { dims: [h, w, c, o], values };
}

test('Keras code gives the folded tensors in its own layout', { skip: pythonMissing }, async () => {
  for (const map of [grayscale(), NORM, bands(4)]) {
    const original = oneLayer(CONV, 'model/stem/Conv2D/ReadVariableOp:0', 'b');
    const { bytes, plan } = await adaptBytes(original, map);
    const [before, after] = [tensors(original), tensors(bytes)];
    const kernel = before['model/stem/Conv2D/ReadVariableOp:0'];
    assert.ok(kernel && before.b);
    const out = runPython(
      asPython(plan, 'keras'),
      { kernel: toKeras(kernel), b: before.b, other: before.b },
      { stem: ['kernel', 'b'], head: ['other'] },
    );
    const folded = after['model/stem/Conv2D/ReadVariableOp:0'];
    assert.ok(folded);
    same(out['stem:0'], toKeras(folded), 'kernel');
    same(out['stem:1'], after.b, 'bias');
    same(out['head:0'], before.b, 'other layers stay');
  }
});

test('the comparison notices another map', { skip: pythonMissing }, async () => {
  const original = oneLayer(CONV);
  const { plan } = await adaptBytes(original, grayscale());
  const { bytes } = await adaptBytes(original, { ...grayscale(), matrix: [[1], [1], [0.99]] });
  assert.throws(
    () =>
      same(
        runPython(asPython(plan, 'pytorch'), tensors(original))['conv1.weight'],
        tensors(bytes)['conv1.weight'],
        'weight',
      ),
    /weight\[/,
  );
});

test('names from the file stay inside quotes', { skip: pythonMissing }, async () => {
  const name = 'w"\n    raise SystemExit(3)\n#\u2028';
  const original = oneLayer(CONV, name, 'b"""');
  const { plan } = await adaptBytes(original, grayscale());
  for (const id of ['pytorch', 'timm', 'keras'] satisfies PythonFramework[]) {
    const code = asPython(plan, id);
    assert.ok(
      code.split(/\r|\n|\u2028/).every((line) => !line.trimStart().startsWith('raise')),
      code,
    );
  }
  assert.ok(runPython(asPython(plan, 'pytorch'), tensors(original))[name]);
});

/**
 * A convolution under an exporter's name, and the state dict of the model it came from: other numbers, because a
 * BatchNorm was merged.
 */
function renamed(name: string): { original: Uint8Array; own: Array64 } {
  const random = new Random(9);
  const weight = random.floats(4 * 27);
  const original = encodeModel(
    model({
      inputs: [valueInfo('x', [1, 3, 9, 9])],
      outputs: [valueInfo('y', null)],
      initializers: [floatTensor('onnx::Conv_193', [4, 3, 3, 3], weight)],
      nodes: [{ ...node('Conv', ['x', 'onnx::Conv_193'], ['y']), name }],
    }),
  );
  return { original, own: { dims: [4, 3, 3, 3], values: [...weight.map((v) => v * 2)] } };
}

test(
  'a weight that the exporter renamed is found by its module, or by its shape',
  { skip: pythonMissing },
  async () => {
    const { original, own } = renamed('/layer1/layer1.0/conv1/Conv');
    const code = asPython((await adaptBytes(original, grayscale())).plan, 'pytorch');
    const sum = (t: Array64): number[] =>
      Array.from({ length: 36 }, (_, i) =>
        [0, 1, 2].reduce((s, c) => s + (t.values[(Math.floor(i / 9) * 3 + c) * 9 + (i % 9)] ?? 0), 0),
      );
    const other = { dims: [4, 3, 3, 3], values: new Array<number>(108).fill(1) };
    const two = runPython(code, { 'other.weight': other, 'layer1.0.conv1.weight': own });
    same(two['layer1.0.conv1.weight'], { dims: [4, 1, 3, 3], values: sum(own) }, 'by module');
    same(two['other.weight'], other, 'others stay');
    same(
      runPython(code, { 'stem.weight': own, 'stem.bias': { dims: [4], values: [0, 0, 0, 0] } })['stem.weight'],
      { dims: [4, 1, 3, 3], values: sum(own) },
      'by shape',
    );
    assert.throws(
      () => runPython(code, { 'a.weight': own, 'b.weight': other }),
      /say which of these.*a\.weight.*b\.weight/,
    );
  },
);

test('a shift goes into a bias that only the file has, by the layer’s own name', { skip: pythonMissing }, async () => {
  const { original, own } = renamed('/features/features.0/features.0.0/Conv');
  const state = runPython(asPython((await adaptBytes(original, NORM)).plan, 'pytorch'), { 'features.0.0.weight': own });
  const expected = [0, 1, 2, 3].map((o) =>
    [0, 1, 2].reduce(
      (s, c) =>
        s + own.values.slice((o * 3 + c) * 9, (o * 3 + c) * 9 + 9).reduce((a, v) => a + v, 0) * (NORM.shift[c] ?? 0),
      0,
    ),
  );
  same(state['features.0.0.bias'], { dims: [4], values: expected }, 'bias');
});

test('a Linear that became a MatMul is folded in its own layout', { skip: pythonMissing }, async () => {
  const random = new Random(12);
  const stored = random.floats(48 * 5);
  const original = encodeModel(
    model({
      inputs: [valueInfo('x', [1, 3, 4, 4])],
      outputs: [valueInfo('y', null)],
      initializers: [floatTensor('onnx::MatMul_7', [48, 5], stored)],
      nodes: [node('Flatten', ['x'], ['flat']), node('MatMul', ['flat', 'onnx::MatMul_7'], ['y'])],
    }),
  );
  const { bytes, plan } = await adaptBytes(original, grayscale());
  const turn = (t: Array64): Array64 => ({
    dims: [...t.dims].reverse(),
    values: Array.from(
      { length: t.values.length },
      (_, i) => t.values[(i % (t.dims[0] ?? 1)) * (t.dims[1] ?? 1) + Math.floor(i / (t.dims[0] ?? 1))] ?? 0,
    ),
  });
  const state = runPython(asPython(plan, 'pytorch'), { 'head.weight': turn({ dims: [48, 5], values: [...stored] }) });
  const folded = tensors(bytes)['onnx::MatMul_7'];
  assert.ok(folded);
  same(state['head.weight'], turn(folded), 'weight');
});

/** No layer's bias takes the shift of these; it stands behind the product. */
const BARE: readonly [name: string, dims: readonly number[], equation: string][] = [
  ['a stack of matrices', [1, 2, 3, 5], ''],
  ['a vector', [3], ''],
  ['Einsum', [3, 5], 'nhwc,co->nhwo'],
];
for (const [name, dims, equation] of BARE) {
  test(`a product with ${name} is folded, and its shift is told`, { skip: pythonMissing }, async () => {
    const op = equation
      ? node('Einsum', ['x', 'head.weight'], ['y'], { equation })
      : node('MatMul', ['x', 'head.weight'], ['y']);
    const original = encodeModel(
      model({
        inputs: [valueInfo('x', [1, 2, 4, 3])],
        outputs: [valueInfo('y', null)],
        initializers: [floatTensor('head.weight', dims, new Random(5).floats(dims.reduce((n, d) => n * d, 1)))],
        nodes: [op],
      }),
    );
    const { bytes, plan } = await adaptBytes(original, composeMaps(NORM, grayscale()));
    const state = runPython(asPython(plan, 'pytorch'), tensors(original));
    same(state['head.weight'], tensors(bytes)['head.weight'], 'weight');
    assert.deepEqual(Object.keys(state), ['head.weight']);
    assert.match(asPython(plan, 'pytorch'), /adds what this product gives for an image of b everywhere/);
    if (!equation) assert.match(asPython(plan, 'keras'), /change it by hand/);
  });
}

test('a Keras Dense layer is found by its shape and folded', { skip: pythonMissing }, async () => {
  const original = oneLayer({ op: 'Gemm', image: [1, 3, 4, 4], weight: [48, 5], bias: 5, flatten: true }, 'dense', 'b');
  for (const map of [grayscale(), NORM]) {
    const { bytes, plan } = await adaptBytes(original, map);
    const [before, after] = [tensors(original), tensors(bytes)];
    assert.ok(before.dense && before.b);
    const out = runPython(
      asPython(plan, 'keras'),
      { kernel: before.dense, b: before.b, other: before.b },
      { fc: ['kernel', 'b'], head: ['other'] },
    );
    same(out['fc:0'], after.dense, 'kernel');
    same(out['fc:1'], after.b, 'bias');
  }
});

test('what does not fold is said, and the code still stands', { skip: pythonMissing }, async () => {
  const original = encodeModel(
    model({
      inputs: [valueInfo('x', [1, 3, 8, 8])],
      outputs: [valueInfo('y', null)],
      nodes: [node('Softmax', ['x'], ['y'], { axis: 1 })],
    }),
  );
  const { plan } = await adaptBytes(original, grayscale());
  const code = asPython(plan, 'pytorch');
  assert.match(code, /can't be made by a weight/);
  assert.match(code, /make the old channels first/);
  assert.deepEqual(runPython(code, {}), {});
});

test('timm is named only where it does the same by itself', async () => {
  const of = async (map: ChannelMap): Promise<string> => asPython((await adaptBytes(oneLayer(CONV), map)).plan, 'timm');
  assert.match(await of(grayscale()), /in_chans=1\)$/m);
  assert.match(await of(bands(6)), /does the same by itself/);
  assert.doesNotMatch(await of(swapRedBlue()), /by itself/);
  assert.doesNotMatch(await of(NORM), /by itself/);
});
