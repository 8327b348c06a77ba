import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './step.mjs';

/** What the extension needs at run time. */
const LINKED = ['dist', 'media'];

const MAIN = `const vscode = require('vscode');
const extension = require('./dist/extension.cjs');

exports.activate = (context) => {
  extension.activate(context);
  return vscode.commands.executeCommand('workbench.action.openWalkthrough', context.extension.id + '#start', false);
};
exports.deactivate = extension.deactivate;
`;

/**
 * The extension as it is, but for one thing: it starts with VS Code and opens its walkthrough. Gives the folder to
 * develop in.
 */
export function writeStartFolder() {
  const folder = join(root, '.vscode-test', 'start');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const activationEvents = [...manifest.activationEvents, 'onStartupFinished'];
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, activationEvents, main: './start.cjs' }));
  writeFileSync(join(folder, 'start.cjs'), MAIN);
  for (const name of LINKED) symlinkSync(join(root, name), join(folder, name), 'junction');
  return folder;
}
