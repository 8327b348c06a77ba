import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inertLine, inertText } from '../../../src/vscode/window/inertText.ts';

/** What VS Code itself looks for in messages and in labels. */
const LINK = /\[[^\]]+\]\((?:https?:\/\/|command:|file:)[^)\s]+/i;
const ICON = /\$\([a-z0-9-]+(?:~[a-z]+)?\)/i;

test('a text is shown as it is, and nothing in it is a link or an icon', () => {
  for (const [text, shown] of [
    ['conv1.weight [64, 3, 7, 7] → [64, 1, 7, 7]', 'conv1.weight [64, 3, 7, 7] → [64, 1, 7, 7]'],
    ['[Show details](command:workbench.action.quit)', '[Show details] (command:workbench.action.quit)'],
    ['$(warning) Verified', '$ (warning) Verified'],
    ['\\$(sync~spin)', '\\$ (sync~spin)'],
    ['[[x]](command:y)](https://z)', '[[x]] (command:y)] (https://z)'],
    ['a\u202ecod.exe', 'a\\u{202e}cod.exe'],
    ['a\nb\u0000c\u001b[31m', 'a\\u{a}b\\u{0}c\\u{1b}[31m'],
    ['[x]\u200b(command:y)', '[x]\\u{200b}(command:y)'],
    ['tag\u{e0041} half\ud800', 'tag\\u{e0041} half\\u{d800}'],
    ['größe 画像 👍', 'größe 画像 👍'],
  ] as const) {
    assert.equal(inertText(text), shown);
    assert.equal(inertLine(text), shown);
    assert.doesNotMatch(shown, LINK);
    assert.doesNotMatch(shown, ICON);
  }
  assert.match('[Show details](command:workbench.action.quit)', LINK, 'the pattern finds what is not inert');
  assert.match('$(warning) Verified', ICON);
});

test('a long text keeps its beginning and its end, and no character is cut in two', () => {
  const long = `start ${'👍'.repeat(100_000)} end`;
  const shown = inertText(long);
  assert.equal([...shown].length, 600 + ' … '.length);
  assert.match(shown, /^start 👍+ … 👍+ end$/u);
  assert.equal(inertLine(long), long);
  assert.equal(inertText('x'.repeat(600)), 'x'.repeat(600));
});

test('cutting a text makes no link', () => {
  for (let before = 440; before < 455; before++) {
    const shown = inertText(`${'x'.repeat(before)}[a]${'y'.repeat(300)}(command:b)`);
    assert.doesNotMatch(shown, LINK);
  }
});
