import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { adaptedPage, PROOF } from '../fixtures/adaptedPage.ts';
import { resnet50Page } from '../fixtures/pageModels.ts';
import { violationsInThemes } from './axeRules.ts';
import { launch, openPage, type Answer, type OpenOptions } from './pageHarness.ts';

const SHOTS = fileURLToPath(new URL('../../test-results/adaptation/', import.meta.url));
let browser: Browser;
before(async () => {
  mkdirSync(SHOTS, { recursive: true });
  browser = await launch();
});
after(() => browser.close());

const answering =
  (answers: Readonly<Record<string, Answer>>): OpenOptions['answer'] =>
  (method) =>
    answers[method] ?? { ok: true, value: null };
const panel = (page: Page): ReturnType<Page['locator']> => page.locator('cw-adaptation');

/** All that is shown, the proof among it; innerText stops at a component's edge. */
async function shown(page: Page): Promise<string> {
  return [
    ...(await panel(page).locator('.column').allInnerTexts()),
    await panel(page).locator('cw-proof section').innerText(),
  ].join('\n');
}

async function open(model = adaptedPage(), options: OpenOptions = {}): Promise<Awaited<ReturnType<typeof openPage>>> {
  const opened = await openPage(browser, model, { width: 1300, height: 860, ...options });
  await opened.page.getByRole('tab', { name: 'Adaptation' }).click();
  await panel(opened.page).getByRole('heading', { name: 'Checked now' }).waitFor();
  return opened;
}

test('the tab tells the story of an adapted model, in all themes', async () => {
  const opened = await open(adaptedPage(), { answer: answering({ lastProof: { ok: true, value: PROOF } }) });
  const { page, problems, close } = opened;
  await panel(page).getByText('✓ Verified').waitFor();
  const text = await shown(page);
  for (const part of [
    /✓ Verified/,
    /3\.1e-7/,
    /onnxruntime-web 1\.30\.0/,
    /64×3×7×7/,
    /64×1×7×7/,
    /2\.118/,
    /6,272 fewer parameters/,
    /1 channel on axis 1/,
    /Add reads the image beside/,
  ])
    assert.match(text, part);
  assert.deepEqual(await violationsInThemes(opened, (theme) => join(SHOTS, `${theme}.png`)), []);
  assert.deepEqual(problems, []);
  await close();
});

test('Undo is offered for a file that was written a while ago, and says what it did', async () => {
  const said = 'Undone: resnet50.gray.onnx deleted.';
  const answers = { canUndo: { ok: true, value: true }, undoConversion: { ok: true, value: said } } as const;
  const { page, requests, problems, close } = await open(adaptedPage(), { answer: answering(answers) });
  const undo = panel(page).getByRole('button', { name: 'Undo the conversion' });
  await undo.click();
  await panel(page).getByText(said).waitFor();
  assert.equal(await undo.count(), 0, 'once');
  assert.equal(requests.filter(({ method }) => method === 'undoConversion').length, 1);
  assert.deepEqual(problems, []);
  await close();
  const old = await open(adaptedPage(), { answer: answering({ canUndo: { ok: true, value: false } }) });
  assert.equal(await panel(old.page).getByRole('button', { name: 'Undo the conversion' }).count(), 0);
  await old.close();
});

test('a model without a record has no such tab', async () => {
  const { page, close } = await openPage(browser, resnet50Page());
  await page.getByRole('tab', { name: 'Graph' }).waitFor();
  assert.equal(await page.getByRole('tab', { name: 'Adaptation' }).count(), 0);
  await close();
});

test('a weight leads to its node in the graph', async () => {
  const { page, problems, close } = await open();
  await panel(page).getByRole('button', { name: 'conv1.weight', exact: true }).click();
  await page.getByRole('tab', { name: 'Graph', selected: true }).waitFor();
  await page.locator('cw-inspector').getByText('/conv1/Conv').first().waitFor();
  assert.deepEqual(problems, []);
  await close();
});

test('Verify now asks the host and shows what it found, by keyboard', async () => {
  const { page, requests, problems, close } = await open(adaptedPage(), {
    answer: answering({ lastProof: { ok: true, value: null }, prove: { ok: true, value: PROOF } }),
  });
  assert.match(await shown(page), /Not verified since VS Code was opened/);
  await panel(page).locator('#prove').focus();
  await page.keyboard.press('Enter');
  await panel(page).getByText('✓ Verified').waitFor();
  assert.equal((await panel(page).locator('#prove').textContent())?.trim(), 'Verify again');
  await panel(page).locator('#prove:focus').waitFor();
  assert.ok(requests.some((r) => r.method === 'prove'));
  assert.deepEqual(problems, []);
  await close();
});

test('what is found out elsewhere, by a command or an agent, stands on the tab at once', async () => {
  const answers: Record<string, Answer> = { lastProof: { ok: true, value: null }, canUndo: { ok: true, value: false } };
  const { page, send, problems, close } = await open(adaptedPage(), { answer: answering(answers) });
  const undo = panel(page).getByRole('button', { name: 'Undo the conversion' });
  assert.match(await shown(page), /Not verified since VS Code was opened/);
  assert.equal(await undo.count(), 0);
  answers.lastProof = { ok: true, value: PROOF };
  answers.canUndo = { ok: true, value: true };
  await send({ type: 'findings' });
  await panel(page).getByText('✓ Verified').waitFor();
  await undo.waitFor();
  assert.deepEqual(problems, []);
  await close();
});

test('of weights alone the tab says how many channels go in, and gives no weight for an input', async () => {
  const model = adaptedPage((a) => {
    a.isRecorded = false;
    a.inputs = [{ name: 'stem.weight', type: 'float32[8, 1, 5, 5]', agrees: true }];
  });
  const { page, close } = await open({ ...model, hasGraph: false, tensors: [], nodes: [], edges: [] });
  const text = await shown(page);
  assert.match(text, /Images of 1 channel, which stem\.weight takes in\./);
  assert.match(text, /Size, layout and value range stand in the network’s code/);
  assert.doesNotMatch(text, /stem\.weight is float32/);
  await close();
});

test('a proof that fails, or can’t be run, says so', async () => {
  const failed = { ...PROOF, verdict: 'failed', statement: 'Not the same function: at `y`, the models differ.' };
  const one = await open(adaptedPage(), { answer: answering({ lastProof: { ok: true, value: failed } }) });
  await panel(one.page).getByText('✗ Not the same function', { exact: true }).waitFor();
  await one.close();
  const two = await open(adaptedPage(), {
    answer: answering({ prove: { ok: false, code: 'no-original', message: 'The original is gone.' } }),
  });
  await panel(two.page).locator('#prove').click();
  await panel(two.page).getByText('The original is gone.').waitFor();
  await two.close();
});

test('a record that lies is shown beside what was found', async () => {
  const model = adaptedPage((a) => {
    const [step] = a.steps;
    assert.ok(step);
    step.map = '<img src=x onerror="window.__pwned=1">';
    step.folds = [
      { ...step.folds[0]!, newDims: [64, 1, 9, 9], now: 'other' },
      { ...step.folds[0]!, tensor: '<b>none</b>', now: 'missing' },
    ];
    step.foldCount = 30_000;
    a.inputs = [{ name: 'input', type: 'float32[batch, 3, 224, 224]', agrees: false }];
    a.original = { name: '../../secret.onnx', path: null, state: 'unnamed' };
  });
  const { page, problems, close } = await open(model);
  const text = await shown(page);
  for (const part of [
    /✗ 2 of 2 are not as recorded/,
    /✗ other shape/,
    /✗ no such weight/,
    /29,998 more/,
    /though the file says 1 channel on axis 1/,
    /names none that could lie beside it/,
    /<img src=x/,
  ])
    assert.match(text, part);
  assert.equal(await page.evaluate(() => (window as unknown as { __pwned?: number }).__pwned), undefined);
  assert.equal(
    await panel(page)
      .locator('#prove')
      .evaluate((b) => (b as unknown as { disabled: boolean }).disabled),
    true,
  );
  await page.screenshot({ path: join(SHOTS, 'lies.png') });
  assert.deepEqual(problems, []);
  await close();
});

test('the bar has buttons for the commands, and a narrow page keeps them', async () => {
  const { page, requests, problems, close } = await open(adaptedPage(), { width: 620, height: 800 });
  for (const name of ['Adapt Channels…', 'Verify', 'Copy as Python…'])
    await page.getByRole('button', { name, exact: true }).click();
  await panel(page).getByRole('button', { name: 'Open the original' }).click();
  await panel(page).getByRole('button', { name: 'Compare with it' }).click();
  await page.waitForFunction(() => true);
  assert.deepEqual(
    requests.filter((r) => r.method === 'command').map((r) => (r.args as { name: string }).name),
    ['adaptChannels', 'verify', 'copyAsPython', 'openOriginal', 'compareOriginal'],
  );
  await page.screenshot({ path: join(SHOTS, 'narrow.png') });
  // As narrow as VS Code lets an editor be: all of the header is seen.
  await page.setViewportSize({ width: 220, height: 800 });
  await page.waitForTimeout(100);
  for (const part of [page.getByRole('tab'), page.locator('header').getByRole('button')])
    for (const { x, width } of await Promise.all((await part.all()).map(async (one) => (await one.boundingBox())!)))
      assert.ok(x >= 0 && x + width <= 220, `from ${x}, ${width} wide`);
  await page.screenshot({ path: join(SHOTS, 'narrowest.png') });
  assert.deepEqual(problems, []);
  await close();
});
