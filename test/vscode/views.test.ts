import * as vscode from 'vscode';
import type { HostMessage } from '../../src/protocol/envelope.ts';
import { ActivePage } from '../../src/vscode/editor/activePage.ts';
import { ModelEditor } from '../../src/vscode/editor/modelEditor.ts';
import { placeOf } from '../../src/vscode/modelFiles.ts';
import { OpenModels } from '../../src/vscode/editor/openModels.ts';
import { evaluate, evaluationSetup, grayByLayer, lastEvaluation } from '../../src/vscode/editor/evaluation.ts';
import { StatusLine } from '../../src/vscode/window/statusLine.ts';
import { pngBytes } from '../fixtures/pngBytes.ts';
import { asPage } from './asPage.ts';
import assert from './assert.ts';
import { makeFolder, read, uri, write } from './files.ts';
import { TestPanel } from './seams.ts';
import { ownExtension, until, writeUntil } from './workspace.ts';

/** A choice in which nothing is typed. */
const PLAIN_CHOICE = { mean: '', std: '', scale: '', labels: '' } as const;

async function writePictures(into: vscode.Uri): Promise<void> {
  await makeFolder(into);
  for (const [i, colour] of [
    [200, 30, 30],
    [30, 200, 30],
    [90, 90, 90],
  ].entries())
    await write(
      vscode.Uri.joinPath(into, `${i}.png`),
      pngBytes({ width: 40, height: 30 }, (at) => colour[at % 3] ?? 0),
    );
  await write(vscode.Uri.joinPath(into, 'broken.jpg'), 'no picture');
}

describe('Compare and evaluate in VS Code', () => {
  it('compares two selected models in the page of the first', async () => {
    await vscode.commands.executeCommand('channelwise.convertToGrayscale', uri('third.onnx'));
    await vscode.commands.executeCommand('channelwise.compare', uri('third.onnx'), [
      uri('third.onnx'),
      uri('third.gray.onnx'),
    ]);
    const { activeTab } = vscode.window.tabGroups.activeTabGroup;
    assert.equal(activeTab?.label, 'third.onnx');
    const extension = ownExtension();
    const document = extension.models.add(uri('third.gray.onnx'));
    assert.equal(await asPage(extension, document)('comparison', null), null, 'nothing was chosen yet');
    document.comparedWith = placeOf(uri('third.onnx'));
    const found = await asPage(extension, document)('comparison', null);
    assert.equal(found?.statement, '1 input, 1 weight, 1 metadata entry; nothing else differs.');
    assert.deepEqual(
      [found?.own, found?.aName, found?.bName],
      ['b', 'third.onnx', 'third.gray.onnx'],
      'the adapted model comes second, on its own page too',
    );
    document.comparedWith = placeOf(uri('gone.onnx'));
    await assert.rejects(asPage(extension, document)('comparison', null), /gone\.onnx/);
  });

  it('evaluates on a folder of images, with progress; a cancel ends it', async () => {
    const images = uri('photos');
    await writePictures(images);
    const { jobs, models } = ownExtension();
    const document = models.add(uri('third.onnx'));
    assert.equal(await evaluationSetup(jobs, document, {}), null);
    document.evaluatedOn = {
      models: { original: placeOf(uri('third.onnx')), adapted: placeOf(uri('third.gray.onnx')) },
      folder: placeOf(images),
      csv: null,
    };
    const setup = await evaluationSetup(jobs, document, {});
    assert.deepEqual([setup?.folder, setup?.images, setup?.presets[0]?.name], ['photos', 4, 'imagenet']);
    const seen: number[] = [];
    const choice = { preset: 'zero-to-one', stretch: false, order: 'rgb', ...PLAIN_CHOICE } as const;
    const found = await evaluate(jobs, document, choice, { onProgress: (f) => seen.push(f) });
    assert.deepEqual([found.images, found.labelled, found.runs.length], [3, 0, 3]);
    assert.match(found.conclusions[1] ?? '', /the conversion costs nothing/);
    assert.match(found.notes.join(), /^1 image was skipped: broken\.jpg/);
    assert.equal(seen.at(-1), 1);
    const controller = new AbortController();
    const gray = await grayByLayer(jobs, document, choice, {});
    assert.match(gray.statement, /^On 3 images the activations of `.*` move most/);
    assert.match(document.evaluatedOn.csv ?? '', /^layer,operator,/);
    assert.deepEqual(await lastEvaluation(document), { choice, evaluation: null, gray }, 'for a page that comes later');
    const typed = { ...choice, mean: '0.5, half' };
    await assert.rejects(evaluate(jobs, document, typed, {}), /mean must be numbers separated by commas/);
    const other = { preset: 'raw', stretch: true, order: 'bgr', ...PLAIN_CHOICE } as const;
    const cancelled = evaluate(jobs, document, other, { signal: controller.signal });
    controller.abort();
    await assert.rejects(cancelled, /Cancelled/);
  });
});

describe('A model that is open', () => {
  it('tells its pages which view is wanted, and keeps it for one that opens later', () => {
    const models = new OpenModels();
    const [a, b] = [models.add(uri('a.onnx')), models.add(uri('b.onnx'))];
    const got: HostMessage[] = [];
    a.show({ view: 'compare' });
    const page = a.add({ post: (message) => got.push(message) });
    assert.deepEqual([got.length, a.takeWishes().view, a.takeWishes().view], [0, 'compare', null]);
    a.show({ view: 'evaluate' });
    b.show({ view: 'compare' });
    assert.deepEqual(got, [{ type: 'wanted' }]);
    assert.deepEqual(a.takeWishes(), { view: 'evaluate', asked: { compare: 1, evaluate: 1 } });
    assert.deepEqual(
      a.takeWishes(),
      { view: null, asked: { compare: 1, evaluate: 1 } },
      'a second page hears of it too',
    );
    page.dispose();
    a.show({ view: 'compare' });
    assert.equal(got.length, 1);
  });

  it('shows a node on the page that read the model last, or on the next that reads it', () => {
    const document = new OpenModels().add(uri('a.onnx'));
    const got: [string, HostMessage][] = [];
    const first = { post: (message: HostMessage) => got.push(['first', message]) };
    const second = { post: (message: HostMessage) => got.push(['second', message]) };
    document.add(first);
    document.show({ node: 'n1' });
    assert.deepEqual(got, []);
    document.pageHasRead(first);
    assert.deepEqual(got.splice(0), [['first', { type: 'show', node: 'n1' }]]);
    const secondPage = document.add(second);
    document.pageHasRead(second);
    document.show({ node: 'n2' });
    assert.deepEqual(got.splice(0), [['second', { type: 'show', node: 'n2' }]]);
    secondPage.dispose();
    document.pageIsHidden(first);
    document.show({ node: 'n3' });
    assert.deepEqual(got, [], 'a hidden page is gone');
    document.pageHasRead(first);
    assert.deepEqual(got, [['first', { type: 'show', node: 'n3' }]]);
  });

  it('is told of a proof; reads again when the model it was made from changes, and forgets that proof', async () => {
    const [from, adapted] = [uri('changing.onnx'), uri('changing.gray.onnx')];
    await vscode.workspace.fs.copy(uri('third.onnx'), from);
    await vscode.commands.executeCommand('channelwise.convertToGrayscale', from);
    const extension = ownExtension();
    const page = new TestPanel();
    const status = new StatusLine('test.original', 'test', 'circuit-board');
    const editor = new ModelEditor(extension, uri('dist'), new ActivePage(status));
    try {
      editor.resolveCustomEditor(extension.models.add(adapted), page.panel);
      const { verdict } = await extension.proofs.prove(placeOf(from), placeOf(adapted), {});
      assert.equal(verdict, 'proved');
      // A watcher may still tell of the conversion.
      const findings = () => page.posted.filter((m) => m.type === 'findings').length;
      assert.equal(findings(), 1, 'wherever the proof was run from');
      await extension.conversions.remember({ outPath: placeOf(adapted), dataCopies: [], madeFolders: [] });
      assert.equal(findings(), 2, 'it can be undone now');
      assert.ok(await extension.proofs.last(placeOf(adapted)));
      page.receive({ type: 'call', id: 1, method: 'model', args: null });
      await until('the page has read the model', () => page.posted.some((m) => m.type === 'done'));
      page.posted.length = 0;
      const change = async () => write(from, await read(uri('second.onnx')));
      const isTold = () => page.posted.some((m) => m.type === 'changed');
      const isForgotten = async () => (await extension.proofs.last(placeOf(adapted))) === null;
      await writeUntil('the page is told', change, async () => isTold() && (await isForgotten()));
    } finally {
      page.close();
      status.dispose();
    }
  });

  it('leaves nothing behind when its last tab is closed', async () => {
    const models = new OpenModels();
    const document = models.add(uri('a.onnx'));
    document.comparedWith = '/b.onnx';
    assert.equal(models.get(uri('a.onnx')), document);
    document.dispose();
    assert.equal(models.get(uri('a.onnx')), null);
    assert.equal(models.add(uri('a.onnx')).comparedWith, null);
  });
});
