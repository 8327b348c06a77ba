import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkText, readLink } from '../../../src/protocol/links.ts';

test('a link says what it was made of, whatever the names hold', () => {
  for (const link of [
    { file: '/models/resnet50.onnx', node: '/conv1/Conv' },
    { file: 'C:\\my models\\net & co.ONNX', node: 'a=b&c#d?e%20 "<é>' },
    { file: '/x.onnx', node: '' },
  ]) {
    const url = new URL(linkText('vscode', link));
    assert.equal(url.host, 'channelwise.channelwise');
    assert.deepEqual(readLink(url.pathname, url.search.slice(1)), link);
  }
});

test('anything but an absolute path of an .onnx file on this machine is no link', () => {
  const read = (file: string): unknown => readLink('/open', new URLSearchParams({ file, node: 'x' }).toString());
  for (const file of [
    '',
    'a.onnx',
    '../a.onnx',
    '/etc/passwd',
    '/a.onnx.exe',
    '//server/share/a.onnx',
    '\\\\server\\share\\a.onnx',
    'https://host/a.onnx',
    '/a\0.onnx',
    `/${'a'.repeat(5000)}.onnx`,
  ])
    assert.equal(read(file), null, file);
  assert.ok(read('/a.onnx'));
  assert.equal(readLink('/run', 'file=%2Fa.onnx'), null);
  assert.equal(readLink('/open', ''), null);
});
