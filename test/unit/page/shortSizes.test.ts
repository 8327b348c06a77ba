import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withShortSizes } from '../../../src/page/model/shortSizes.ts';
import { packModel } from '../../../src/protocol/pack.ts';
import type { PageModel } from '../../../src/protocol/pageModel.ts';
import { statusText } from '../../../src/vscode/editor/statusText.ts';
import { shortNamer } from '../../../webview-ui/text/shortNames.ts';
import { unetPage } from '../../fixtures/pageModels.ts';

function sized(dims: string[]): PageModel {
  const page = unetPage();
  page.inputs[0]!.dims = dims;
  page.edges[0]!.dims = dims;
  page.nodes[0]!.outputs[0]!.dims = [`⌊(${dims[0]}+1)/2⌋`, 'total_sequence_length'];
  return page;
}

test('long names of sizes are short in shapes of inputs, lines, nodes and the status bar, with one key', () => {
  const page = withShortSizes(sized(['p2o.DynamicDimension.0', '3', 'past_sequence_length', 'other.Dimension.0']));
  const short = ['d0', '3', 'psl', 'd0_2'];
  assert.deepEqual(page.inputs[0]!.dims, short);
  assert.deepEqual(page.edges[0]!.dims, short);
  assert.deepEqual(page.nodes[0]!.outputs[0]!.dims, ['⌊(d0+1)/2⌋', 'tsl']);
  assert.match(statusText(packModel(page)), /^d0×3×psl×d0_2 · /);
  assert.equal(
    statusText(packModel({ ...page, inputs: [], nodes: page.nodes.slice(0, 1), edges: [], parameterCount: 1 })),
    '1 node · 1 parameter',
  );
  assert.deepEqual(page.sizeKey, [
    { short: 'd0', name: 'p2o.DynamicDimension.0' },
    { short: 'psl', name: 'past_sequence_length' },
    { short: 'd0_2', name: 'other.Dimension.0' },
    { short: 'tsl', name: 'total_sequence_length' },
  ]);
});

test("texts of Compare get the page's short names, the own page's where two keys differ", () => {
  const own = [{ short: 'd0', name: 'p2o.DynamicDimension.0' }];
  const other = [
    { short: 'd7', name: 'p2o.DynamicDimension.0' },
    { short: 'psl', name: 'past_sequence_length' },
  ];
  const short = shortNamer(own, undefined, other);
  const line = 'x: float32[p2o.DynamicDimension.0, 3] → float32[⌊(past_sequence_length+1)/2⌋, p2o.DynamicDimension.01]';
  assert.equal(short(line), 'x: float32[d0, 3] → float32[⌊(psl+1)/2⌋, p2o.DynamicDimension.01]');
  assert.equal(shortNamer(undefined, [])(line), line);
});

test('short names stay, also where a long one would become the same, and a model of short ones is left as it is', () => {
  const plain = sized(['batch', '3', 'height', 'width']);
  plain.nodes[0]!.outputs[0]!.dims = ['batch'];
  assert.equal(withShortSizes(plain), plain);
  const { inputs } = withShortSizes(sized(['d0', '3', 'h', 'p2o.DynamicDimension.0']));
  assert.deepEqual(inputs[0]!.dims, ['d0', '3', 'h', 'd0_2']);
  const [hostile = ''] = withShortSizes(sized([`x${'y'.repeat(1e6)}`])).inputs[0]!.dims ?? [];
  assert.ok(hostile.length < 20);
});
