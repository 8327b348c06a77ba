import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';

const folder = (): string => vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
const uri = (name: string): vscode.Uri => vscode.Uri.file(join(folder(), name));
const convert = (clicked: vscode.Uri, all?: vscode.Uri[]): Thenable<unknown> =>
  vscode.commands.executeCommand('channelwise.convertToGrayscale', clicked, all);

/** Waits for something to become true; fails with `what` when it doesn't in ten seconds. */
async function until(what: string, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`never: ${what}`);
}

/** Presses a key of the quick input again and again until the command that opened it has ended. */
async function pressUntil(key: string, command: Thenable<unknown>): Promise<void> {
  let ended = false;
  void Promise.resolve(command).finally(() => {
    ended = true;
  });
  for (let i = 0; i < 100 && !ended; i++) {
    await vscode.commands.executeCommand(key);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.ok(ended, 'the command ended');
}

describe('Channelwise in VS Code', () => {
  it('contributes its commands and the default editor for .onnx', async () => {
    const commands = await vscode.commands.getCommands(true);
    await vscode.commands.executeCommand('vscode.open', uri('resnet.onnx'));
    for (const name of ['convertToGrayscale', 'adaptChannels', 'openPreview', 'verify', 'copyAsPython'])
      assert.ok(
        commands.includes(`channelwise.${name}`) || vscode.extensions.getExtension('channelwise.channelwise')?.isActive,
        name,
      );
    await until(
      'the custom editor is open',
      () => vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputCustom,
    );
    const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    assert.ok(input instanceof vscode.TabInputCustom);
    assert.equal(input.viewType, 'channelwise.model');
  });

  it('writes NAME.gray.onnx beside the model, then NAME.gray-2.onnx, and leaves the original alone', async () => {
    const before = readFileSync(uri('resnet.onnx').fsPath);
    await convert(uri('resnet.onnx'));
    assert.ok(existsSync(uri('resnet.gray.onnx').fsPath));
    const first = readFileSync(uri('resnet.gray.onnx').fsPath);
    await convert(uri('resnet.onnx'));
    assert.ok(existsSync(uri('resnet.gray-2.onnx').fsPath));
    assert.deepEqual(readFileSync(uri('resnet.gray.onnx').fsPath), first);
    assert.deepEqual(readFileSync(uri('resnet.onnx').fsPath), before);
  });

  it('converts several selected files at once, and goes on behind a bad one', async () => {
    await convert(uri('text.onnx'), [uri('text.onnx'), uri('second.onnx')]);
    assert.ok(existsSync(uri('second.gray.onnx').fsPath));
  });

  it('takes the model of the active editor when nothing was clicked', async () => {
    await vscode.commands.executeCommand('vscode.open', uri('second.onnx'));
    await until(
      'second.onnx is active',
      () => vscode.window.tabGroups.activeTabGroup.activeTab?.label === 'second.onnx',
    );
    await vscode.commands.executeCommand('channelwise.convertToGrayscale');
    assert.ok(existsSync(uri('second.gray-2.onnx').fsPath));
  });

  for (const name of ['truncated.onnx', 'text.onnx', 'empty.onnx', 'folder.onnx', 'resnet.gray.onnx', 'missing.onnx']) {
    it(`writes nothing for ${name}`, async () => {
      const before = readdirSync(folder()).sort();
      await convert(uri(name));
      assert.deepEqual(readdirSync(folder()).sort(), before);
    });
  }

  it('Adapt Channels… by keyboard: the first map, the plan, and a new file', async () => {
    await pressUntil(
      'workbench.action.acceptSelectedQuickOpenItem',
      vscode.commands.executeCommand('channelwise.adaptChannels', uri('resnet.onnx')),
    );
    assert.ok(existsSync(uri('resnet.gray-3.onnx').fsPath));
  });

  it('Adapt Channels… asks which of several inputs', async () => {
    await pressUntil(
      'workbench.action.acceptSelectedQuickOpenItem',
      vscode.commands.executeCommand('channelwise.adaptChannels', uri('two.onnx')),
    );
    assert.ok(existsSync(uri('two.gray.onnx').fsPath));
  });

  it('Adapt Channels… and Copy as Python left by Escape write nothing', async () => {
    const before = readdirSync(folder()).sort();
    for (const name of ['adaptChannels', 'copyAsPython'])
      await pressUntil(
        'workbench.action.closeQuickOpen',
        vscode.commands.executeCommand(`channelwise.${name}`, uri('resnet.onnx')),
      );
    assert.deepEqual(readdirSync(folder()).sort(), before);
  });

  it('files that are not on disk end in a message, not in an exception', async () => {
    const before = readdirSync(folder()).sort();
    const virtual = uri('resnet.onnx').with({ scheme: 'git' });
    for (const name of ['convertToGrayscale', 'adaptChannels', 'verify', 'copyAsPython'])
      await vscode.commands.executeCommand(`channelwise.${name}`, virtual);
    assert.deepEqual(readdirSync(folder()).sort(), before);
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
    writeFileSync(uri('truncated.onnx').fsPath, readFileSync(uri('resnet.onnx').fsPath));
    assert.ok(statSync(uri('truncated.onnx').fsPath).size > 0);
    await convert(uri('truncated.onnx'));
    assert.ok(existsSync(uri('truncated.gray.onnx').fsPath));
  });
});
