// Slow: whole networks in ONNX Runtime.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSelection } from '../../../src/adapt/maps/affine.ts';
import {
  affine,
  bands,
  composeMaps,
  dropAlpha,
  grayscale,
  mapFromJson,
  normalize,
  swapRedBlue,
  type ChannelMap,
} from '../../../src/adapt/maps/channelMap.ts';
import type { AdaptationPlan } from '../../../src/adapt/report/plan.ts';
import { adaptBytes, applyMap } from '../../fixtures/adaptBytes.ts';
import { DTYPE } from '../../fixtures/modelBuilder.ts';
import { Random } from '../../fixtures/random.ts';
import { relativeL2, runModel, type Value } from '../../fixtures/runtime.ts';
import { buildExported, type Exported } from '../../fixtures/zoo/net.ts';
import { typed, WHOLE } from '../../fixtures/zoo/pixels.ts';
import { ZOO } from '../../fixtures/zoo/zoo.ts';

const NORM = normalize({ mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3], scale: 1 });
const MAPS: Readonly<Record<string, (r: Random) => ChannelMap>> = {
  gray: () => grayscale(),
  bgr: () => swapRedBlue(),
  'drop alpha': () => dropAlpha(),
  bands: () => bands(5),
  normalised: () => NORM,
  'gray and normalised': () => composeMaps(NORM, grayscale()),
  'random matrix and shift': (r) =>
    mapFromJson({ matrix: [0, 1, 2].map(() => [...r.floats(2)]), shift: [...r.floats(3)] }, 'matrix'),
};

interface Feeds {
  readonly before: Record<string, Value>;
  readonly after: Record<string, Value>;
}

/** `asFloat`: the original gets its pixels as float32 whatever it declares. */
function feeds(e: Exported, map: ChannelMap, random: Random, asFloat = false): Feeds {
  const before: Record<string, Value> = { ...e.others };
  const after: Record<string, Value> = { ...e.others };
  const [low, high] = e.pixels ?? [-1, 1];
  for (const [name, { dims, axis = 1, dtype = DTYPE.float32 }] of Object.entries(e.images)) {
    const newDims = dims.map((d, i) => (i === axis ? (map.matrix[0]?.length ?? 0) : d));
    const count = newDims.reduce((n, d) => n * d, 1);
    const pixel = (): number => {
      if (WHOLE.has(dtype)) return random.int(128);
      if (dtype === DTYPE.float16) return random.int(33) / 16 - 1;
      return low + random.next() * (high - low);
    };
    const data = Float32Array.from({ length: count }, pixel);
    const image: Value = { type: 'float32', dims: newDims, data };
    before[name] = asFloat ? applyMap(map, axis, image) : typed(applyMap(map, axis, image), dtype);
    after[name] = typed(image, dtype);
  }
  return { before, after };
}

function difference(got: Readonly<Record<string, Value>>, expected: Readonly<Record<string, Value>>): number {
  const each = Object.entries(expected).map(([name, value]) =>
    got[name] && `${got[name].dims}` === `${value.dims}` ? relativeL2(got[name], value) : Infinity,
  );
  return Math.max(...each);
}

/**
 * Adapts, and compares in ONNX Runtime. Under fractional maps, models of whole numbers are compared where they cast
 * first.
 */
async function check(e: Exported, original: Uint8Array, map: ChannelMap): Promise<AdaptationPlan> {
  const whole = Object.values(e.images).some((i) => WHOLE.has(i.dtype ?? DTYPE.float32));
  const asFloat = whole && !isSelection(affine(map));
  const { before, after } = feeds(e, map, new Random(5), asFloat);
  const { bytes, plan } = await adaptBytes(original, map);
  assert.deepEqual(
    plan.inputs.map((i) => [i.name, i.axis]),
    Object.entries(e.images).map(([name, { axis = 1 }]) => [name, axis]),
  );
  if (e.planOnly || (asFloat && !e.castFirst)) return plan;
  const reference = asFloat
    ? buildExported({
        ...e,
        images: Object.fromEntries(Object.entries(e.images).map(([name, i]) => [name, { ...i, dtype: DTYPE.float32 }])),
      })
    : original;
  const worst = difference(await runModel(bytes, after), await runModel(reference, before));
  assert.ok(
    worst < (e.tolerance ?? 1e-5),
    `${map.name}: relative L2 ${worst}, ${JSON.stringify({ folds: plan.folds, rebuilt: plan.rebuilt, added: plan.addedNodes })}`,
  );
  return plan;
}

for (const e of ZOO) {
  test(e.name, async () => {
    const original = buildExported(e);
    for (const [name, make] of Object.entries(MAPS)) {
      const plan = await check(e, original, make(new Random(5)));
      if (name === 'gray')
        assert.deepEqual(
          [plan.folds.length, plan.rebuilt.length, plan.addedNodes.length],
          [...e.gray],
          JSON.stringify({ rebuilt: plan.rebuilt, added: plan.addedNodes }),
        );
    }
  });
}

test('the comparison notices a wrong map', async () => {
  const e = ZOO[0];
  assert.ok(e);
  const original = buildExported(e);
  const { before } = feeds(e, grayscale(), new Random(5));
  const { after } = feeds(e, grayscale(), new Random(5));
  const { bytes } = await adaptBytes(original, { ...grayscale(), matrix: [[1], [1], [0.999]] });
  assert.ok(difference(await runModel(bytes, after), await runModel(original, before)) > 1e-5);
});
