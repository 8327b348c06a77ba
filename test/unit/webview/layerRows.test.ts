import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countOf, countText, percentText, shortCount } from '../../../src/text/numbers.ts';
import { COLUMNS, shownColumns, widthOf, withColumn } from '../../../webview-ui/graph/tables/layerColumns.ts';
import type { ColumnChoice } from '../../../webview-ui/graph/tables/layerColumns.ts';
import { rowsCsv, rowsMarkdown } from '../../../webview-ui/graph/tables/layerExport.ts';
import { filterRows, layerRows, sortRows } from '../../../webview-ui/graph/tables/layerRows.ts';
import { cutInMiddle } from '../../../webview-ui/text/cutInMiddle.ts';
import { shapeLabel, shapeText, sizeText } from '../../../webview-ui/text/format.ts';
import { asSaved } from '../../../webview-ui/state/kept/saved.ts';
import { hostilePage, resnet50Page } from '../../fixtures/pageModels.ts';

const rows = layerRows(resnet50Page());

test('a row per layer with shapes, parameters and share', () => {
  assert.equal(rows.length, 122);
  assert.deepEqual(rows[0], {
    id: 0,
    order: 1,
    name: '/conv1/Conv',
    operator: 'Conv',
    input: '1×3×224×224',
    output: '1×64×112×112',
    params: 9472,
    macs: null,
    memory: null,
    work: null,
    share: 9472 / 25_530_472,
  });
  assert.ok(Math.abs(rows.reduce((sum, r) => sum + r.share, 0) - 1) < 1e-9);
});

test("the host's own cost is used where it is given", () => {
  const page = resnet50Page();
  page.nodes[0]!.cost = { params: 7, macs: 118_013_952, memory: 3_211_264 };
  page.sizes = {
    names: [],
    computed: [],
    computedLeft: 0,
    contradictions: [],
    cost: {
      params: 7,
      macs: 236_027_904,
      uncounted: 0,
      unknownOperators: [],
      moreOperators: 0,
      memory: 3_211_264,
      peak: 3_211_264,
    },
  };
  const { params, macs, work, memory } = layerRows(page)[0]!;
  assert.deepEqual([params, macs, work, memory], [7, 118_013_952, 0.5, 3_211_264]);
});

test('sorting: largest first, ties in file order, unknown last either way', () => {
  const down = sortRows(rows, 'params', true);
  assert.ok(down[0]!.params >= down[1]!.params);
  assert.equal(down[0]!.params, Math.max(...rows.map((r) => r.params)));
  const some = rows.map((r, i) => ({ ...r, macs: i % 2 ? i : null }));
  for (const direction of [true, false]) assert.equal(sortRows(some, 'macs', direction)[121]!.macs, null);
  assert.deepEqual(
    sortRows(rows, 'operator', false)
      .filter((r) => r.operator === 'Relu')
      .map((r) => r.order),
    rows.filter((r) => r.operator === 'Relu').map((r) => r.order),
  );
  const names = sortRows(
    [
      { ...rows[0]!, name: 'a10' },
      { ...rows[1]!, name: 'a9' },
    ],
    'name',
    false,
  );
  assert.equal(names[0]!.name, 'a9');
});

test('filtering by words and by shape', () => {
  assert.equal(filterRows(rows, 'gemm').length, 1);
  assert.equal(filterRows(rows, 'layer2 conv3').length, 4);
  const sized = filterRows(rows, '64x112');
  assert.ok(sized.length > 0 && sized.every((r) => `${r.input}${r.output}`.includes('64×112')));
  assert.equal(filterRows(rows, 'nothing').length, 0);
  assert.equal(filterRows(rows, ' ').length, 122);
});

test('CSV is quoted, and no cell is a formula', () => {
  const csv = rowsCsv([{ ...rows[0]!, name: '=cmd|"/c calc"!A1, x' }]);
  assert.equal(
    csv.split('\r\n')[0],
    '#,Name,Operator,Output shape,Parameters,% params,Multiply-adds,% MACs,Activations,Input shape',
  );
  assert.ok(csv.includes(`"'=cmd|""/c calc""!A1, x"`));
  assert.equal(rowsCsv(rows).trimEnd().split('\r\n').length, 123);
});

test('Markdown keeps names as text', () => {
  const line = rowsMarkdown(layerRows(hostilePage()))!.split('\n')[2]!;
  assert.ok(line.includes('\\<script\\>'));
  assert.equal(
    rowsMarkdown([{ ...rows[0]!, name: 'a|b\nc' }]).split('\n')[2],
    '| 1 | a\\|b c | Conv | 1×64×112×112 | 9472 | 0.000371 |  |  |  | 1×3×224×224 |',
  );
});

test('numbers and shapes as people read them', () => {
  for (const count of [0, 7, 999, 1000, 25_557_032, 123_456, -1234, 2 ** 53 - 1, 1234.125, 0.25])
    assert.equal(countText(count), count.toLocaleString('en-US'));
  assert.deepEqual(
    [0, 1, 2, 1204].map((count) => countOf(count, 'layer')),
    ['0 layers', '1 layer', '2 layers', '1,204 layers'],
  );
  assert.deepEqual([0.975, 1.063, 0.00012, 1.09e9].map(percentText), ['97.5 %', '106.3 %', '0.012 %', '1.1e11 %']);
  assert.deepEqual([0, 999, 1000, 25_530_472, 4.1e9, 999_960].map(shortCount), [
    '0',
    '999',
    '1.00 k',
    '25.5 M',
    '4.10 G',
    '1.00 M',
  ]);
  assert.deepEqual(
    [shapeText([]), shapeText(null), shapeText(['batch', 3]), shapeLabel(['d12', '3', '⌊(height+width+1+2+3+4)/2⌋'])],
    ['scalar', '', 'batch×3', 'd12×3×?'],
  );
  assert.equal(sizeText(102_143_848), '97.4 MiB (102,143,848 bytes)');
});

test('columns give way from the end where there is little room; a choice holds, and the name is always there', () => {
  const none = { columns: null, widths: {} };
  const keys = (choice: ColumnChoice, room: number): string[] => shownColumns(choice, room).map(({ key }) => key);
  assert.deepEqual(
    keys(none, 1110),
    COLUMNS.map(({ key }) => key),
  );
  const costs = COLUMNS.filter(({ key }) => key !== 'input').map(({ key }) => key);
  assert.deepEqual(keys(none, 762), costs, 'in a window of 1440 pixels beside the Explorer and the details');
  assert.deepEqual(keys(none, 500), ['order', 'name', 'operator', 'output', 'params']);
  assert.deepEqual(keys(none, 10), ['order', 'name']);
  assert.deepEqual(keys({ ...none, widths: { operator: 300 } }, 500), ['order', 'name', 'operator']);
  const chosen = withColumn(none, shownColumns(none, 500), 'output');
  assert.deepEqual(keys(chosen, 2000), ['order', 'name', 'operator', 'params']);
  assert.deepEqual(keys({ ...none, columns: ['memory', '__proto__'] }, 10), ['name', 'memory']);
  const column = COLUMNS[2]!;
  assert.deepEqual(
    [1e9, -5, 200.4].map((width) => widthOf(column, { columns: null, widths: { operator: width } })),
    [900, 36, 200],
  );
});

test('a long name is cut in its middle, never through a character', () => {
  const cut = (name: string, room: number): string => cutInMiddle(name, room, (text) => [...text].length);
  assert.equal(cut('', 0), '');
  assert.equal(cut('short', 5), 'short');
  assert.equal(cut('/encoder/layer.11/attention/output/MatMul', 25), '/encoder…on/output/MatMul', 'it fills its room');
  assert.equal(cut('/encoder/layer.11/attention/output/MatMul', 9), '…t/MatMul', 'the end is what tells names apart');
  assert.equal(cut('/encoder/layer.11', 0), '…');
  assert.equal(cut(`${'x'.repeat(10)}${'🦊'.repeat(12)}`, 14), `…x${'🦊'.repeat(12)}`);
  assert.equal(cut(`${'x'.repeat(10)}${'🦊'.repeat(12)}`, 8), `…${'🦊'.repeat(7)}`);
});

test('kept state of any kind is read without trust', () => {
  for (const bad of [
    null,
    3,
    'x',
    [],
    { open: [1], view: { x: 'a', y: 0, scale: 1 }, tab: 'other', table: { sort: 1 } },
    { view: { x: 0, y: 0, scale: -1, width: 900, height: 600 } },
    { view: { x: 0, y: 0, scale: 1, width: 900 } },
    { table: { sort: 'order', down: false } },
  ])
    assert.deepEqual(asSaved(bad), {});
  const view = { x: 1, y: 2, scale: 0.5, width: 900, height: 600 };
  const kept = { tab: 'layers', view, open: ['/a'] };
  assert.deepEqual(asSaved({ ...kept, view: { ...view, extra: 1 } }), kept);
});
