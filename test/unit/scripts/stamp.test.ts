import assert from 'node:assert/strict';
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFresh, writeStamp } from '../../../scripts/bundles/stamp.mjs';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('stamp');

test('a build is fresh until a file it is made from is written to, added or removed', () => {
  for (const name of ['src/cli', 'dist']) mkdirSync(join(folder, name), { recursive: true });
  const file = join(folder, 'src/cli/a.ts');
  writeFileSync(file, 'one');
  assert.equal(isFresh(folder), false);
  writeStamp(folder);
  assert.equal(isFresh(folder), true);
  const changes: readonly (() => void)[] = [
    () => writeFileSync(file, 'longer'),
    () => utimesSync(file, new Date(), new Date(1e12)),
    () => writeFileSync(join(folder, 'src/b.ts'), ''),
    () => rmSync(join(folder, 'src/b.ts')),
    () => writeFileSync(join(folder, 'package.json'), '{}'),
  ];
  for (const change of changes) {
    change();
    assert.equal(isFresh(folder), false, change.toString());
    writeStamp(folder);
    assert.equal(isFresh(folder), true);
  }
  // What is built is no input.
  writeFileSync(join(folder, 'dist/cli.js'), '');
  assert.equal(isFresh(folder), true);
});
