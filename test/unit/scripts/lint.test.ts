import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ESLint } from 'eslint';

const RULE = 'no-restricted-syntax';

/** The messages of one rule for a text that stands where `filePath` says. Only rules that need no types are asked. */
async function found(code: string, filePath: string): Promise<number> {
  const untyped = {
    languageOptions: { parserOptions: { project: null } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'off',
      '@typescript-eslint/no-misused-promises': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': 'off',
    },
  } as const;
  const [result] = await new ESLint({ overrideConfig: [untyped] }).lintText(code, { filePath });
  assert.ok(result);
  assert.equal(result.fatalErrorCount, 0, result.messages[0]?.message);
  return result.messages.filter((m) => m.ruleId === RULE).length;
}

test('outside src/vscode/window no text reaches a part of VS Code that shows it', async () => {
  const header = `import * as vscode from 'vscode';\n`;
  for (const code of [
    `${header}void vscode.window.showErrorMessage(name);`,
    `${header}vscode.window.createStatusBarItem();`,
    `${header}vscode.window.createOutputChannel('x');`,
    `${header}vscode.window.withProgress(options, work);`,
    `${header}const { window } = vscode;`,
    `${header}const shown = vscode.window;`,
    `${header}vscode.window['showErrorMessage'](name);`,
    `${header}vscode['window'].showErrorMessage(name);`,
    `${header}new vscode.MarkdownString(name);`,
    `${header}const all = vscode;`,
    `import { window } from 'vscode';`,
    `import * as code from 'vscode';`,
  ])
    assert.ok((await found(code, 'src/vscode/commands/new.ts')) > 0, code);
  for (const code of [
    `${header}vscode.window.tabGroups.activeTabGroup;`,
    `${header}vscode.window.registerCustomEditorProvider('x', editor);`,
    `${header}void vscode.commands.executeCommand('vscode.open', uri);`,
  ])
    assert.equal(await found(code, 'src/vscode/commands/new.ts'), 0, code);
  assert.equal(await found(`${header}void vscode.window.showErrorMessage(name);`, 'src/vscode/window/new.ts'), 0);
});
