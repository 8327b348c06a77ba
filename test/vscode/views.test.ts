import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import * as vscode from 'vscode';
import { WorkerClient } from '../../src/page/workerClient.ts';
import type { HostMessage } from '../../src/protocol/messages.ts';
import { Comparisons } from '../../src/vscode/compare.ts';
import type { Workers } from '../../src/vscode/convert.ts';
import { Evaluations } from '../../src/vscode/evaluate.ts';
import { Proofs } from '../../src/vscode/prove.ts';
import { TextTabs } from '../../src/vscode/textTabs.ts';
import { Views } from '../../src/vscode/views.ts';

const folder = (): string => vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
const uri = (name: string): vscode.Uri => vscode.Uri.file(join(folder(), name));

/** What the extension's commands work with, on workers of the test's own. */
function workers(): Workers & vscode.Disposable {
  const file = join(
    vscode.extensions.getExtension('channelwise.channelwise')?.extensionPath ?? '',
    'dist',
    'worker.mjs',
  );
  const [worker, prover] = [new WorkerClient(file), new WorkerClient(file)];
  return {
    worker,
    prover,
    proofs: new Proofs(prover),
    tabs: new TextTabs(),
    views: new Views(),
    comparisons: new Comparisons(),
    evaluations: new Evaluations(),
    dispose: () => void Promise.all([worker.dispose(), prover.dispose()]),
  };
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
    const own = workers();
    try {
      assert.equal(await own.comparisons.run(own, uri('third.onnx'), {}), null, 'nothing was chosen yet');
      own.comparisons.set(uri('third.gray.onnx'), uri('third.onnx').fsPath);
      const found = await own.comparisons.run(own, uri('third.gray.onnx'), {});
      assert.equal(found?.statement, '1 input, 1 weight, 1 metadata entry; nothing else differs.');
      assert.deepEqual(
        [found?.own, found?.aName, found?.bName],
        ['b', 'third.onnx', 'third.gray.onnx'],
        'the adapted model comes second, on its own page too',
      );
      own.comparisons.set(uri('third.onnx'), uri('gone.onnx').fsPath);
      await assert.rejects(own.comparisons.run(own, uri('third.onnx'), {}), /gone\.onnx/);
    } finally {
      own.dispose();
    }
  });

  it('evaluates on a folder of images, with progress; a cancel ends it', async () => {
    const images = join(folder(), 'pictures');
    mkdirSync(images, { recursive: true });
    for (const [i, colour] of [
      [200, 30, 30],
      [30, 200, 30],
      [90, 90, 90],
    ].entries()) {
      const png = new PNG({ width: 40, height: 30 });
      png.data.forEach((_, k) => {
        png.data[k] = k % 4 === 3 ? 255 : (colour[k % 4] ?? 0);
      });
      writeFileSync(join(images, `${i}.png`), PNG.sync.write(png));
    }
    writeFileSync(join(images, 'broken.jpg'), 'no picture');
    const own = workers();
    try {
      const model = uri('third.onnx');
      assert.equal(await own.evaluations.setup(own, model, {}), null);
      own.evaluations.set(model, { original: model.fsPath, adapted: uri('third.gray.onnx').fsPath }, images);
      const setup = await own.evaluations.setup(own, model, {});
      assert.deepEqual([setup?.folder, setup?.images, setup?.presets[0]?.name], ['pictures', 4, 'imagenet']);
      const seen: number[] = [];
      const found = await own.evaluations.run(
        own,
        model,
        { preset: 'zero-to-one', stretch: false, order: 'rgb' },
        { onProgress: (f) => seen.push(f) },
      );
      assert.deepEqual([found.images, found.labelled, found.runs.length], [3, 0, 3]);
      assert.match(found.conclusions[1] ?? '', /the conversion costs nothing/);
      assert.match(found.notes.join(), /^1 image was skipped: broken\.jpg/);
      assert.equal(seen.at(-1), 1);
      const controller = new AbortController();
      const cancelled = own.evaluations.run(
        own,
        model,
        { preset: 'raw', stretch: true, order: 'bgr' },
        { signal: controller.signal },
      );
      controller.abort();
      await assert.rejects(cancelled, /Cancelled/);
    } finally {
      own.dispose();
    }
  });

  it('tells open pages what a command wants, and keeps it for a page that opens later', () => {
    const views = new Views();
    const got: HostMessage[] = [];
    views.show(uri('a.onnx'), 'compare');
    const page = views.add(uri('a.onnx'), (m) => got.push(m));
    assert.deepEqual([got.length, views.take(uri('a.onnx')), views.take(uri('a.onnx'))], [0, 'compare', null]);
    views.show(uri('a.onnx'), 'evaluate');
    views.show(uri('b.onnx'), 'compare');
    assert.deepEqual(got, [{ type: 'wanted' }]);
    page.dispose();
    views.show(uri('a.onnx'), 'compare');
    assert.equal(got.length, 1);
  });
});
