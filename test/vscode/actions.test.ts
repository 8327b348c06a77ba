import * as vscode from 'vscode';
import { PAGE_ACTIONS } from '../../src/protocol/actions.ts';
import { AdaptFlow } from '../../src/vscode/commands/adaptChannels.ts';
import { convertToGrayscale } from '../../src/vscode/commands/convert.ts';
import { registerPageActions } from '../../src/vscode/editor/pageActions.ts';
import type { Extension } from '../../src/vscode/extensionParts.ts';
import { asPage } from './asPage.ts';
import assert from './assert.ts';
import { makeFolder, namesIn, read, readText, uri, write } from './files.ts';
import { answering, recordEnv, replaced } from './seams.ts';
import { ownExtension, pause, until } from './workspace.ts';

type Handler = (context: unknown) => void;

describe('Context menus of the page', () => {
  it('hand the thing that was clicked to the page, and nothing where VS Code names none', () => {
    const handlers = new Map<string, Handler>();
    const registerCommand = (name: string, handler: Handler): vscode.Disposable => {
      handlers.set(name, handler);
      return new vscode.Disposable(() => undefined);
    };
    const posted: unknown[] = [];
    const stop = replaced(vscode.commands, { registerCommand });
    try {
      registerPageActions({ post: (message) => posted.push(message) });
    } finally {
      stop();
    }
    for (const action of PAGE_ACTIONS) {
      const run = handlers.get(`channelwise.page.${action}`);
      assert.ok(run, action);
      for (const context of [{ webviewSection: 'layer', target: 'n0' }, { target: 5 }, null, undefined]) run(context);
      assert.deepEqual(
        posted.splice(0),
        ['n0', null, null, null].map((target) => ({ type: 'act', action, target })),
      );
    }
  });

  it('are in VS Code’s own menu of the page, each under its command', () => {
    const { contributes } = vscode.extensions.getExtension('channelwise.channelwise')?.packageJSON as {
      contributes: { menus: Record<string, { command: string; when?: string }[]> };
    };
    const menu = contributes.menus['webview/context'] ?? [];
    for (const action of PAGE_ACTIONS)
      assert.ok(
        menu.some(({ command, when }) => command === `channelwise.page.${action}` && when?.includes('webviewSection')),
        action,
      );
  });
});

describe('What a page asks VS Code for', () => {
  it('puts texts on the clipboard, and opens the pages of operators and nothing else', async () => {
    const extension = ownExtension();
    const { copied, opened, stop } = recordEnv();
    try {
      const ask = asPage(extension, extension.models.add(uri('resnet.onnx')));
      await ask('copyText', { text: 'conv1.weight\n[16, 3, 7, 7]' });
      assert.deepEqual(copied, ['conv1.weight\n[16, 3, 7, 7]']);
      await ask('openOperatorPage', { domain: '', opType: 'Conv' });
      assert.deepEqual(opened, ['https://onnx.ai/onnx/operators/onnx__Conv.html']);
      for (const [domain, opType] of [
        ['com.example', 'Conv'],
        ['', '../../x'],
        ['', 'Conv.html#'],
      ] as const)
        await assert.rejects(ask('openOperatorPage', { domain, opType }), /no page in the documentation/);
      assert.equal(opened.length, 1);
    } finally {
      stop();
    }
  });
});

/** Every way of writing a model, in a folder with one. */
const WRITING: Readonly<Record<string, (extension: Extension, model: vscode.Uri) => Promise<void>>> = {
  'Convert to Grayscale': (extension, model) => convertToGrayscale(extension, model, undefined),
  'Convert to Grayscale of several': (extension, model) => {
    const second = vscode.Uri.joinPath(model, '..', 'second.onnx');
    return convertToGrayscale(extension, model, [model, second]);
  },
  'the page’s Convert': async (extension, model) => {
    await asPage(extension, extension.models.add(model))('convertToGrayscale', null);
  },
  'Adapt Channels…': async (extension, model) => {
    const memory = { get: () => undefined, update: () => Promise.resolve(), keys: () => [] };
    let ended = false;
    const flow = new AdaptFlow(extension, memory).run(model, 'write').finally(() => {
      ended = true;
    });
    for (let i = 0; i < 100 && !ended; i++) {
      await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      await pause(100);
    }
    await flow;
  },
};

describe('Undo', () => {
  for (const [what, convert] of Object.entries(WRITING))
    it(`takes back what ${what} wrote, and nothing else`, async () => {
      const place = await makeFolder(uri(what.replace(/[^a-z]/gi, '')));
      for (const name of ['model.onnx', 'second.onnx'])
        await write(vscode.Uri.joinPath(place, name), await read(uri('third.onnx')));
      const extension = ownExtension();
      const { said, stop } = answering(uri(''), ['Undo']);
      try {
        await convert(extension, vscode.Uri.joinPath(place, 'model.onnx'));
        await until('it says that it was undone', () => said.some((text) => text.startsWith('Undone: ')));
        assert.deepEqual(await namesIn(place), ['model.onnx', 'second.onnx']);
        assert.match(said.join('\n'), /converted|onnx: /);
      } finally {
        stop();
      }
    });

  it('on the Adaptation tab is there for what was written here, and refuses what changed since', async () => {
    const place = await makeFolder(uri('undoOnPage'));
    const [model, gray] = ['model.onnx', 'model.gray.onnx'].map((name) => vscode.Uri.joinPath(place, name));
    assert.ok(model && gray);
    await write(model, await read(uri('third.onnx')));
    const extension = ownExtension();
    const { said, stop } = answering(uri(''), []);
    try {
      const ask = asPage(extension, extension.models.add(gray));
      assert.equal(await ask('canUndo', null), false);
      await convertToGrayscale(extension, model, undefined);
      await until('it was announced', () => said.length === 1);
      assert.equal(await ask('canUndo', null), true);
      await write(gray, 'changed');
      await assert.rejects(ask('undoConversion', null), /was changed/);
      assert.equal(await readText(gray), 'changed');
    } finally {
      stop();
    }
  });
});
