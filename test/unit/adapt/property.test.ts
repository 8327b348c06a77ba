// Slow: hundreds of random networks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bands,
  composeMaps,
  dropAlpha,
  grayscale,
  mapFromJson,
  normalize,
  rgbFromGray,
  swapRedBlue,
  type ChannelMap,
} from '../../../src/adapt/maps/channelMap.ts';
import { adaptBytes, applyMap, compareAdapted } from '../../fixtures/adaptBytes.ts';
import { Random } from '../../fixtures/random.ts';
import { float32, relativeL2, runModel } from '../../fixtures/runtime.ts';
import { buildStem, type StemPlan } from '../../fixtures/stems/buildStem.ts';
import { SINKS } from '../../fixtures/stems/sinks.ts';
import { STEPS } from '../../fixtures/stems/steps.ts';

const SEED = Number(process.env.CHANNELWISE_SEED ?? 20261124);
const COUNT = Number(process.env.CHANNELWISE_STEMS ?? 600);
/**
 * The README's bound for float32; a stem may lose digits by cancelling shifts, so its own condition is kept small
 * by its steps.
 */
const TOLERANCE = 1e-5;

const MAPS: Readonly<Record<string, (r: Random) => ChannelMap>> = {
  gray: () => grayscale(),
  bgr: () => swapRedBlue(),
  dropAlpha: () => dropAlpha(),
  bands: () => bands(5),
  rgbFromGray: () => rgbFromGray(),
  normalize: () => normalize({ mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3], scale: 1 }),
  grayNormalized: () => composeMaps(normalize({ mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3], scale: 1 }), grayscale()),
  matrix: (r) => mapFromJson({ matrix: [0, 1, 2].map(() => [...r.floats(2)]), shift: [...r.floats(3)] }, 'matrix'),
};

/** A stem with as many channels as its map makes. */
interface Case extends Omit<StemPlan, 'channels'> {
  readonly seed: number;
  readonly map: string;
}

async function worstOf(c: Case): Promise<number> {
  const random = new Random(c.seed);
  const map = (MAPS[c.map] ?? MAPS.gray)?.(random) ?? grayscale();
  const stem = buildStem(random, { ...c, channels: map.matrix.length });
  const dims = stem.dims.map((d, i) => (i === stem.axis ? (map.matrix[0]?.length ?? 0) : d));
  return (await compareAdapted(stem.bytes, map, { newDims: { image: dims }, random, inputs: ['image'] })).worst;
}

async function failure(c: Case): Promise<string | null> {
  try {
    const worst = await worstOf(c);
    return worst < TOLERANCE ? null : `relative L2 ${worst}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Leaves out steps one at a time while the case still fails. */
async function shrink(c: Case): Promise<Case> {
  let small = c;
  for (let i = 0; i < small.steps.length;) {
    const shorter = { ...small, steps: small.steps.filter((_, j) => j !== i) };
    if (await failure(shorter)) small = shorter;
    else i++;
  }
  return small;
}

test(`${COUNT} random stems under random maps compute the same function`, async () => {
  const random = new Random(SEED);
  for (let i = 0; i < COUNT; i++) {
    const c: Case = {
      seed: random.int(2 ** 31),
      map: random.pick(Object.keys(MAPS)),
      layout: random.pick(['first', 'last']),
      spatial: random.pick([1, 2, 2, 2, 3]),
      steps: Array.from({ length: random.int(5) }, () => random.pick(Object.keys(STEPS))),
      sink: random.pick(Object.keys(SINKS)),
    };
    const why = await failure(c);
    if (!why) continue;
    const small = await shrink(c);
    assert.fail(
      `stem ${i} of seed ${SEED}: ${await failure(small)} in ${JSON.stringify(small)} (found in ${JSON.stringify(c)}: ${why})`,
    );
  }
});

test('each step alone and each sink alone hold for grayscale and a shifted map', async () => {
  const alone = { seed: 7, layout: 'first', spatial: 2 } as const;
  for (const map of ['gray', 'grayNormalized', 'matrix']) {
    const steps = Object.keys(STEPS).map((step): Case => ({ ...alone, map, steps: [step], sink: 'conv' }));
    const sinks = Object.keys(SINKS).map((sink): Case => ({ ...alone, map, steps: [], sink }));
    for (const c of [...steps, ...sinks]) assert.equal(await failure(c), null, JSON.stringify(c));
  }
});

test('a stem that computes something else is seen', async () => {
  const random = new Random(7);
  const { bytes, dims } = buildStem(random, { channels: 3, layout: 'first', spatial: 2, steps: [], sink: 'conv' });
  const gray = dims.map((d, i) => (i === 1 ? 1 : d));
  const averaged = { ...grayscale(), matrix: [[1 / 3], [1 / 3], [1 / 3]] };
  const { bytes: wrong } = await adaptBytes(bytes, averaged);
  const image = float32(gray, random.floats(gray.reduce((n, d) => n * d, 1)));
  const [expected] = Object.values(await runModel(bytes, { image: applyMap(grayscale(), 1, image) }));
  const [got] = Object.values(await runModel(wrong, { image }));
  assert.ok(expected && got);
  assert.ok(relativeL2(got, expected) > 1000 * TOLERANCE);
});
