import assert from 'node:assert/strict';
import * as system from 'node:path';
import { test } from 'node:test';
import { unpackZlib } from '../../../src/files/node/inflate.ts';
import { unpackZlib as unpackInBrowser } from '../../../src/files/node/inflate.web.ts';
import * as web from '../../../src/files/node/paths.web.ts';
import { basename, dirname, extname, isUri, join, resolve } from '../../../src/files/paths.ts';
import { deflateSync } from 'node:zlib';

test('URIs are told from paths, also from drives', () => {
  for (const uri of ['memfs:/a.onnx', 'vscode-vfs://github/o/r/a.onnx', 'file:///a.onnx'])
    assert.equal(isUri(uri), true, uri);
  for (const path of ['/a.onnx', 'a.onnx', 'C:\\a.onnx', 'C:/a.onnx', 'a:b.onnx', './memfs:/a', ''])
    assert.equal(isUri(path), false, path);
});

test('names, folders and neighbours of URIs', () => {
  const rows = [
    ['memfs:/m/a%20b%2Bc.onnx', 'a b+c.onnx', 'memfs:/m', 'memfs:/m/x%20y.bin'],
    ['memfs:/a.onnx', 'a.onnx', 'memfs:/', 'memfs:/x%20y.bin'],
    ['vscode-vfs://github/o/r/a.onnx', 'a.onnx', 'vscode-vfs://github/o/r', 'vscode-vfs://github/o/r/x%20y.bin'],
    ['git:/r/a.onnx?%7B%22ref%22%3A%22~%22%7D', 'a.onnx', 'git:/r', 'git:/r/x%20y.bin'],
    ['memfs:/bad%zz.onnx', 'bad%zz.onnx', 'memfs:/', 'memfs:/x%20y.bin'],
  ] as const;
  for (const [uri, name, folder, neighbour] of rows) {
    assert.equal(basename(uri), name);
    assert.equal(extname(uri), '.onnx');
    assert.equal(dirname(uri), folder);
    assert.equal(join(dirname(uri), 'x y.bin'), neighbour);
    assert.equal(resolve(uri), uri);
  }
  assert.equal(resolve('memfs:/m', './sub/../w.bin'), 'memfs:/m/w.bin');
  assert.equal(join('memfs:/m', '../../../x'), 'memfs:/x');
});

test('paths are as node:path takes them; without a disk, names are', () => {
  for (const path of ['/m/a.b.onnx', 'a.onnx', '.hidden', 'm/a', 'm/']) {
    assert.equal(basename(path), system.basename(path));
    assert.equal(dirname(path), system.dirname(path));
    assert.equal(join(path, '..', 'x'), system.join(path, '..', 'x'));
    assert.equal(resolve(path), system.resolve(path));
  }
  for (const path of ['m/a.b.onnx', 'a.onnx', '.hidden', '/m/a']) {
    assert.equal(web.basename(path), system.basename(path));
    assert.equal(web.dirname(path), system.dirname(path));
    assert.equal(web.extname(path), system.extname(path));
  }
  assert.equal(web.join('m', '../x', 'y'), system.join('m', '../x', 'y'));
});

test('zlib data unpacks alike in Node and in a browser, and no further than it may', () => {
  const raw = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) % 251);
  const packed = deflateSync(raw);
  for (const unpack of [unpackZlib, unpackInBrowser]) {
    assert.deepEqual(new Uint8Array(unpack(packed, raw.length)), raw);
    assert.throws(() => unpack(packed, raw.length - 1));
    assert.throws(() =>
      unpack(
        packed.map((byte, i) => (i === 1 ? 0 : byte)),
        raw.length,
      ),
    );
  }
});
