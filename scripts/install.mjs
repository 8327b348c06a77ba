import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { main, root, run, step } from './step.mjs';

// Runs before node_modules exists, so this file and what it imports use Node's own modules only.

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages ?? null;
  } catch {
    return null;
  }
}

/** Why node_modules does not fit the lock file, or null when it does. Packages for other platforms may be absent. */
export function staleReason(folder = root) {
  const wanted = readPackages(join(folder, 'package-lock.json'));
  if (!wanted) throw new Error('package-lock.json is missing or is not JSON; restore it from git.');
  const present = readPackages(join(folder, 'node_modules', '.package-lock.json'));
  if (!present) return 'node_modules is missing';
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '' || entry.link) continue;
    const installed = present[path];
    if (!installed && entry.optional) continue;
    if (installed?.version !== entry.version) return `${path} is not at ${entry.version}`;
    if (!existsSync(join(folder, path, 'package.json'))) return `${path} is missing`;
  }
  return null;
}

/** Throws where this Node is too old. */
export function checkNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20) throw new Error(`Node ${process.versions.node} is too old; Channelwise needs Node 20 or newer.`);
}

/** Brings node_modules in line with the lock file; does nothing when it already is. */
export async function ensureInstalled() {
  checkNode();
  const reason = staleReason();
  if (reason === null) return;
  await step(`Installing packages (${reason})`, () =>
    run('npm ci', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']),
  );
}

if (process.argv[1]?.endsWith('install.mjs')) await main(ensureInstalled);
