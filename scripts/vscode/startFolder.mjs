import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../step.mjs';

/**
 * What the extension needs at run time. Copies: by a link VS Code would take the code for another extension's, and hand
 * it an interface for extensions without a manifest, which sends the page no typed arrays.
 */
const COPIED = ['dist', 'media'];
/** Parts of `dist` for other hosts and for debugging. */
const LEFT_OUT = /[\\/]dist[\\/](web|test)$|\.map$/;

const MAIN = `const vscode = require('vscode');
const extension = require('./dist/extension.cjs');

exports.activate = (context) => {
  extension.activate(context);
  return vscode.commands.executeCommand('workbench.action.openWalkthrough', context.extension.id + '#start', false);
};
exports.deactivate = extension.deactivate;
`;

/**
 * The extension of a repository as it is built, but for one thing: it starts with VS Code and opens its walkthrough.
 * Gives the folder to develop in.
 */
export function writeStartFolder(repository = root) {
  const folder = join(repository, '.vscode-test', 'start');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
  const activationEvents = [...manifest.activationEvents, 'onStartupFinished'];
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, activationEvents, main: './start.cjs' }));
  writeFileSync(join(folder, 'start.cjs'), MAIN);
  for (const name of COPIED)
    cpSync(join(repository, name), join(folder, name), { recursive: true, filter: (from) => !LEFT_OUT.test(from) });
  return folder;
}

/**
 * The samples lie inside a repository; a question about that would cover the corner where conversions are announced.
 */
const SETTINGS = {
  'git.openRepositoryInParentFolders': 'never',
  'files.exclude': { '**/.vscode': true },
};

/** Settings for the folder of samples alone. Those that are there already stay as they are. */
export function writeStartSettings(samples) {
  const folder = join(samples, '.vscode');
  const file = join(folder, 'settings.json');
  if (existsSync(file)) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, `${JSON.stringify(SETTINGS, null, 2)}\n`);
}
