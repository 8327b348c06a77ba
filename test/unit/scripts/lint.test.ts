import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const ROOT = join(import.meta.dirname, '../../..');
const OXLINT = join(ROOT, 'node_modules/oxlint/bin/oxlint');

/** A text where it would stand in this project, and the rule that must speak there; null where none may. */
interface Row {
  path: string;
  code: string;
  rule: string | null;
}

const imports = (path: string, from: string, rule: string | null = 'no-restricted-imports'): Row => ({
  path,
  code: `import { thing } from '${from}';\nthing();\n`,
  rule,
});

const FENCES: readonly Row[] = [
  imports('src/graph/upwards.ts', '../adapt/plan.ts'),
  imports('src/graph/shapes/upwards.ts', '../../jobs/convert.ts'),
  imports('src/adapt/downwards.ts', '../graph/scan.ts', null),
  imports('src/adapt/node.ts', 'node:path'),
  imports('src/jobs/files.ts', 'node:fs'),
  imports('src/files/save/files.ts', 'node:fs', null),
  imports('src/files/save/twin.web.ts', 'node:fs'),
  imports('src/jobs/editor.ts', 'vscode'),
  imports('src/adapt/runtime.ts', 'onnxruntime-web'),
  imports('src/verify/session.ts', 'onnxruntime-web', null),
  imports('src/page/drawing.ts', '../../webview-ui/draw/svg.ts'),
  imports('src/page/printed/graphSvg.ts', '../../../webview-ui/draw/svg.ts', null),
  imports('src/protocol/core.ts', '../graph/scan.ts'),
  imports('src/vscode/core.ts', '../adapt/plan.ts'),
  imports('webview-ui/draw/core.ts', '../../src/graph/scan.ts'),
  imports('webview-ui/draw/protocol.ts', '../../src/protocol/messages.ts', null),
  imports('webview-ui/draw/upwards.ts', '../state/page.ts'),
  {
    path: 'src/bytes/one.ts',
    code: `import { two } from './two.ts';\nexport const one = () => two();\n`,
    rule: 'no-cycle',
  },
  {
    path: 'src/bytes/two.ts',
    code: `import { one } from './one.ts';\nexport const two = () => one();\n`,
    rule: 'no-cycle',
  },
];

const HOOKED: readonly Row[] = ['after', 'afterEach', 'before', 'beforeEach', 'describe', 'it', 'mock', 'suite'].map(
  (name) => ({
    path: `test/unit/graph/${name}.test.ts`,
    code: `import { ${name}, test } from 'node:test';\n${name}(() => undefined);\ntest('one', () => undefined);\n`,
    rule: 'no-restricted-imports',
  }),
);

const TESTS: readonly Row[] = [
  ...HOOKED,
  {
    path: 'test/unit/graph/alone.test.ts',
    code: `import { test, type TestContext } from 'node:test';\ntest('one', (t: TestContext) => t.after(() => undefined));\n`,
    rule: null,
  },
  {
    path: 'test/e2e/hooked.test.ts',
    code: `import { after, test } from 'node:test';\nafter(() => undefined);\ntest('one', () => undefined);\n`,
    rule: null,
  },
  {
    path: 'test/e2e/suite.test.ts',
    code: `import { describe } from 'node:test';\ndescribe('one', () => undefined);\n`,
    rule: 'no-restricted-imports',
  },
  ...['it', 'it.only', 'describe.only'].map((call) => ({
    path: `test/vscode/${call}.test.ts`,
    code: `${call}('one', () => undefined);\n`,
    rule: call.endsWith('only') ? 'no-restricted-properties' : null,
  })),
];

const shows = (code: string): string =>
  `import * as vscode from 'vscode';\nexport const shown = () => {\n  ${code}\n};\n`;

const SHOWN = [
  shows(`return vscode.window.showErrorMessage(name);`),
  shows(`return vscode.window.createStatusBarItem();`),
  shows(`return vscode.window.withProgress(options, work);`),
  shows(`const { window } = vscode;\n  return window;`),
  shows(`const shown = vscode.window;\n  return shown;`),
  shows(`return vscode.window['showErrorMessage'](name);`),
  shows(`return vscode['window'].showErrorMessage(name);`),
  shows(`return new vscode.MarkdownString(name);`),
  shows(`const all = vscode;\n  return all;`),
  `import { window } from 'vscode';\nexport const shown = window;\n`,
  `import * as code from 'vscode';\nexport const shown = code;\n`,
];

const SILENT = [
  shows(`return vscode.window.tabGroups.activeTabGroup;`),
  shows(`return vscode.window.registerCustomEditorProvider('x', editor);`),
  shows(`return vscode.commands.executeCommand('vscode.open', uri);`),
];

const TEXTS: readonly Row[] = [
  ...SHOWN.map((code, i) => ({ path: `src/vscode/commands/shown${i}.ts`, code, rule: 'silent-window' })),
  ...SILENT.map((code, i) => ({ path: `src/vscode/commands/silent${i}.ts`, code, rule: null })),
  ...SHOWN.slice(0, 1).map((code) => ({ path: 'src/vscode/window/shown.ts', code, rule: null })),
];

const READABLE: readonly Row[] = [
  { path: 'src/bytes/any.ts', code: `export const open = (given: any) => given;\n`, rule: 'no-explicit-any' },
  { path: 'src/bytes/unused.ts', code: `const left = 1;\nexport {};\n`, rule: 'no-unused-vars' },
  {
    path: 'src/bytes/nested.ts',
    code: `export const of = (a: boolean, b: boolean) => (a ? 1 : b ? 2 : 3);\n`,
    rule: 'no-nested-ternary',
  },
  {
    path: 'src/bytes/params.ts',
    code: `export const of = (a: 1, b: 1, c: 1, d: 1, e: 1) => [a, b, c, d, e];\n`,
    rule: 'max-params',
  },
  {
    path: 'src/bytes/floating.ts',
    code: `const work = async () => {};\nexport const start = () => {\n  work();\n};\n`,
    rule: 'no-floating-promises',
  },
  {
    path: 'src/bytes/misused.ts',
    code: `const work = async () => {};\nexport const start = () => [1].forEach(work);\n`,
    rule: 'no-misused-promises',
  },
  {
    path: 'src/bytes/switch.ts',
    code: `export const of = (kind: 'a' | 'b') => {\n  switch (kind) {\n    case 'a':\n      return 1;\n  }\n  return 2;\n};\n`,
    rule: 'switch-exhaustiveness-check',
  },
];

/** A folder with the project's rules and these texts where the rows say. */
function projectOf(rows: readonly Row[]): string {
  const folder = temporaryFolder('lint');
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  for (const { path, code } of rows) put(path, code);
  put('tsconfig.json', JSON.stringify({ compilerOptions: { strict: true, target: 'ES2022' } }));
  mkdirSync(join(folder, 'scripts'));
  for (const file of ['oxlint.config.mjs', 'scripts/silentWindow.mjs'])
    copyFileSync(join(ROOT, file), join(folder, file));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  return folder;
}

/** The rules that speak in each file, by the file's path. */
function spoken(folder: string): Map<string, Set<string>> {
  const ran = spawnSync(process.execPath, [OXLINT, '-c', 'oxlint.config.mjs', '-f', 'json'], {
    cwd: folder,
    encoding: 'utf8',
  });
  const { diagnostics } = JSON.parse(ran.stdout) as { diagnostics: { code: string; filename: string }[] };
  const rules = new Map<string, Set<string>>();
  for (const { code, filename } of diagnostics) {
    const rule = /\(([^)]*)\)/.exec(code)?.[1] ?? code;
    rules.set(filename, (rules.get(filename) ?? new Set()).add(rule));
  }
  return rules;
}

test('rooms, texts and readable code: each lint rule speaks where it must and nowhere else', () => {
  const rows = [...FENCES, ...TEXTS, ...READABLE, ...TESTS];
  const rules = spoken(projectOf(rows));
  for (const { path, code, rule } of rows)
    assert.deepEqual([...(rules.get(path) ?? [])], rule === null ? [] : [rule], `${path}\n${code}`);
});
