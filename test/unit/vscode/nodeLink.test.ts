import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkText, readLink } from '../../../src/vscode/editor/nodeLink.ts';

const isModel = (file: string): boolean => /\.onnx$/i.test(file);
/** A link's parts as VS Code hands them over: it decodes the query once. */
function handedOver(link: string): [path: string, query: string] {
  const url = new URL(link);
  return [url.pathname, decodeURIComponent(url.search.slice(1))];
}

test('a link says what it was made of, whatever the names hold', () => {
  for (const link of [
    { file: '/models/resnet50.onnx', node: '/conv1/Conv' },
    { file: 'C:\\my models\\net & co.ONNX', node: 'a=b&c#d?e%20 "<é>' },
    { file: '/x.onnx', node: '' },
    { file: 'vscode-vfs://github/a/b%20c/net%26.onnx', node: 'n' },
    { file: 'memfs:/m/x.onnx', node: 'n' },
    { file: '/a&b+c %41 #1.onnx', node: '%2541+&node=x' },
    { file: '/ä[x](command:y).onnx', node: '\u202e' },
  ]) {
    const text = linkText('vscode', link);
    assert.equal(new URL(text).host, 'channelwise.channelwise');
    assert.deepEqual(readLink(...handedOver(text), isModel), link);
  }
});

test('anything but an absolute path of a model on this machine, or a URI of the editor’s, is no link', () => {
  const read = (file: string): unknown =>
    readLink('/open', new URLSearchParams({ file, node: 'x' }).toString(), isModel);
  for (const file of [
    '',
    'a.onnx',
    '../a.onnx',
    '/etc/passwd',
    '/a.onnx.exe',
    '//server/share/a.onnx',
    '\\\\server\\share\\a.onnx',
    'https://host/a.onnx',
    'HTTP://host/a.onnx',
    'file://host/a.onnx',
    'command:a.onnx',
    '/a\0.onnx',
    `/${'a'.repeat(5000)}.onnx`,
  ])
    assert.equal(read(file), null, file);
  assert.ok(read('/a.onnx'));
  assert.equal(readLink('/run', 'file=%2Fa.onnx', isModel), null);
  assert.equal(readLink('/open', '', isModel), null);
});
