import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mapFromSteps } from '../../../src/jobs/maps/mapSteps.ts';
import { mapChoices, type MapChoice, type Wanted } from '../../../src/vscode/commands/mapChoices.ts';

const fixed = (count: number): Wanted => ({ channels: [count], open: false });

function choice(wanted: Wanted, id: string): { choice: MapChoice; fits: boolean } {
  const { items, fits } = mapChoices(wanted);
  const found = items.find((c) => c.id === id);
  assert.ok(found, id);
  return { choice: found, fits: fits(found) };
}

for (const [channels, pictures] of [
  [6, 2],
  [9, 3],
  [12, 4],
] as const) {
  test(`Adapt Channels…: ${channels} channels are offered as ${pictures} pictures, first of all`, async () => {
    const { items, fits } = mapChoices(fixed(channels));
    const [first] = items;
    assert.ok(first && fits(first));
    assert.equal(first.id, 'pictures');
    assert.equal(
      first.description,
      `${pictures} pictures of three channels, one after the other: ${channels} → ${pictures} channels`,
    );
    const map = await mapFromSteps(first.steps, channels);
    const wanted = Array.from({ length: channels }, (_, c) =>
      Array.from({ length: pictures }, (__, p) => (Math.floor(c / 3) === p ? 1 : 0)),
    );
    assert.deepEqual([map.matrix, map.name], [wanted, `gray:${pictures}`]);
  });
}

test('Adapt Channels…: one picture, no whole number of pictures, or an open size are not several', () => {
  for (const wanted of [fixed(1), fixed(3), fixed(4), fixed(8), { channels: [], open: true }]) {
    const { choice: found, fits } = choice(wanted, 'pictures');
    assert.ok(!fits, JSON.stringify(wanted));
    assert.equal(found.description, 'for models of 6, 9, 12 … channels');
  }
});

test('Adapt Channels…: for RGB and depth the map that fits comes first', async () => {
  const { items, fits } = mapChoices(fixed(4));
  const [first] = items;
  assert.ok(first && fits(first));
  assert.equal(first.id, 'gray-depth');
  assert.deepEqual((await mapFromSteps(first.steps, 4)).matrix, [
    [1, 0],
    [1, 0],
    [1, 0],
    [0, 1],
  ]);
  assert.ok(!choice(fixed(3), 'gray-depth').fits);
});

test('Adapt Channels…: an RGB model is offered grayscale first, also where its height and width are open', () => {
  for (const wanted of [fixed(3), { channels: [3], open: true }, { channels: [], open: true }])
    assert.equal(mapChoices(wanted).items[0]?.id, 'gray', JSON.stringify(wanted));
  const open = mapChoices({ channels: [3], open: true }).items.map(({ id }) => id);
  assert.deepEqual(open.slice(-3), ['gray-depth', 'rgb-from-gray', 'pictures'], 'what fits only an open axis is last');
  assert.equal(mapChoices({ channels: [4], open: true }).items[0]?.id, 'gray-depth');
});

test('Adapt Channels…: pictures of other counts are refused as a map too', async () => {
  await assert.rejects(mapFromSteps([{ kind: 'pictures', name: 'gray' }], 8), /8 channels are no whole number/);
});
