import * as vscode from 'vscode';
import { ChannelwiseError } from '../../src/bytes/errors.ts';
import { announce, announceAll } from '../../src/vscode/commands/announce.ts';
import { writeAndProve } from '../../src/vscode/commands/convert.ts';
import { ActivePage } from '../../src/vscode/editor/activePage.ts';
import { ModelEditor } from '../../src/vscode/editor/modelEditor.ts';
import { placeOf, uriOf } from '../../src/vscode/modelFiles.ts';
import { MODEL_TOOLS } from '../../src/vscode/tools/modelTools.ts';
import { ToolInput } from '../../src/vscode/tools/toolInput.ts';
import { StatusLine } from '../../src/vscode/window/statusLine.ts';
import { encodeModel, externalTensor, model, node, valueInfo } from '../fixtures/modelBuilder.ts';
import assert from './assert.ts';
import { exists, makeFolder, namesIn, read, uri, write } from './files.ts';
import { answering, replaced, TestPanel } from './seams.ts';
import { ownExtension, until, writeUntil } from './workspace.ts';

const DATA = ['weights', 'part', 'far.bin'] as const;

/** A convolution and a dense layer whose weights lie in one file, two folders below the model's. */
async function withDataFile(into: vscode.Uri): Promise<string> {
  const location = DATA.join('/');
  await makeFolder(vscode.Uri.joinPath(into, ...DATA.slice(0, -1)));
  const dense = externalTensor('dense', 1, [4, 2], { location, offset: '432' });
  const bytes = encodeModel(
    model({
      inputs: [valueInfo('x', [1, 3, 8, 8])],
      outputs: [valueInfo('y', null)],
      initializers: [externalTensor('w', 1, [4, 3, 3, 3], { location, length: '432' }), dense],
      nodes: [
        node('Conv', ['x', 'w'], ['c']),
        node('GlobalAveragePool', ['c'], ['p']),
        node('Flatten', ['p'], ['f']),
        node('MatMul', ['f', 'dense'], ['y']),
      ],
    }),
  );
  const values = Float32Array.from({ length: 116 }, (_, i) => Math.sin(i));
  await write(vscode.Uri.joinPath(into, ...DATA), new Uint8Array(values.buffer));
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
      assert.deepEqual(await namesIn(other), ['small.onnx', 'weights']);
      assert.deepEqual(await read(uri('other', ...DATA)), await read(uri('full', ...DATA)));
      await announce(extension, done);
      assert.match(said[0] ?? '', /The disk is full/);
      assert.match(said[1] ?? '', /Copied far\.bin beside it/);
      assert.ok(
        report.includes(`  ${placeOf(uri('other', ...DATA))}`),
        `the report names the copy: ${report.join('\n')}`,
      );
      assert.deepEqual(await namesIn(other), [], 'Undo removes the model, the copy and the folders made for it');
      await until('it says so', () => said.some((text) => /small\.onnx and the file copied for it deleted/.test(text)));
      assert.ok(await exists(uri('full', ...DATA)), 'the original keeps its data');
    } finally {
      stop();
    }
  });

  it('says what was written where the new file can no longer be looked at or shown, and offers no Undo', async () => {
    const path = await withDataFile(uri('lost'));
    const extension = ownExtension();
    const { said, offered, stop } = answering(uri(''), []);
    const run = (name: string, ...args: unknown[]): Thenable<unknown> =>
      name === 'revealInExplorer' ? Promise.reject(new Error('no Explorer')) : executeCommand(name, ...args);
    const { executeCommand } = vscode.commands;
    const stopCommands = replaced(vscode.commands, { executeCommand: run as typeof executeCommand });
    try {
      const reply = await extension.jobs.run('convertToGray', { path }, {});
      assert.ok(reply.outPath !== null);
      const done = { ...reply, outPath: reply.outPath, proof: null };
      await announce(extension, done);
      assert.match(said[0] ?? '', /^model\.gray\.onnx: w .*input 3 → 1 channel\.$/);
      assert.deepEqual(offered[0], ['Open', 'Undo', 'Report']);
      await vscode.workspace.fs.delete(uriOf(reply.outPath));
      await announce(extension, done);
      await announceAll(extension, [done], []);
      assert.match(
        said[1] ?? '',
        /^model\.gray\.onnx: w .*1 channel\. It was written, but can't be undone from here: /,
      );
      assert.deepEqual(offered[1], ['Open', 'Report']);
      assert.match(said[2] ?? '', /^1 model converted/);
      assert.deepEqual(offered[2], ['Report']);
      const tool = MODEL_TOOLS.convert;
      const proofs = Object.assign(Object.create(extension.proofs) as typeof extension.proofs, {
        writeAndProve: () => Promise.resolve({ ...done, proof: { verdict: 'unproved', statement: 'Not verified.' } }),
      });
      const input = new ToolInput({ path: placeOf(uri('lost', 'model.onnx')) });
      const answer = await tool?.run({ ...extension, proofs }, input, {});
      assert.equal((answer as { written: string }).written, reply.outPath);
    } finally {
      stopCommands();
      stop();
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
      page.posted.length = 0;
      const data = uri('watched', ...DATA);
      const change = async () => write(data, (await read(data)).fill(1, 440, 444));
      const isTold = () => page.posted.some((m) => m.type === 'changed');
      const isForgotten = async () => (await extension.proofs.last(adapted)) === null;
      await writeUntil('the page is told', change, async () => isTold() && (await isForgotten()));
    } finally {
      stop();
      page.close();
      status.dispose();
    }
  });
});
