import * as vscode from 'vscode';
import assert from './assert.ts';
import { exists, folder, namesIn, read, uri, write } from './files.ts';
import { pause, until } from './workspace.ts';

const convert = (clicked: vscode.Uri, all?: vscode.Uri[]): Thenable<unknown> =>
  vscode.commands.executeCommand('channelwise.convertToGrayscale', clicked, all);

/** The JSON of a safetensors file behind its eight bytes of length. */
function safetensorsHeader(bytes: Uint8Array): Record<string, { shape?: number[] }> {
  const length = new DataView(bytes.buffer).getUint32(0, true);
  return JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<string, { shape?: number[] }>;
}

/** Presses a key of the quick input again and again until the command that opened it has ended. */
async function pressUntil(key: string, command: Thenable<unknown>): Promise<void> {
  let ended = false;
  void Promise.resolve(command).finally(() => {
    ended = true;
  });
  for (let i = 0; i < 100 && !ended; i++) {
    await vscode.commands.executeCommand(key);
    await pause(100);
  }
  assert.ok(ended, 'the command ended');
}

describe('Channelwise in VS Code', () => {
  it('has every command that it contributes, and is the default editor for .onnx', async () => {
    await vscode.commands.executeCommand('vscode.open', uri('resnet.onnx'));
    await until(
      'the custom editor is open',
      () => vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputCustom,
    );
    const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    assert.ok(input instanceof vscode.TabInputCustom);
    assert.equal(input.viewType, 'channelwise.model');
    const registered = await vscode.commands.getCommands(true);
    const { contributes } = vscode.extensions.getExtension('channelwise.channelwise')?.packageJSON as {
      contributes: { commands: { command: string }[] };
    };
    const missing = contributes.commands.map((c) => c.command).filter((name) => !registered.includes(name));
    assert.deepEqual(missing, []);
    assert.ok(contributes.commands.length > 5);
  });

  it('writes NAME.gray.onnx beside the model, then NAME.gray-2.onnx, and leaves the original alone', async () => {
    const before = await read(uri('resnet.onnx'));
    await convert(uri('resnet.onnx'));
    assert.ok(await exists(uri('resnet.gray.onnx')));
    const first = await read(uri('resnet.gray.onnx'));
    await convert(uri('resnet.onnx'));
    assert.ok(await exists(uri('resnet.gray-2.onnx')));
    assert.deepEqual(await read(uri('resnet.gray.onnx')), first);
    assert.deepEqual(await read(uri('resnet.onnx')), before);
  });

  it('converts several selected files at once, and goes on behind a bad one', async () => {
    await convert(uri('text.onnx'), [uri('text.onnx'), uri('second.onnx')]);
    assert.ok(await exists(uri('second.gray.onnx')));
  });

  it('takes the model of the active editor when nothing was clicked', async () => {
    await vscode.commands.executeCommand('vscode.open', uri('second.onnx'));
    await until(
      'second.onnx is active',
      () => vscode.window.tabGroups.activeTabGroup.activeTab?.label === 'second.onnx',
    );
    await vscode.commands.executeCommand('channelwise.convertToGrayscale');
    assert.ok(await exists(uri('second.gray-2.onnx')));
  });

  it('converts weights without a graph, as for any model', async () => {
    const original = await read(uri('weights.safetensors'));
    await convert(uri('weights.safetensors'));
    const header = safetensorsHeader(await read(uri('weights.gray.safetensors')));
    assert.deepEqual(header['conv1.weight']?.shape, [4, 1, 3, 3]);
    assert.deepEqual(header['fc.weight']?.shape, [2, 4]);
    assert.deepEqual(await read(uri('weights.safetensors')), original);
    await vscode.commands.executeCommand('vscode.open', uri('weights.gray.safetensors'));
    await until('the tree is open', () => {
      const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
      return input instanceof vscode.TabInputCustom && input.viewType === 'channelwise.model';
    });
  });

  for (const name of ['truncated.onnx', 'text.onnx', 'empty.onnx', 'folder.onnx', 'resnet.gray.onnx', 'missing.onnx']) {
    it(`writes nothing for ${name}`, async () => {
      const before = await namesIn(folder());
      await convert(uri(name));
      assert.deepEqual(await namesIn(folder()), before);
    });
  }

  it('Adapt Channels… by keyboard: the first map, the plan, and a new file', async () => {
    await pressUntil(
      'workbench.action.acceptSelectedQuickOpenItem',
      vscode.commands.executeCommand('channelwise.adaptChannels', uri('resnet.onnx')),
    );
    assert.ok(await exists(uri('resnet.gray-3.onnx')));
  });

  it('Adapt Channels… asks which of several inputs', async () => {
    await pressUntil(
      'workbench.action.acceptSelectedQuickOpenItem',
      vscode.commands.executeCommand('channelwise.adaptChannels', uri('two.onnx')),
    );
    assert.ok(await exists(uri('two.gray.onnx')));
  });

  it('Adapt Channels… and Copy as Python left by Escape write nothing', async () => {
    const before = await namesIn(folder());
    for (const name of ['adaptChannels', 'copyAsPython'])
      await pressUntil(
        'workbench.action.closeQuickOpen',
        vscode.commands.executeCommand(`channelwise.${name}`, uri('resnet.onnx')),
      );
    assert.deepEqual(await namesIn(folder()), before);
  });

  it('files that are not on disk end in a message, not in an exception', async () => {
    const before = await namesIn(folder());
    const virtual = uri('resnet.onnx').with({ scheme: 'git' });
    for (const name of ['convertToGrayscale', 'adaptChannels', 'verify', 'copyAsPython'])
      await vscode.commands.executeCommand(`channelwise.${name}`, virtual);
    assert.deepEqual(await namesIn(folder()), before);
  });

  it('opens the new model where the setting says so', async () => {
    const settings = vscode.workspace.getConfiguration('channelwise');
    await settings.update('openAfterConversion', true, vscode.ConfigurationTarget.Global);
    try {
      await convert(uri('second.onnx'));
      await until(
        'the new model is open',
        () => vscode.window.tabGroups.activeTabGroup.activeTab?.label === 'second.gray-3.onnx',
      );
    } finally {
      await settings.update('openAfterConversion', undefined, vscode.ConfigurationTarget.Global);
    }
  });

  it('opens a broken file without harm, and the editor stays when the file changes', async () => {
    await vscode.commands.executeCommand('channelwise.openPreview', uri('truncated.onnx'));
    await until(
      'the broken file has a tab',
      () => vscode.window.tabGroups.activeTabGroup.activeTab?.label === 'truncated.onnx',
    );
    await write(uri('truncated.onnx'), await read(uri('resnet.onnx')));
    assert.equal(vscode.window.tabGroups.activeTabGroup.activeTab?.label, 'truncated.onnx');
    await convert(uri('truncated.onnx'));
    assert.ok(await exists(uri('truncated.gray.onnx')));
  });
});
