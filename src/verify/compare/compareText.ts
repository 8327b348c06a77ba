import { cutText } from '../../text/cutText.ts';
import type { TensorChange, TensorSide } from './compareTensors.ts';
import type { Comparison, TextChange, NodeRef, NodePair } from './comparison.ts';
import { countText, countOf } from '../../text/numbers.ts';

/** Longer lists are cut in the text; the data has them whole. */
const MAX_LINES = 100;
const MAX_TEXT = 160;

/** A comparison as lines: `-` only in the first, `+` only in the second, `~` in both but not the same. */
export function compareText(comparison: Comparison): string[] {
  if (comparison.identical) return [comparisonStatement(comparison)];
  return [
    comparisonStatement(comparison),
    ...section('', comparison.header.map(textLine)),
    ...section(
      'input ',
      comparison.inputs.map(({ name, ...s }) => textLine({ what: name, ...s })),
    ),
    ...section(
      'output ',
      comparison.outputs.map(({ name, ...s }) => textLine({ what: name, ...s })),
    ),
    ...section('node ', [
      ...comparison.nodes.removed.map((nodeRef) => ['-', nodeText(nodeRef)] as const),
      ...comparison.nodes.added.map((nodeRef) => ['+', nodeText(nodeRef)] as const),
      ...comparison.nodes.changed.map(
        (nodeChange) => ['~', `${nodeText(nodeChange.b)}: ${nodeChange.changes.map(inlineText).join('; ')}`] as const,
      ),
    ]),
    ...section('renamed node ', comparison.nodes.renamed.map(renamedLine)),
    ...section('tensor ', comparison.tensors.map(tensorLine)),
    ...section(
      'renamed tensor ',
      comparison.renamedTensors.map((renamedTensor) => ['~', `${renamedTensor.a} → ${renamedTensor.b}`] as const),
    ),
    ...section(
      'declared shape ',
      comparison.valueInfo.map(({ name, ...s }) => textLine({ what: name, ...s })),
    ),
    ...section('metadata ', comparison.metadata.map(textLine)),
    ...(hasNodes(comparison) ? [sameNodes(comparison.nodes.same)] : []),
  ];
}

function sameNodes(count: number): string {
  return count === 1 ? '1 node is the same' : `${count} nodes are the same`;
}

/** Files of weights alone have none. */
function hasNodes({ nodes }: Comparison): boolean {
  return nodes.same + nodes.added.length + nodes.removed.length + nodes.changed.length + nodes.renamed.length > 0;
}

/** `-` only in the first, `+` only in the second, `~` in both but not the same; and what it is about. */
export type Line = readonly ['-' | '+' | '~', string];

function section(label: string, lines: readonly Line[]): string[] {
  const shown = lines.slice(0, MAX_LINES).map(([sign, text]) => `${sign} ${label}${text}`);
  return lines.length > MAX_LINES ? [...shown, `… and ${lines.length - MAX_LINES} more`] : shown;
}

/** What differs, counted, in one sentence. */
export function comparisonStatement(comparison: Comparison): string {
  if (comparison.identical)
    return comparison.sameFile
      ? 'The two models are the same, byte for byte.'
      : 'The two models are the same; only the order or the encoding of things in their files differs.';
  const { added, removed, changed, renamed } = comparison.nodes;
  const names = renamed.length + comparison.renamedTensors.length;
  const parts = [
    [comparison.inputs.length, 'input'],
    [comparison.outputs.length, 'output'],
    [removed.length, 'node', ' removed'],
    [added.length, 'node', ' added'],
    [changed.length, 'node', ' changed'],
    [comparison.tensors.length, 'weight'],
    [names, 'name'],
    [comparison.valueInfo.length, 'declared shape'],
    [comparison.header.length, 'header field'],
    [comparison.metadata.length, 'metadata entry', '', 'metadata entries'],
  ] as const;
  const told = parts.filter(([n]) => n > 0).map(([n, what, how = '', many]) => `${countOf(n, what, many)}${how}`);
  const common = comparison.nodes.same + changed.length + renamed.length;
  return common || !hasNodes(comparison)
    ? `${told.join(', ')}; nothing else differs.`
    : `No node is in both models: ${told.join(', ')}.`;
}

/** A text that is there, gone or another one, as a line. */
export function textLine({ what, a, b }: TextChange): Line {
  if (a === null) return ['+', `${what}: ${short(b ?? '')}`];
  if (b === null) return ['-', `${what}: ${short(a)}`];
  return ['~', `${what}: ${short(a)} → ${short(b)}`];
}

/** The same inside a sentence. */
export function inlineText({ what, a, b }: TextChange): string {
  if (a === null) return b === null ? what : `${what} added: ${short(b)}`;
  return b === null ? `${what} ${short(a)} removed` : `${what} ${short(a)} → ${short(b)}`;
}

/** A node by its name, or else by what it makes. */
export function nodeText(nodeRef: NodeRef): string {
  return short(`${nodeRef.opType} ${nodeRef.name || `→ ${nodeRef.outputs.join(', ')}`}`);
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

/** A weight that differs, as a line: its type and dims, and what else is known of the difference. */
export function tensorLine(change: TensorChange): Line {
  if (change.was !== null) {
    const [sign, text] = tensorLine({ ...change, was: null });
    return [sign, `${change.was} → ${text}`];
  }
  const type = (tensorSide: TensorSide | null): string =>
    tensorSide ? `${tensorSide.dtype}[${tensorSide.dims.join(', ')}]` : '';
  if (change.change === 'added') return ['+', `${change.name}: ${type(change.b)}`];
  if (change.change === 'removed') return ['-', `${change.name}: ${type(change.a)}`];
  const note = change.note ? ` (${change.note})` : '';
  if (change.change === 'storage')
    return ['~', `${change.name}: same values, stored as ${change.b?.storage} instead of ${change.a?.storage}${note}`];
  if (change.change === 'values') {
    const found = change.values;
    const text = found
      ? `${countText(found.count)} of ${countText(found.total)} values differ, largest difference ${found.maxAbs.toPrecision(3)}, ` +
        `relative L2 ${found.relL2.toExponential(1)}`
      : 'values differ';
    return ['~', `${change.name} ${type(change.a)}: ${text}${note}`];
  }
  const off = change.values ? `, values differ by up to ${change.values.maxAbs.toPrecision(3)}` : '';
  return [
    '~',
    `${change.name}: ${type(change.a)} → ` +
      `${type(change.b)}${off}${change.sumOverAxis === null ? '' : `, the sum over axis ${change.sumOverAxis}`}${note}`,
  ];
}

function short(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return cutText(line, MAX_TEXT);
}
