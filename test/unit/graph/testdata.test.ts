import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  casesOf,
  judge,
  pythonShapes,
  TESTDATA,
  TESTDATA_FILES,
  withDataSet,
  type Case,
  type Said,
} from '../../fixtures/shapeTruth.ts';

const skip = TESTDATA_FILES.length ? false : 'libonnx-testdata is not installed';
const tensor = (dims: Said['dims'], dtype: number | null = 1): Said => ({ kind: 'tensor', dtype, dims });

/** The judge itself: what it must call wrong, or a mistake of ours would pass. */
const VERDICTS: readonly [Said, Said, ReturnType<typeof judge>][] = [
  [tensor([1, 3]), tensor([1, 3]), 'matched'],
  [tensor(['n', 3]), tensor([7, 3]), 'matched'],
  [tensor(null), tensor([7, 3]), 'matched'],
  [tensor([1, 3]), tensor([1, null]), 'unknown'],
  [tensor([1, 3]), tensor([1, 'n']), 'unknown'],
  [tensor([1, 3]), tensor(null), 'unknown'],
  [tensor([1, 3]), tensor([1, 3], null), 'unknown'],
  [tensor([1, 3]), tensor([1, 4]), 'wrong'],
  [tensor([1, 3]), tensor([1, 3, 1]), 'wrong'],
  [tensor([1, 3]), tensor([1, 3], 7), 'wrong'],
  [tensor([1, 3]), { ...tensor([1, 3]), kind: 'sequence of tensor' }, 'wrong'],
];

test('what counts as matched, unknown and wrong', () => {
  for (const [truth, found, verdict] of VERDICTS)
    assert.equal(judge(truth, found), verdict, JSON.stringify([truth, found]));
});

type Tally = Record<ReturnType<typeof judge>, number>;

function tally(cases: readonly Case[], found: (c: Case) => Said): Tally {
  const counts: Tally = { matched: 0, unknown: 0, wrong: 0 };
  for (const c of cases) counts[judge(c.truth, found(c))]++;
  return counts;
}

/** A reason without the names of tensors. */
const why = (reason: string): string => reason.replace(/^size \d+ of [^:]*: /, '').replaceAll(/`[^`]*`/g, '…');

const text = (t: Tally): string => `${t.matched} matched, ${t.unknown} unknown, ${t.wrong} wrong`;

test('no output of libonnx-testdata is inferred wrongly, and no fewer are known than to Python', { skip }, async () => {
  const cases: Case[] = [];
  for (const file of TESTDATA_FILES) cases.push(...(await casesOf(file, readFileSync(join(TESTDATA, file)))));
  assert.deepEqual(
    cases.filter((c) => judge(c.truth, c.found) === 'wrong'),
    [],
  );
  const ours = tally(cases, (c) => c.found);
  const python = pythonShapes(TESTDATA_FILES);
  const says = (c: Case): Said =>
    typeof python === 'string' ? tensor(null, null) : (python.get(c.file)?.get(c.tensor) ?? tensor(null, null));
  const pythons = typeof python === 'string' ? python : `Python's onnx ${text(tally(cases, says))}`;
  console.log(`libonnx-testdata outputs, shape and element type: ours ${text(ours)}; ${pythons}`);
  for (const op of [...new Set(cases.map((c) => c.opType))].sort()) {
    const own = cases.filter((c) => c.opType === op);
    const open = tally(own, (c) => c.found);
    if (!open.unknown) continue;
    const unknown = own.filter((c) => judge(c.truth, c.found) === 'unknown');
    const reasons = [...new Set(unknown.map((c) => why(c.reason)))].join('; ');
    console.log(`  ${op}: ${text(open)}; Python ${text(tally(own, says))}; ${reasons}`);
  }
  const lost = cases.filter((c) => judge(c.truth, c.found) !== 'matched' && judge(c.truth, says(c)) === 'matched');
  assert.deepEqual(
    lost.map((c) => `${c.file} ${c.tensor}`),
    [],
  );
  assert.ok(ours.matched >= 1116, text(ours));
});

/** bfloat16 tensors are stored as uint16 in these. */
const STORED_OTHERWISE = /_to_BFLOAT16/;

test('with the values of the data set known, every output is as it was computed', { skip }, async () => {
  const cases: Case[] = [];
  for (const file of TESTDATA_FILES) {
    const given = withDataSet(file);
    if (!given) continue;
    for (const c of await casesOf(file, given.bytes)) {
      const truth = given.outputs.get(c.tensor);
      if (truth) cases.push({ ...c, truth: STORED_OTHERWISE.test(file) ? { ...truth, dtype: null } : truth });
    }
  }
  const counts = tally(cases, (c) => c.found);
  console.log(`libonnx-testdata outputs with their inputs' values known: ${text(counts)}`);
  assert.deepEqual(
    cases.filter((c) => judge(c.truth, c.found) === 'wrong'),
    [],
  );
  assert.ok(counts.matched >= 1199, text(counts));
});
