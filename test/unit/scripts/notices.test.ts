import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bundledPackages, noticesText } from '../../../scripts/bundles/notices.mjs';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('notices');

function pack(name: string, license: string, text?: string): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name, version: '1.2.3', license }));
  if (text !== undefined) writeFileSync(join(path, 'LICENSE.md'), text);
  return path;
}

test('a package brings its own licence text; one without any fails the build', () => {
  assert.match(noticesText([pack('good', 'ISC', 'Copyright Somebody')]), /good 1\.2\.3 \(ISC\)\n\nCopyright Somebody/);
  assert.throws(() => noticesText([pack('bare', 'MIT')]), /bare \(MIT\) has no licence text/);
});

test('a known package without a text gets the MIT licence with its holder, and only while it is MIT', () => {
  const text = noticesText([pack('onnxruntime-web', 'MIT')]);
  assert.match(text, /Copyright \(c\) Microsoft Corporation\n\nPermission is hereby granted/);
  assert.doesNotMatch(text, /Channelwise contributors/);
  assert.throws(() => noticesText([pack('onnxruntime-web', 'Other')]), /no licence text/);
});

test('packages are those from which bytes came, nested and scoped ones too', () => {
  const input = (bytesInOutput: number): { bytesInOutput: number } => ({ bytesInOutput });
  const outputs = {
    'a.js': {
      inputs: {
        'src/a.ts': input(5),
        'node_modules/one/x.js': input(1),
        'node_modules/one/y.js': input(1),
        'node_modules/unused/x.js': input(0),
        'node_modules/@s/two/node_modules/three/x.js': input(1),
        'node_modules/@s/two/x.js': input(1),
      },
    },
  };
  assert.deepEqual(
    bundledPackages([{ outputs }]).map((f) => f.replace(/^.*?node_modules\//, '')),
    ['@s/two', '@s/two/node_modules/three', 'one'],
  );
});
