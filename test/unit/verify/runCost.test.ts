import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChannelwiseError } from '../../../src/bytes/errors.ts';
import { RunEstimate, WorkBudget } from '../../../src/verify/runCost.ts';
import {
  DTYPE,
  encodeModel,
  floatTensor,
  graph,
  int64Tensor,
  model,
  node,
  rawTensor,
  valueInfo,
  type GraphParts,
} from '../../fixtures/modelBuilder.ts';

/** A model of one input `x` of open sizes and one output `y`. */
function built(parts: Pick<GraphParts, 'nodes' | 'initializers'>): Uint8Array {
  return encodeModel(
    model({ inputs: [valueInfo('x', [null, 3, null, null])], outputs: [valueInfo('y', null)], ...parts }),
  );
}

const conv = built({
  initializers: [floatTensor('w', [8, 3, 3, 3], new Float32Array(216))],
  nodes: [node('Conv', ['x', 'w'], ['y'], { pads: [1, 1, 1, 1] })],
});

/** What a node takes at least, in multiply-adds. */
const OF_A_NODE = 10_000;

test('a run is estimated from the sizes of its inputs', async () => {
  const estimate = await RunEstimate.of(conv);
  const { operations, bytes } = estimate.cost({ x: [1, 3, 100, 100] });
  const [multiplyAdds, elements] = [100 * 100 * 8 * 27, 100 * 100 * 8];
  assert.equal(operations, multiplyAdds + 16 * elements + OF_A_NODE);
  assert.equal(bytes, 4 * (elements + 3 * 100 * 100));
  estimate.check({ x: [1, 3, 100, 100] });
});

const TOO_LARGE: readonly [string, Uint8Array, readonly number[], RegExp][] = [
  ['elements', built({ nodes: [node('Cos', ['x'], ['y'])] }), [1, 3, 17321, 17321], /GiB of memory/],
  ['multiply-adds', conv, [1, 3, 6000, 6000], /GiB of memory|billion operations/],
  [
    'a window',
    built({ nodes: [node('MaxPool', ['x'], ['y'], { kernel_shape: [2001, 2001], pads: [1000, 1000, 1000, 1000] })] }),
    [1, 3, 200, 200],
    /billion operations/,
  ],
  [
    'a repetition inside',
    built({
      initializers: [int64Tensor('repeats', [4], [1, 1, 1000, 1000])],
      nodes: [node('Tile', ['x', 'repeats'], ['y'])],
    }),
    [1, 3, 64, 64],
    /GiB of memory/,
  ],
];
for (const [what, bytes, dims, reason] of TOO_LARGE) {
  test(`what would take too much is refused before it runs: ${what}`, async () => {
    const estimate = await RunEstimate.of(bytes);
    assert.throws(
      () => estimate.check({ x: dims }),
      (e: ChannelwiseError) => e.code === 'run-too-large' && reason.test(e.message),
    );
  });
}

/** A Loop that adds one to its state; `end` makes the condition. */
function loop(rounds: number | null, end: ReturnType<typeof node>[], out: string): Uint8Array {
  const body = graph({
    inputs: [valueInfo('i', [], DTYPE.int64), valueInfo('go', [], DTYPE.bool), valueInfo('state', null)],
    outputs: [valueInfo(out, [], DTYPE.bool), valueInfo('next', null)],
    nodes: [...end, node('Add', ['state', 'state'], ['next'])],
  });
  return built({
    initializers: [
      int64Tensor('rounds', [], [rounds ?? 0]),
      rawTensor('yes', DTYPE.bool, [], Uint8Array.of(1)),
      rawTensor('no', DTYPE.bool, [], Uint8Array.of(0)),
    ],
    nodes: [node('Loop', [rounds === null ? '' : 'rounds', 'yes', 'x'], ['y'], { body: { graph: body } })],
  });
}

test('a run is estimated with all rounds of its loops, and the costlier of two branches', async () => {
  const operations = async (bytes: Uint8Array): Promise<number> =>
    (await RunEstimate.of(bytes)).cost({ x: [1, 3, 10, 10] }).operations;
  const ofNode = 16 * 300 + OF_A_NODE;
  const inRound = ofNode + 16 + OF_A_NODE;
  assert.equal(await operations(loop(1000, [passedOn], 'on')), ofNode + 1000 * inRound);
  const branch = (count: number, out: string): { graph: ReturnType<typeof graph> } => ({
    graph: graph({
      nodes: Array.from({ length: count }, (_, i) =>
        node('Cos', [i ? `${out}${i}` : 'x'], [i < count - 1 ? `${out}${i + 1}` : out]),
      ),
      outputs: [valueInfo(out, null)],
    }),
  });
  const either = built({
    nodes: [
      node('Cast', ['x'], ['flag'], { to: DTYPE.bool }),
      node('If', ['flag'], ['y'], { then_branch: branch(2, 't'), else_branch: branch(5, 'e') }),
    ],
  });
  assert.equal(await operations(either), 2 * ofNode + 5 * ofNode);
  await assert.rejects(
    async () => (await RunEstimate.of(loop(10_000_000, [passedOn], 'on'))).check({ x: [1, 3, 10, 10] }),
    (e: ChannelwiseError) => e.code === 'run-too-large',
  );
});

test('what a run gives is bounded where asked for, and the work of all runs of a proof', async () => {
  const estimate = await RunEstimate.of(conv);
  const sizes = { x: [1, 3, 100, 100] };
  assert.equal(estimate.cost(sizes).given, 8 * 100 * 100 * 4);
  estimate.check(sizes, { given: 320_000 });
  assert.throws(() => estimate.check(sizes, { given: 319_999 }), /MiB of results, held several times/);
  const budget = new WorkBudget(100);
  budget.take(60);
  assert.ok(!budget.spent);
  budget.take(60);
  assert.ok(budget.spent);
});

const passedOn = node('Identity', ['go'], ['on']);
const ENDLESS: readonly [string, Uint8Array][] = [
  ['its condition is passed on', loop(null, [passedOn], 'on')],
  ['its condition is the one it gets', loop(null, [], 'go')],
  ['its condition is a stored yes', loop(null, [node('Identity', ['yes'], ['on'])], 'on')],
  ['it counts further than anything lasts', loop(Number.MAX_SAFE_INTEGER, [passedOn], 'on')],
];
for (const [why, bytes] of ENDLESS) {
  test(`a loop that never ends is refused: ${why}`, async () => {
    await assert.rejects(
      RunEstimate.of(bytes),
      (e: ChannelwiseError) => e.code === 'endless-loop' && /never ends: its condition stays true/.test(e.message),
    );
  });
}

test('loops that end, or may, are left alone', async () => {
  await RunEstimate.of(loop(5, [passedOn], 'on'));
  await RunEstimate.of(loop(null, [node('Identity', ['no'], ['on'])], 'on'));
  await RunEstimate.of(loop(null, [node('Not', ['go'], ['on'])], 'on'));
});
