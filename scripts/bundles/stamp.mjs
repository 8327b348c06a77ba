import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../step.mjs';

/** What a build is made from. */
const INPUTS = ['src', 'webview-ui', 'scripts', 'package.json', 'package-lock.json', 'node_modules/.package-lock.json'];
const STAMP = 'dist/.stamp';

/** A text that changes when a file of a build's inputs is added, removed or written to. */
function stampOf(folder) {
  const hash = createHash('sha256');
  for (const input of INPUTS) {
    for (const path of filesOf(join(folder, input))) {
      const { size, mtimeMs } = statSync(path);
      hash.update(`${path}\n${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest('hex');
}

function filesOf(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) return stats ? [path] : [];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

/** Whether the last build was made from the files as they are now. */
export function isFresh(folder = root) {
  try {
    return readFileSync(join(folder, STAMP), 'utf8') === stampOf(folder);
  } catch {
    return false;
  }
}

/** Says that a build was made from the files as they are now. */
export function writeStamp(folder = root) {
  writeFileSync(join(folder, STAMP), stampOf(folder));
}
