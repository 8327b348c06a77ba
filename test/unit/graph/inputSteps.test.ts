import assert from 'node:assert/strict';
import { test } from 'node:test';
import { composedSteps, inputSteps } from '../../../src/graph/inputLayers/inputSteps.ts';
import { encodeModel, floatTensor, model, node, valueInfo } from '../../fixtures/modelBuilder.ts';
import { modelFile } from '../../fixtures/modelFile.ts';

const MEANS = [0.4, 0.5, 0.6];
const STDS = [0.2, 0.25, 0.3];

/** Each channel normalised by itself: Split, a subtraction and a division each, Concat of `joined`. */
function splitNormalisation(joined: readonly string[]): Uint8Array {
  const channels = MEANS.flatMap((_, c) => [
    node('Sub', [`s${c}`, `m${c}`], [`c${c}`]),
    node('Div', [`c${c}`, `d${c}`], [`n${c}`]),
  ]);
  return encodeModel(
    model({
      inputs: [valueInfo('x', [1, 3, 8, 8])],
      outputs: [valueInfo('y', null)],
      initializers: [
        ...MEANS.map((v, c) => floatTensor(`m${c}`, [], [v])),
        ...STDS.map((v, c) => floatTensor(`d${c}`, [], [v])),
        floatTensor('w', [2, 3, 1, 1], new Float32Array(6)),
      ],
      nodes: [
        node('Split', ['x'], ['s0', 's1', 's2'], { axis: 1 }),
        ...channels,
        node('Concat', joined, ['whole'], { axis: 1 }),
        node('Conv', ['whole', 'w'], ['y']),
      ],
    }),
  );
}

test('normalisation of each channel by itself is read through Split and Concat', async () => {
  const { model: read, ctx } = await modelFile(splitNormalisation(['n0', 'n1', 'n2']));
  const { steps, end } = await inputSteps(read.graph, ctx, 'x');
  assert.equal(end, 'whole');
  assert.deepEqual(
    steps.map((s) => s.node.opType),
    ['Sub', 'Div'],
  );
  const { scale, shift } = composedSteps(steps) ?? assert.fail();
  for (const [c, mean] of MEANS.entries()) {
    assert.ok(Math.abs((scale[c] ?? 0) - 1 / (STDS[c] ?? 1)) < 1e-6);
    assert.ok(Math.abs((shift[c] ?? 0) + mean / (STDS[c] ?? 1)) < 1e-6);
  }
});

test('channels that are joined in another order are no steps of their own', async () => {
  const { model: read, ctx } = await modelFile(splitNormalisation(['n2', 'n1', 'n0']));
  const { steps, end } = await inputSteps(read.graph, ctx, 'x');
  assert.deepEqual([steps.length, end], [0, 'x']);
});
