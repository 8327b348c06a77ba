import type { Node } from '../onnx/model.ts';

/**
 * Pairs the nodes of two graphs: for each node of `b` its counterpart's index in `a`, or −1. Names are untrusted and may repeat, so the surest sign goes first:
 * name and operator and output together, then name and operator, then operator and output, then the output alone. Each node is used once.
 */
export function matchNodes(a: readonly Node[], b: readonly Node[]): number[] {
  const matched = new Array<number>(b.length).fill(-1);
  const used = new Set<number>();
  const kind = (n: Node): string => `${n.domain}\u0000${n.opType}`;
  const first = (n: Node): string => n.outputs.find(Boolean) ?? '';
  const signs: ((n: Node) => string | null)[] = [
    (n) => (n.name && first(n) ? JSON.stringify([n.name, kind(n), first(n)]) : null),
    (n) => (n.name ? JSON.stringify([n.name, kind(n)]) : null),
    (n) => (first(n) ? JSON.stringify([kind(n), first(n)]) : null),
    (n) => first(n) || null,
  ];
  for (const sign of signs) {
    const open = new Map<string, number[]>();
    a.forEach((node, i) => {
      const key = used.has(i) ? null : sign(node);
      if (key === null) return;
      const list = open.get(key);
      if (list) list.push(i);
      else open.set(key, [i]);
    });
    for (const list of open.values()) list.reverse();
    b.forEach((node, i) => {
      const key = matched[i] === -1 ? sign(node) : null;
      const found = key === null ? undefined : open.get(key)?.pop();
      if (found === undefined) return;
      matched[i] = found;
      used.add(found);
    });
  }
  return matched;
}
