// Slow: random operators in ONNX Runtime.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inferredTensor, type Inferred } from '../../../src/graph/shapes/inferred.ts';
import { applyRule, RULES } from '../../../src/graph/ops/table.ts';
import { RuleInput, type Scope } from '../../../src/graph/shapes/shapeRule.ts';
import type { Attribute, Dim, Node } from '../../../src/formats/onnx/model.ts';
import { caseModel, compareCase, floats, ints, of, runCase, stored, type OpCase } from '../../fixtures/operatorCase.ts';
import type { AttributeValue } from '../../fixtures/modelBuilder.ts';
import { Random } from '../../fixtures/random.ts';

type Make = (r: Random) => OpCase;
const many = (r: Random, count: number, low: number, high: number): number[] =>
  Array.from({ length: count }, () => low + r.int(high - low + 1));
const some = (r: Random, attributes: Readonly<Record<string, AttributeValue>>): Record<string, AttributeValue> =>
  Object.fromEntries(Object.entries(attributes).filter(() => r.int(2) === 0));
const auto = (r: Random, spatial: number): Record<string, AttributeValue> =>
  r.int(3) === 0
    ? { auto_pad: r.pick(['SAME_UPPER', 'SAME_LOWER', 'VALID']) }
    : some(r, { pads: many(r, 2 * spatial, 0, 2) });

/** A window over one to three axes, as exporters and as nobody writes it. */
const windowed =
  (
    op: string,
    weight: ((r: Random, channels: number, kernel: readonly number[]) => number[]) | null,
    opsets: readonly number[],
    extra: (r: Random, spatial: number) => Record<string, AttributeValue>,
  ): Make =>
  (r) => {
    const spatial = 1 + r.int(3);
    const kernel = many(r, spatial, 1, 3);
    const x = [1 + r.int(2), 4, ...many(r, spatial, 3, 9)];
    const padding = auto(r, spatial);
    const strides = many(r, spatial, 1, 3);
    const spread = padding.auto_pad || !strides.every((s) => s > 1) ? {} : extra(r, spatial);
    const attributes = { ...padding, ...(Object.keys(spread).length ? { strides } : some(r, { strides })), ...spread };
    return weight
      ? of(op, [x, weight(r, 4, kernel)], attributes, { opset: r.pick(opsets) })
      : of(op, [x], { ...attributes, kernel_shape: kernel }, { opset: r.pick(opsets) });
  };

/** Where the text and the runtime differ, a size is unknown instead of wrong. */
const UNCLEAR = new Set(['ConvTranspose', 'MaxPool', 'AveragePool', 'LpPool', 'Slice']);

const MAKERS: Readonly<Record<string, Make>> = {
  Conv: windowed(
    'Conv',
    (_, c, k) => [3, c, ...k],
    [1, 11, 17, 22],
    (r, n) => some(r, { dilations: many(r, n, 1, 2) }),
  ),
  ConvTranspose: windowed(
    'ConvTranspose',
    (_, c, k) => [c, 3, ...k],
    [11, 17],
    (r, n) => some(r, { dilations: many(r, n, 1, 2), output_padding: many(r, n, 0, 1) }),
  ),
  MaxPool: windowed('MaxPool', null, [8, 10, 12, 17], (r, n) => some(r, { ceil_mode: 1, dilations: many(r, n, 1, 2) })),
  AveragePool: windowed('AveragePool', null, [7, 10, 19, 22], (r) => some(r, { ceil_mode: 1, count_include_pad: 1 })),
  LpPool: windowed('LpPool', null, [11, 18], (r) => some(r, { ceil_mode: 1 })),
  Slice: (r) => {
    const rank = 1 + r.int(3);
    const axes = Array.from({ length: rank }, (_, k) => k)
      .filter(() => r.int(2) === 0)
      .map((k) => (r.int(2) ? k : k - rank));
    const bound = (): number => (r.int(5) === 0 ? r.pick([2 ** 31 - 1, -(2 ** 31), 1000, -1000]) : r.int(25) - 12);
    const count = axes.length || 1;
    return of(
      'Slice',
      [
        many(r, rank, 1, 9),
        ints(...many(r, count, 0, 0).map(bound)),
        ints(...many(r, count, 0, 0).map(bound)),
        ints(...(axes.length ? axes : [0])),
        ints(...many(r, count, 0, 0).map(() => r.pick([1, 1, 2, 3, -1, -2]))),
      ],
      {},
      { opset: r.pick([11, 13]) },
    );
  },
  Pad: (r) => {
    const rank = 1 + r.int(3);
    return of('Pad', [many(r, rank, 3, 6), ints(...many(r, 2 * rank, -1, 3))], some(r, { mode: 'constant' }), {
      opset: r.pick([11, 13, 18, 21]),
    });
  },
  Resize: (r) => {
    const x = [1, 2, ...many(r, 2, 1, 12)];
    const scale = (): number => r.pick([0.5, 2, 1, 0.3, 1.7, 2.5, 0.7, r.next() * 3 + 0.2]);
    return r.int(2)
      ? of('Resize', [x, null, floats(1, 1, scale(), scale())], { mode: 'nearest' }, { opset: r.pick([13, 18, 19]) })
      : of(
          'Resize',
          [x, null, null, ints(...many(r, 2, 1, 20))],
          {
            axes: { ints: [2, 3] },
            mode: 'nearest',
            keep_aspect_ratio_policy: r.pick(['stretch', 'not_larger', 'not_smaller']),
          },
          { opset: 18 },
        );
  },
  Reduce: (r) => {
    const rank = 1 + r.int(4);
    const axes = Array.from({ length: rank }, (_, k) => k)
      .filter(() => r.int(2) === 0)
      .map((k) => (r.int(2) ? k : k - rank));
    const opset = r.pick([11, 13, 18]);
    const named: Record<string, AttributeValue> = axes.length ? { axes: { ints: axes } } : {};
    const attributes = {
      ...some(r, { keepdims: 0 }),
      ...(opset === 18 ? some(r, { noop_with_empty_axes: 1 }) : named),
    };
    return of(
      r.pick(['ReduceMean', 'ReduceMax', 'ReduceL2']),
      opset === 18 ? [many(r, rank, 1, 4), ints(...axes)] : [many(r, rank, 1, 4)],
      attributes,
      { opset },
    );
  },
  Reshape: (r) => {
    const x = many(r, 1 + r.int(4), 1, 4);
    const target = r.pick([
      [-1],
      [0, -1],
      [...x.slice(1), x[0] ?? 1],
      [-1, x.at(-1) ?? 1],
      [1, ...x, 1],
      [0, 0, -1],
      x.map(() => 0),
    ]);
    return of('Reshape', [x, ints(...target)], {}, { opset: r.pick([5, 13, 14, 21]) });
  },
  Expand: (r) => {
    const x = many(r, 1 + r.int(3), 1, 2);
    return of('Expand', [x, ints(...many(r, 1 + r.int(4), 1, 2))]);
  },
  Split: (r) => {
    const size = 6 + r.int(6);
    const count = 1 + r.int(3);
    return r.int(2)
      ? of('Split', [[3, size]], { axis: -1, num_outputs: count }, { opset: 18, outputs: count })
      : of('Split', [[3, size], ints(...[1, size - 1])], { axis: 1 }, { opset: 13, outputs: 2 });
  },
  Gather: (r) => {
    const x = many(r, 1 + r.int(3), 2, 4);
    const at = many(r, r.int(3), 1, 3);
    return of('Gather', [x, stored('int64', at, new Array<number>(at.reduce((n, d) => n * d, 1)).fill(1))], {
      axis: r.int(x.length) - (r.int(2) ? x.length : 0),
    });
  },
  MatMul: (r) => {
    const [m, k, n] = many(r, 3, 1, 3) as [number, number, number];
    const batch = many(r, r.int(3), 2, 3);
    return of('MatMul', [
      r.int(4) ? [...batch.map((b) => (r.int(3) ? b : 1)), m, k] : [k],
      r.int(4) ? [...batch.slice(r.int(batch.length + 1)), k, n] : [k],
    ]);
  },
  TopK: (r) => of('TopK', [many(r, 2, 3, 6), ints(1 + r.int(4))], { axis: r.pick([0, 1, -1, -2]) }, { outputs: 2 }),
  Transpose: (r) =>
    of('Transpose', [many(r, 3, 1, 4)], {
      perm: r.pick([
        [0, 1, 2],
        [2, 0, 1],
        [1, 2, 0],
        [2, 1, 0],
      ]),
    }),
};

test('random attributes: where ONNX Runtime runs a node, its shapes and types are as inferred', async () => {
  const counts: Record<string, string> = {};
  for (const [name, make] of Object.entries(MAKERS)) {
    const random = new Random(name.length * 1009);
    let [ran, refused] = [0, 0];
    for (let k = 0; k < 60; k++) {
      const c = { ...make(random), ...(UNCLEAR.has(name) ? { open: true as const } : {}) };
      const bytes = caseModel(c);
      const result = await runCase(c, bytes);
      if (result instanceof Error) refused++;
      else {
        ran++;
        await compareCase(c, result, bytes);
      }
    }
    counts[name] = `${ran} of ${ran + refused}`;
    assert.ok(ran >= 20, `${name}: only ${ran} cases run`);
  }
  console.log(
    `random cases that run, all as inferred: ${Object.entries(counts)
      .map(([k, v]) => `${k} ${v}`)
      .join(', ')}`,
  );
});

const TEXTS = [
  'NOTSET',
  'SAME_UPPER',
  'VALID',
  'not_larger',
  'tf_crop_and_resize',
  'none',
  'bidirectional',
  'ij,jk->ik',
  '...ii,->',
  '->',
  'a'.repeat(500),
  'TO_FLOAT',
  'SPARSE',
  '\u0000',
];
const ATTRIBUTES =
  `axis axes perm shape to dtype kernel_shape strides pads dilations group auto_pad ceil_mode output_padding
  output_shape keepdims noop_with_empty_axes split num_outputs blocksize batch_dims scales height_scale width_scale
  mode keep_aspect_ratio_policy coordinate_transformation_mode equation hidden_size direction layout sample_size
  onesided inverse start end starts ends k allowzero num_heads kv_num_heads q_num_heads qkv_hidden_sizes N K bits
  gather_axis size step dim border scale reduction new_axis channels_last output_dtype value value_ints value_floats
  classlabels_strings n_targets targets inputdimensions ngram_indexes max_map state_window dilation ndim
  pooled_shape output_height transA transBatchA`
    .trim()
    .split(/\s+/);
const HOSTILE = [
  0,
  1,
  2,
  3,
  -1,
  -2,
  7,
  64,
  65,
  1e6,
  2 ** 31 - 1,
  -(2 ** 31),
  Number.MAX_SAFE_INTEGER,
  -Number.MAX_SAFE_INTEGER,
  NaN,
  Infinity,
  0.5,
  -0.5,
];
const NODE_REF = { start: 0, bodyStart: 0, end: 0, parent: null };

function hostileAttribute(r: Random, name: string): Attribute {
  const whole = (): bigint =>
    BigInt(
      Math.trunc(Number.isFinite(HOSTILE[r.int(HOSTILE.length)] ?? 0) ? r.pick(HOSTILE.filter(Number.isFinite)) : 0),
    );
  const base = { ref: NODE_REF, name, type: 0 };
  const length = r.pick([0, 1, 2, 3, 4, 8, 70]);
  switch (r.int(6)) {
    case 0:
      return { ...base, int: whole() };
    case 1:
      return { ...base, ints: Array.from({ length }, whole) };
    case 2:
      return { ...base, float: r.pick(HOSTILE) };
    case 3:
      return { ...base, floats: Array.from({ length }, () => r.pick(HOSTILE)) };
    case 4:
      return { ...base, string: new TextEncoder().encode(r.pick(TEXTS)) };
    default:
      return { ...base, strings: Array.from({ length }, () => new Uint8Array([97])) };
  }
}

function hostileDims(r: Random): readonly Dim[] | null {
  return r.int(6) === 0
    ? null
    : Array.from({ length: r.pick([0, 1, 2, 3, 4, 5, 64]) }, (): Dim =>
        r.pick([0, 1, 2, 3, 7, 4096, Number.MAX_SAFE_INTEGER, null, 'h', '⌊h/2⌋', 'h·w+1', 'max(h, w)', '‹a b›']),
      );
}

function hostileValue(r: Random): Inferred | null {
  const tensor = inferredTensor(r.pick([null, 1, 2, 3, 6, 7, 8, 9, 10, 99]), hostileDims(r));
  return r.pick<Inferred | null>([
    null,
    tensor,
    tensor,
    tensor,
    tensor,
    { kind: 'sequence', element: tensor },
    { kind: 'optional', element: { kind: 'sequence', element: tensor } },
    { kind: 'map', key: 7, element: tensor },
  ]);
}

test('hostile shapes, values and attributes crash no rule, and give no impossible sizes', () => {
  const random = new Random(61);
  let contradictions = 0;
  for (const key of RULES.keys()) {
    const at = key.lastIndexOf(':');
    for (let round = 0; round < 60; round++) {
      const inputs = Array.from({ length: random.int(8) }, (_, k) => (random.int(8) ? `i${k}` : ''));
      const values = new Map(inputs.map((name) => [name, hostileValue(random)]));
      const numbers = new Map(
        inputs.map((name) => [
          name,
          random.int(3)
            ? Array.from({ length: random.pick([0, 1, 2, 3, 4, 8, 64]) }, (): Dim =>
                random.pick<Dim>([...HOSTILE, null, 'h', '-h', 'h-5']),
              )
            : null,
        ]),
      );
      const scope: Scope = {
        inferred: (name) => values.get(name) ?? null,
        numbers: (name) => numbers.get(name) ?? null,
        uniform: () => random.pick([null, 0, 1]),
      };
      const attributes = Array.from({ length: random.int(8) }, () => hostileAttribute(random, random.pick(ATTRIBUTES)));
      const outputs = Array.from({ length: random.pick([0, 1, 1, 2, 3, 5]) }, (_, k) => `o${k}`);
      const node: Node = {
        ref: NODE_REF,
        name: 'n',
        overload: '',
        opType: key.slice(at + 1),
        domain: at < 0 ? '' : key.slice(0, at),
        inputs,
        outputs,
        attributes,
      };
      const applied = applyRule(new RuleInput(node, 1 + random.int(27), scope));
      if (applied.contradiction) contradictions++;
      assert.equal(applied.outputs.length, outputs.length, key);
      for (const value of applied.outputs) {
        if (value.kind !== 'tensor' || !value.dims) continue;
        assert.ok(value.dims.length <= 64, `${key}: rank ${value.dims.length}`);
        for (const d of value.dims)
          assert.ok(
            typeof d === 'string' || d === null || (Number.isSafeInteger(d) && d >= 0),
            `${key}: size ${String(d)}`,
          );
      }
    }
  }
  assert.ok(contradictions > 500, String(contradictions));
});
