import * as vscode from 'vscode';
import { ChannelwiseError } from '../../src/bytes/errors.ts';
import { announce } from '../../src/vscode/commands/announce.ts';
import { writeAndProve } from '../../src/vscode/commands/convert.ts';
import { ActivePage } from '../../src/vscode/editor/activePage.ts';
import { ModelEditor } from '../../src/vscode/editor/modelEditor.ts';
import { placeOf, uriOf } from '../../src/vscode/modelFiles.ts';
import { StatusLine } from '../../src/vscode/window/statusLine.ts';
import { encodeModel, externalTensor, model, node, valueInfo } from '../fixtures/modelBuilder.ts';
import assert from './assert.ts';
import { exists, makeFolder, namesIn, read, uri, write } from './files.ts';
import { answering, TestPanel } from './seams.ts';
import { ownExtension, pause, until } from './workspace.ts';

/** A convolution and a dense layer whose weights lie in `weights.bin`. */
async function withDataFile(into: vscode.Uri): Promise<string> {
  await makeFolder(into);
  const dense = externalTensor('dense', 1, [4, 2], { location: 'weights.bin', offset: '432' });
  const bytes = encodeModel(
    model({
      inputs: [valueInfo('x', [1, 3, 8, 8])],
      outputs: [valueInfo('y', null)],
      initializers: [externalTensor('w', 1, [4, 3, 3, 3], { location: 'weights.bin', length: '432' }), dense],
      nodes: [
        node('Conv', ['x', 'w'], ['c']),
        node('GlobalAveragePool', ['c'], ['p']),
        node('Flatten', ['p'], ['f']),
        node('MatMul', ['f', 'dense'], ['y']),
      ],
    }),
  );
  const values = Float32Array.from({ length: 116 }, (_, i) => Math.sin(i));
  await write(vscode.Uri.joinPath(into, 'weights.bin'), new Uint8Array(values.buffer));
  const made = vscode.Uri.joinPath(into, 'model.onnx');
  await write(made, bytes);
  return placeOf(made);
}

describe('Files beside a model in VS Code', () => {
  it('Save Elsewhere copies the data files, reports them, and Undo takes them back', async () => {
    const path = await withDataFile(uri('full'));
    const other = await makeFolder(uri('other'));
    const target = uri('other', 'small.onnx');
    const extension = ownExtension();
    const report: string[] = [];
    Object.assign(extension.tabs, {
      show: (_: string, lines: readonly string[]) => Promise.resolve(report.push(...lines)),
    });
    const { said, stop } = answering(target, ['Save Elsewhere…', 'Report', 'Undo']);
    try {
      const done = await writeAndProve(extension, 'Converting', {
        path,
        variant: 'gray',
        write: (out, options) => {
          if (out === undefined) throw new ChannelwiseError('io', 'disk-full', 'The disk is full.');
          return extension.jobs.run('convertToGray', { path, out }, options);
        },
      });
      assert.ok(done);
      assert.equal(done.proof?.verdict, 'proved', done.proof?.statement);
      assert.deepEqual(await namesIn(other), ['small.onnx', 'weights.bin']);
      assert.deepEqual(await read(uri('other', 'weights.bin')), await read(uri('full', 'weights.bin')));
      await announce(extension, done);
      assert.match(said[0] ?? '', /The disk is full/);
      assert.match(said[1] ?? '', /Copied weights\.bin beside it/);
      assert.ok(
        report.includes(`  ${placeOf(uri('other', 'weights.bin'))}`),
        `the report names the copy: ${report.join('\n')}`,
      );
      assert.deepEqual(await namesIn(other), [], 'Undo removes the model and the copy');
      assert.ok(await exists(uri('full', 'weights.bin')), 'the original keeps its data');
    } finally {
      stop();
      await extension.jobs.close();
    }
  });

  it('reads again when a data file of the proof changes, and forgets the proof', async () => {
    const path = await withDataFile(uri('watched'));
    const extension = ownExtension();
    const { stop } = answering(uriOf(path), []);
    const page = new TestPanel();
    const status = new StatusLine('test.data', 'test', 'circuit-board');
    try {
      const reply = await extension.jobs.run('convertToGray', { path }, {});
      const adapted = reply.outPath ?? '';
      const { verdict } = await extension.proofs.prove(path, adapted, {});
      assert.equal(verdict, 'proved');
      const editor = new ModelEditor(extension, uri('dist'), new ActivePage(status));
      editor.resolveCustomEditor(extension.models.add(uriOf(adapted)), page.panel);
      page.receive({ type: 'call', id: 1, method: 'lastProof', args: null });
      await until('the page has the proof', () => page.posted.some((m) => m.type === 'done'));
      // A watcher takes a moment to be there.
      await pause(1000);
      page.posted.length = 0;
      const data = uri('watched', 'weights.bin');
      await write(data, (await read(data)).fill(1, 440, 444));
      await until('the page is told', () => page.posted.some((m) => m.type === 'changed'));
      assert.equal(await extension.proofs.last(adapted), null);
    } finally {
      stop();
      page.close();
      status.dispose();
      await extension.jobs.close();
    }
  });
});
