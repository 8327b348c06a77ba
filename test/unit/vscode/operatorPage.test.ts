import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operatorPage } from '../../../src/vscode/editor/operatorPage.ts';

test('an operator of the standard has a page; a name that could be more than a name has none', () => {
  assert.equal(operatorPage('', 'Conv'), 'https://onnx.ai/onnx/operators/onnx__Conv.html');
  assert.equal(operatorPage('ai.onnx.ml', 'Scaler'), 'https://onnx.ai/onnx/operators/onnx_aionnxml_Scaler.html');
  for (const name of ['../x', 'Conv#', 'Conv?a', 'a b', '', '1Conv', 'é', `C${'o'.repeat(100)}`])
    assert.equal(operatorPage('', name), null, name);
  for (const domain of ['com.microsoft', '__proto__', 'toString']) assert.equal(operatorPage(domain, 'Conv'), null);
});
