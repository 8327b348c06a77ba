import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { asPage } from './asPage.ts';
import { MEMORY_SCHEME, MemoryFileSystem, type Step } from './memoryFileSystem.ts';
import { ownExtension, until, uri } from './workspace.ts';

const inMemory = (path: string): vscode.Uri => vscode.Uri.from({ scheme: MEMORY_SCHEME, path });

describe('Channelwise on files that lie on no disk', () => {
  const files = new MemoryFileSystem();
  const extension = ownExtension();
  let registered: vscode.Disposable | null = null;
  before(() => {
    registered = vscode.workspace.registerFileSystemProvider(MEMORY_SCHEME, files, { isCaseSensitive: true });
    files.put('/a b', null);
    files.put('/a b/net.onnx', readFileSync(uri('resnet.onnx').fsPath));
    files.put('/a b/weights.safetensors', readFileSync(uri('weights.safetensors').fsPath));
  });
  after(async () => {
    await extension.jobs.close();
    registered?.dispose();
  });

  const pageOf = (of: vscode.Uri): ReturnType<typeof asPage> => asPage(extension, extension.models.add(of));

  it('opens a model in its editor, converts it by the command, verifies and compares it', async () => {
    const original = inMemory('/a b/net.onnx');
    await vscode.commands.executeCommand('vscode.open', original);
    await until('the custom editor is open', () => {
      const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
      return input instanceof vscode.TabInputCustom && input.uri.toString() === original.toString();
    });
    await vscode.commands.executeCommand('channelwise.convertToGrayscale', original);
    assert.ok(files.names().includes('/a b/net.gray.onnx'), files.names().join());
    const gray = inMemory('/a b/net.gray.onnx');
    const ask = pageOf(gray);
    const model = await ask('model', null);
    assert.equal(model.head.fileName, 'net.gray.onnx');
    assert.equal(model.head.adaptation?.original.state, 'same');
    assert.equal((await ask('prove', null)).verdict, 'proved');
    assert.equal((await ask('lastProof', null))?.verdict, 'proved');
    await ask('command', { name: 'compareOriginal' });
    assert.ok(await ask('comparison', null));
    assert.equal((await ask('tensorStatistics', { tensor: 'conv1.weight' })).count, 16 * 7 * 7);
    await assert.rejects(ask('copyLink', { node: 'x' }), /this one lies on none/);
    files.put('/a b/net.onnx', readFileSync(uri('second.onnx').fsPath));
    assert.equal(await ask('lastProof', null), null, 'the original was written to since');
  });

  it('converts weights without a graph', async () => {
    await vscode.commands.executeCommand('channelwise.convertToGrayscale', inMemory('/a b/weights.safetensors'));
    assert.ok(files.names().includes('/a b/weights.gray.safetensors'));
    assert.ok(!files.names().some((name) => name.endsWith('.tmp')));
  });

  for (const step of ['stat', 'readFile', 'writeFile', 'rename'] satisfies Step[])
    it(`leaves source and folder as they were where the provider fails at ${step}`, async () => {
      files.put('/a b/net.onnx', readFileSync(uri('resnet.onnx').fsPath));
      const before = new Map(files.entries);
      files.steps.length = 0;
      files.failAt = step;
      try {
        await vscode.commands.executeCommand('channelwise.convertToGrayscale', inMemory('/a b/net.onnx'));
      } finally {
        files.failAt = null;
      }
      assert.ok(files.steps.includes(step), `${step} was reached`);
      assert.deepEqual(
        files.names(),
        [...before]
          .filter(([, { bytes }]) => bytes)
          .map(([path]) => path)
          .sort(),
      );
      for (const [path, entry] of files.entries) assert.equal(entry.bytes, before.get(path)?.bytes, path);
    });
});
