import { addTo } from '../../bytes/lists.ts';
import { operatorKey } from '../../graph/operatorKey.ts';
import type { Node } from '../../formats/onnx/model.ts';

/** Nodes of two graphs, and which of them are paired. */
export interface Matching {
  readonly a: readonly Node[];
  readonly b: readonly Node[];
  /** For each node of `b` its counterpart's index in `a`, or −1. */
  readonly matched: readonly number[];
  /** For each node of `a` 1 where it has a counterpart. A set of a million numbers takes a second to ask. */
  readonly used: Uint8Array;
  pair(i: number, j: number): void;
}

/** What two nodes must share to be taken for the same; null where a node lacks it. */
export type Sign = (node: Node) => string | null;

const first = (node: Node): string => node.outputs.find(Boolean) ?? '';
/**
 * Names that exporters number through, so that one node more shifts them all: `123`, `input.4`, `onnx::Conv_12`,
 * `Conv_12`.
 */
const NUMBERED = /^\d+$|::|^(?:input|x|t|var|tmp|tensor)[._]?\d+$/i;

function numbered(name: string, node: Node): boolean {
  return (
    NUMBERED.test(name) || (name.startsWith(`${node.opType}_`) && /^\d+$/.test(name.slice(node.opType.length + 1)))
  );
}

/** All names the same: surely the same node, numbered or not. */
export const exactSign: Sign = (node) => JSON.stringify([node.name, operatorKey(node), node.inputs, node.outputs]);

/**
 * Pairs the nodes that both graphs begin with, where all names are the same: what `exactSign` would pair too, without a
 * text for each node. Of most models that are compared it is all but a few.
 */
export function matchBeginning(matching: Matching): void {
  const { a, b } = matching;
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [one, two] = [a[i], b[i]];
    if (!one || !two || !sameNames(one, two)) return;
    matching.pair(i, i);
  }
}

function sameNames(a: Node, b: Node): boolean {
  return (
    a.name === b.name &&
    a.opType === b.opType &&
    a.domain === b.domain &&
    sameTexts(a.inputs, b.inputs) &&
    sameTexts(a.outputs, b.outputs)
  );
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i]);
}

/** Name, operator and output; then name and operator; then operator and output. */
export function nameSigns(trustNumbered: boolean): Sign[] {
  const name = (node: Node): string => (trustNumbered || !numbered(node.name, node) ? node.name : '');
  const output = (node: Node): string => (trustNumbered || !numbered(first(node), node) ? first(node) : '');
  return [
    (node) => (name(node) && first(node) ? JSON.stringify([node.name, operatorKey(node), first(node)]) : null),
    (node) => (name(node) ? JSON.stringify([node.name, operatorKey(node)]) : null),
    (node) => (output(node) ? JSON.stringify([operatorKey(node), output(node)]) : null),
  ];
}

/** The tensor a node makes, whatever its operator. */
export const outputSign: Sign = (node) => first(node) || null;

/**
 * Pairs nodes that are not paired yet by signs, the surest first. Names are untrusted and may repeat: each node is used
 * once, in file order.
 */
export function matchBySigns(matching: Matching, signs: readonly Sign[]): void {
  for (const sign of signs) {
    const open = new Map<string, number[]>();
    matching.a.forEach((node, i) => {
      const key = matching.used[i] ? null : sign(node);
      if (key !== null) addTo(open, key, i);
    });
    for (const list of open.values()) list.reverse();
    matching.b.forEach((node, j) => {
      const key = matching.matched[j] === -1 ? sign(node) : null;
      const found = key === null ? undefined : open.get(key)?.pop();
      if (found !== undefined) matching.pair(found, j);
    });
  }
}
