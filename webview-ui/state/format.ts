import type { PageNode } from '../../src/protocol/messages.ts';

export function shapeText(dims: readonly (string | number)[] | null): string {
  if (dims === null) return '';
  return dims.length === 0 ? 'scalar' : dims.map((d) => (d === '' ? '?' : String(d))).join('×');
}

export function listText(values: readonly (string | number)[]): string {
  return `[${values.join(', ')}]`;
}

export function countText(value: number): string {
  return value.toLocaleString('en-US');
}

export function sizeText(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return unit === 0 ? `${countText(bytes)} bytes` : `${value.toFixed(1)} ${units[unit]} (${countText(bytes)} bytes)`;
}

export function nodeLabel(node: PageNode): string {
  return node.name || node.outputs[0]?.name || `${node.opType} ${node.id}`;
}
