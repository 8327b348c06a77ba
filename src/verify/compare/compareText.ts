import type { Comparison, NodePair, NodeRef, TextChange } from './compare.ts';
import type { TensorChange, TensorSide } from './compareTensors.ts';

/** Longer lists are cut in the text; the data has them whole. */
const MAX_LINES = 100;
const MAX_TEXT = 160;

/** A comparison as lines: `-` only in the first, `+` only in the second, `~` in both but not the same. */
export function compareText(c: Comparison): string[] {
  if (c.identical) return [comparisonStatement(c)];
  return [
    comparisonStatement(c),
    ...section('', c.header.map(textLine)),
    ...section(
      'input ',
      c.inputs.map(({ name, ...s }) => textLine({ what: name, ...s })),
    ),
    ...section(
      'output ',
      c.outputs.map(({ name, ...s }) => textLine({ what: name, ...s })),
    ),
    ...section('node ', [
      ...c.nodes.removed.map((n) => ['-', nodeText(n)] as const),
      ...c.nodes.added.map((n) => ['+', nodeText(n)] as const),
      ...c.nodes.changed.map((n) => ['~', `${nodeText(n.b)}: ${n.changes.map(inlineText).join('; ')}`] as const),
    ]),
    ...section('renamed node ', c.nodes.renamed.map(renamedLine)),
    ...section('tensor ', c.tensors.map(tensorLine)),
    ...section(
      'renamed tensor ',
      c.renamedTensors.map((t) => ['~', `${t.a} → ${t.b}`] as const),
    ),
    ...section(
      'declared shape ',
      c.valueInfo.map(({ name, ...s }) => textLine({ what: name, ...s })),
    ),
    ...section('metadata ', c.metadata.map(textLine)),
    c.nodes.same === 1 ? '1 node is the same' : `${c.nodes.same} nodes are the same`,
  ];
}

export type Line = readonly ['-' | '+' | '~', string];

function section(label: string, lines: readonly Line[]): string[] {
  const shown = lines.slice(0, MAX_LINES).map(([sign, text]) => `${sign} ${label}${text}`);
  return lines.length > MAX_LINES ? [...shown, `… and ${lines.length - MAX_LINES} more`] : shown;
}

/** What differs, counted, in one sentence. */
export function comparisonStatement(c: Comparison): string {
  if (c.identical)
    return c.sameFile
      ? 'The two models are the same, byte for byte.'
      : 'The two models are the same; only the order or the encoding of things in their files differs.';
  const { added, removed, changed, renamed } = c.nodes;
  const names = renamed.length + c.renamedTensors.length;
  const parts = [
    [c.inputs.length, 'input'],
    [c.outputs.length, 'output'],
    [removed.length, 'node', ' removed'],
    [added.length, 'node', ' added'],
    [changed.length, 'node', ' changed'],
    [c.tensors.length, 'weight'],
    [names, 'name'],
    [c.valueInfo.length, 'declared shape'],
    [c.header.length, 'header field'],
    [c.metadata.length, 'metadata entry', '', 'metadata entries'],
  ] as const;
  const told = parts
    .filter(([n]) => n > 0)
    .map(([n, what, how = '', many = `${what}s`]) => `${n} ${n === 1 ? what : many}${how}`);
  const common = c.nodes.same + changed.length + renamed.length;
  return common ? `${told.join(', ')}; nothing else differs.` : `No node is in both models: ${told.join(', ')}.`;
}

export function textLine({ what, a, b }: TextChange): Line {
  if (a === null) return ['+', `${what}: ${short(b ?? '')}`];
  if (b === null) return ['-', `${what}: ${short(a)}`];
  return ['~', `${what}: ${short(a)} → ${short(b)}`];
}

export function inlineText({ what, a, b }: TextChange): string {
  if (a === null) return b === null ? what : `${what} added: ${short(b)}`;
  return b === null ? `${what} ${short(a)} removed` : `${what} ${short(a)} → ${short(b)}`;
}

export function nodeText(n: NodeRef): string {
  return short(`${n.opType} ${n.name || `→ ${n.outputs.join(', ')}`}`);
}

/** A node's other name, or else the other names of what it makes. */
export function renamedLine({ a, b }: NodePair): Line {
  return [
    '~',
    a.name === b.name
      ? `${nodeText(a)}: makes ${short(b.outputs.join(', '))} instead of ${short(a.outputs.join(', '))}`
      : `${nodeText(a)} → ${short(b.name || b.outputs.join(', '))}`,
  ];
}

export function tensorLine(t: TensorChange): Line {
  if (t.was !== null) {
    const [sign, text] = tensorLine({ ...t, was: null });
    return [sign, `${t.was} → ${text}`];
  }
  const type = (s: TensorSide | null): string => (s ? `${s.dtype}[${s.dims.join(', ')}]` : '');
  if (t.change === 'added') return ['+', `${t.name}: ${type(t.b)}`];
  if (t.change === 'removed') return ['-', `${t.name}: ${type(t.a)}`];
  const note = t.note ? ` (${t.note})` : '';
  if (t.change === 'storage')
    return ['~', `${t.name}: same values, stored as ${t.b?.storage} instead of ${t.a?.storage}${note}`];
  if (t.change === 'values') {
    const v = t.values;
    return [
      '~',
      `${t.name} ${type(t.a)}: ${v ? `${v.count} of ${v.total} values differ, max |Δ| ${v.maxAbs.toPrecision(3)}, relative L2 ${v.relL2.toExponential(1)}` : 'values differ'}${note}`,
    ];
  }
  const off = t.values ? `, values differ by up to ${t.values.maxAbs.toPrecision(3)}` : '';
  return [
    '~',
    `${t.name}: ${type(t.a)} → ${type(t.b)}${off}${t.sumOverAxis === null ? '' : `, the sum over axis ${t.sumOverAxis}`}${note}`,
  ];
}

function short(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > MAX_TEXT ? `${line.slice(0, MAX_TEXT)}…` : line;
}
