import * as vscode from 'vscode';
import { asPage } from './asPage.ts';
import assert from './assert.ts';
import { exists, readText, uri } from './files.ts';
import { ownExtension } from './workspace.ts';

describe('Weights on demand in VS Code', () => {
  const extension = ownExtension();
  const ask = asPage(extension, extension.models.add(uri('resnet.onnx')));

  it('gives statistics, values and filters of a real file, from the worker', async () => {
    const s = await ask('tensorStatistics', { tensor: 'conv1.weight' });
    assert.deepEqual(
      [s.count, s.nan, s.histogram?.counts.reduce((n, c) => n + c, 0)],
      [16 * 3 * 7 * 7, 0, 16 * 3 * 7 * 7],
    );
    const ranges = [
      { from: 0, to: 1 },
      { from: 0, to: 1 },
      { from: 0, to: 7 },
      { from: 0, to: 7 },
    ];
    const { texts } = await ask('tensorBlock', { tensor: 'conv1.weight', ranges });
    assert.equal(texts.length, 49);
    assert.deepEqual((await ask('inputLayerFacts', { layer: 0 })).filters, {
      count: 16,
      channels: 3,
      height: 7,
      width: 7,
    });
    const filters = await ask('layerFilters', { layer: 0, from: 0, of: 'file' });
    const first = new DataView(Uint8Array.from(atob(filters.values), (c) => c.charCodeAt(0)).buffer);
    assert.deepEqual(
      texts.map((t) => Math.fround(Number(t))),
      Array.from({ length: 49 }, (_, i) => first.getFloat32(i * 4, true)),
      'two ways to the same numbers',
    );
    await assert.rejects(ask('tensorStatistics', { tensor: 'gone' }), /stores no tensor gone/);
  });

  it('saves where the dialog says, and nothing when it is cancelled', async () => {
    const target = uri('conv1.npy');
    const { showSaveDialog } = vscode.window;
    let answer: vscode.Uri | undefined;
    let offered = '';
    Object.assign(vscode.window, {
      showSaveDialog: async (options: vscode.SaveDialogOptions) => {
        offered = options.defaultUri?.path ?? '';
        return answer;
      },
    });
    try {
      assert.deepEqual(await ask('saveTensor', { tensor: 'conv1.weight', format: 'npy' }), { name: null, note: null });
      assert.ok(offered.endsWith('/conv1.weight.npy') && !(await exists(target)));
      answer = target;
      assert.deepEqual(await ask('saveTensor', { tensor: 'conv1.weight', format: 'npy' }), {
        name: 'conv1.npy',
        note: null,
      });
      assert.match(
        (await readText(target)).slice(0, 128),
        /'descr': '<f4', 'fortran_order': False, 'shape': \(16, 3, 7, 7\)/,
      );
    } finally {
      Object.assign(vscode.window, { showSaveDialog });
    }
  });
});
