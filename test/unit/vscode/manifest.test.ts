import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { PAGE_ACTIONS } from '../../../src/protocol/actions.ts';
import { ENDINGS } from '../../../src/formats/endings.ts';
import { FORMATS } from '../../../src/formats/table.ts';

interface MenuItem {
  readonly command: string;
  readonly when: string;
}

interface Contributes {
  readonly commands: readonly { readonly command: string }[];
  readonly menus: Readonly<Record<string, readonly MenuItem[]>>;
  readonly customEditors: readonly {
    readonly priority: string;
    readonly selector: readonly { readonly filenamePattern: string }[];
  }[];
  readonly languages: readonly { readonly extensions?: readonly string[]; readonly icon?: Record<string, string> }[];
  readonly languageModelTools: readonly { readonly name: string }[];
}

const root = new URL('../../../', import.meta.url);
const { contributes } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { contributes: Contributes };

const extensions = FORMATS.flatMap(({ id }) => ENDINGS[id].own);
const otherExtensions = FORMATS.flatMap(({ id }) => ENDINGS[id].shared);
const graphs = FORMATS.filter(({ holds }) => holds === 'graph').flatMap(({ id }) => ENDINGS[id].own);

/** What `resourceFilename =~ /…/i` in a menu's condition takes. */
function taken(when: string): string[] {
  const pattern = /resourceFilename =~ \/(.+)\/i/.exec(when)?.[1];
  assert.ok(pattern, when);
  const expression = new RegExp(pattern, 'i');
  const others = ['.txt', '.onnx.txt', '.json', '.index.json', '.onnxx'];
  return [...extensions, ...otherExtensions, ...others].filter((e) => expression.test(`net${e}`));
}

test('the editor, the menus and the file icon are for the formats there are', () => {
  const patterns = (priority: string): string[] =>
    contributes.customEditors
      .filter((editor) => editor.priority === priority)
      .flatMap(({ selector }) => selector.map((s) => s.filenamePattern));
  assert.deepEqual(
    patterns('default'),
    extensions.map((e) => `*${e}`),
  );
  assert.deepEqual(
    patterns('option'),
    otherExtensions.map((e) => `*${e}`),
  );
  assert.deepEqual(
    contributes.languages.flatMap((language) => language.extensions ?? []),
    extensions,
  );
  const menu = contributes.menus['explorer/context'] ?? [];
  assert.ok(menu.length > 5);
  for (const { command, when } of menu) {
    assert.match(when, / && !explorerResourceIsFolder$/, 'a folder may be called as a model is');
    const runs = command === 'channelwise.evaluate';
    assert.deepEqual(taken(when), runs ? graphs : [...extensions, ...otherExtensions], command);
  }
});

test('menus name commands that there are, and files that there are', () => {
  const commands = new Set(contributes.commands.map(({ command }) => command));
  const items = Object.values(contributes.menus).flat();
  assert.deepEqual(
    items.filter(({ command }) => !commands.has(command)),
    [],
  );
  const icons = contributes.languages.flatMap(({ icon }) => Object.values(icon ?? {}));
  assert.deepEqual(
    icons.filter((icon) => !existsSync(new URL(icon, root))),
    [],
  );
});

test('every action of the page is a command, stands in the context menus, and acts on a selection from the palette', () => {
  const expected = PAGE_ACTIONS.map((action) => `channelwise.page.${action}`);
  const commands = contributes.commands.map(({ command }) => command);
  const ofPage = (list: readonly string[]): string[] =>
    list.filter((command) => command.startsWith('channelwise.page.'));
  const inMenu = (menu: string): string[] => (contributes.menus[menu] ?? []).map(({ command }) => command);
  assert.deepEqual(ofPage(commands), expected);
  assert.deepEqual(inMenu('webview/context'), expected);
  assert.deepEqual(ofPage(inMenu('commandPalette')), expected);
});
