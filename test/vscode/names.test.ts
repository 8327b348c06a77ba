import * as vscode from 'vscode';
import { Links } from '../../src/vscode/editor/links.ts';
import { linkText } from '../../src/vscode/editor/nodeLink.ts';
import { StatusLine } from '../../src/vscode/window/statusLine.ts';
import { placeOf } from '../../src/vscode/modelFiles.ts';
import { plainMarkdown } from '../../src/vscode/window/messages.ts';
import { DTYPE, encodeModel, externalTensor, floatTensor, model, node, valueInfo } from '../fixtures/modelBuilder.ts';
import assert from './assert.ts';
import { uri, write } from './files.ts';
import { recordShown, type Shown } from './shownTexts.ts';
import { pause, until } from './workspace.ts';

/** What VS Code would make of a name: a link that runs a command, an icon, text that runs backwards, a new line. */
const PAYLOAD = '[Show details](command:workbench.action.quit) $(warning)';
const UNSEEN = '\u202e\u0007\n';
const named = (what: string): string => `${what}${PAYLOAD}${UNSEEN}`;

const LINK = /\[[^\]]+\]\((?:https?:\/\/|command:|file:)[^)\s]+/i;
const ICON = /\$\([a-z-]+(?:~[a-z]+)?\)/i;
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
/** The longest text but for tabs, and the marks that stand for its middle. */
const LONGEST = 620;

const ON_WINDOWS = placeOf(uri('')).includes('\\');
/** A file may be called so on most systems; Windows takes neither `:` nor `"`. */
const FILE = ON_WINDOWS ? 'net$(flame).onnx' : `net${PAYLOAD}.onnx`;

function imageModel(inputs: readonly string[]): Uint8Array {
  const weights = Array.from({ length: 12 }, (_, i) => i / 7);
  return encodeModel(
    model({
      inputs: inputs.map((name) => valueInfo(name, [named('batch'), 3, 8, 8])),
      outputs: inputs.map((_, i) => valueInfo(named(`output${i}`), null)),
      initializers: [floatTensor(named('weight'), [4, 3, 1, 1], weights)],
      nodes: inputs.map((name, i) => ({
        ...node('Conv', [name, named('weight')], [named(`output${i}`)]),
        name: named(`node${i}`),
      })),
      metadata: { [named('key')]: named('value') },
    }),
  );
}

function missingData(): Uint8Array {
  const weight = externalTensor('w', DTYPE.float32, [4, 3, 1, 1], {
    location: `location${PAYLOAD}`,
    length: '48',
  });
  return encodeModel(
    model({
      inputs: [valueInfo('x', [1, 3, 8, 8])],
      outputs: [valueInfo('y', null)],
      initializers: [weight],
      nodes: [node('Conv', ['x', 'w'], ['y'])],
    }),
  );
}

function textModel(): Uint8Array {
  return encodeModel(
    model({
      inputs: [valueInfo(named('tokens'), [1, 7])],
      outputs: [valueInfo('y', null)],
      nodes: [node('Relu', [named('tokens')], ['y'])],
    }),
  );
}

/** More than any flow asks. */
const MOST_QUESTIONS = 12;

/** Runs a command of the extension and accepts what it asks, until it ends; a question that takes no answer is left. */
async function runAccepting(name: string, ...args: unknown[]): Promise<void> {
  let ended = false;
  const command = Promise.resolve(vscode.commands.executeCommand(`channelwise.${name}`, ...args)).finally(() => {
    ended = true;
  });
  for (let asked = 0; !ended; asked++) {
    const key = asked < MOST_QUESTIONS ? 'acceptSelectedQuickOpenItem' : 'closeQuickOpen';
    await vscode.commands.executeCommand(`workbench.action.${key}`);
    await pause(100);
  }
  await command;
}

function assertInert(shown: readonly Shown[]): void {
  for (const { where, text } of shown) {
    // An icon of ours may stand in front.
    const said = text.replace(/^\$\([a-z-]+\) /, '');
    assert.doesNotMatch(said, LINK, where);
    assert.doesNotMatch(said, ICON, where);
    assert.doesNotMatch(said, INVISIBLE, where);
    assert.ok(where === 'tab' || [...said].length <= LONGEST, `${where}: ${said.length} characters`);
  }
}

describe('Names in a model', () => {
  it('are text wherever VS Code shows them: no link, no icon, nothing unseen', async () => {
    const [file, several, missing, text] = [
      uri(FILE),
      uri('hostile-two.onnx'),
      uri('hostile-data.onnx'),
      uri('t.onnx'),
    ];
    await write(file, imageModel([named('input')]));
    await write(several, imageModel([named('before'), named('after')]));
    await write(missing, missingData());
    await write(text, textModel());
    const { shown, stop } = recordShown();
    try {
      await vscode.commands.executeCommand('channelwise.convertToGrayscale', file);
      await until('the conversion is announced', () =>
        shown.some((s) => s.where === 'tab' && s.text.includes('Verif')),
      );
      await runAccepting('adaptChannels', several);
      for (const bad of [missing, text, uri(`gone${PAYLOAD}.onnx`)]) {
        await vscode.commands.executeCommand('channelwise.convertToGrayscale', bad);
        await runAccepting('adaptChannels', bad);
        await runAccepting('verify', bad);
      }
      await vscode.commands.executeCommand('channelwise.convertToGrayscale', file, [file, missing, text]);
      await until('several are announced', () => shown.some((s) => s.text.includes('not converted')));
      await runAccepting('copyAsPython', file);
      await runAccepting('evaluate', file);
      await runAccepting('verify', file);
      await runAccepting('compare', file);
      const link = linkText('vscode', { file: `/gone/link${PAYLOAD}${UNSEEN}.onnx`, node: 'x' });
      await new Links({ open: () => assert.fail('nothing is opened') }).handleUri(vscode.Uri.parse(link));
      const status = new StatusLine('test', 'test', 'circuit-board');
      status.show(named('status'));
      status.dispose();
    } finally {
      stop();
    }
    assertInert(shown);
    const places = new Set(shown.map((s) => s.where));
    for (const place of ['message', 'progress', 'quick pick', 'dialog', 'tab', 'status bar'])
      assert.ok(places.has(place), `something was shown in a ${place}`);
    const all = shown.map((s) => s.text).join('\n');
    const marks = ['net', 'weight', 'before', 'after', 'location', 'tokens', 'gone', 'link', 'status'];
    for (const mark of ON_WINDOWS ? marks.slice(1) : marks)
      assert.ok(all.includes(`${mark}[Show details] (command:`), `the name of ${mark} was shown`);
  });

  it('are no Markdown either', () => {
    const { value, isTrusted, supportThemeIcons, supportHtml } = plainMarkdown(`*a* <b>${PAYLOAD}</b> ![x](https://y)`);
    assert.ok(!isTrusted && !supportThemeIcons && !supportHtml);
    assert.doesNotMatch(value, /(?<!\\)[*![]|\]\(/);
  });

  it('of files reach the editor through a link as they are', async () => {
    const name = ON_WINDOWS ? 'a&b+c %41 #1.onnx' : `a&b+c %41 #1 ${PAYLOAD}?.onnx`;
    await write(uri(name), imageModel(['x']));
    const opened: [string, string][] = [];
    const open = (file: vscode.Uri) =>
      Promise.resolve({ show: ({ node }: { node: string }) => opened.push([file.toString(), node]) });
    const links = new Links({ open } as unknown as ConstructorParameters<typeof Links>[0]);
    await links.handleUri(vscode.Uri.parse(linkText('vscode', { file: placeOf(uri(name)), node: named('n&+%41') })));
    assert.deepEqual(opened, [[uri(name).toString(), named('n&+%41')]]);
  });
});
