import type { PageNode } from '../../src/protocol/pageModel.ts';
import { countText } from '../../src/text/numbers.ts';

/** `1×3×224×224`; `scalar` for no sizes, `?` for one without a name, '' where the rank is not known. */
export function shapeText(dims: readonly (string | number)[] | null): string {
  if (dims === null) return '';
  return dims.length === 0 ? 'scalar' : dims.map((dim) => (dim === '' ? '?' : String(dim))).join('×');
}

/** A derived size longer than this says more by a question mark on a line; the side panel has it whole. */
const LONGEST_DIM = 24;

/** The same for a line of the graph. */
export function shapeLabel(dims: readonly (string | number)[] | null): string {
  return dims === null ? '' : shapeText(dims.map((dim) => (String(dim).length > LONGEST_DIM ? '?' : dim)));
}

/** `[1, 3, 224, 224]`, as files and Python write it. */
export function listText(values: readonly (string | number)[]): string {
  return `[${values.join(', ')}]`;
}

/** A size with the exact number of bytes behind it. */
export function sizeText(bytes: number): string {
  return bytes < 1024 ? bytesText(bytes) : `${bytesText(bytes)} (${countText(bytes)} bytes)`;
}

/** In one unit: 512 bytes, 9.2 MiB. */
export function bytesText(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? countText(bytes) : value.toFixed(1)} ${units[unit]}`;
}

/** What a node is called: its name, else what it makes, else its operator and number. */
export function nodeLabel(node: PageNode): string {
  return node.name || node.outputs[0]?.name || `${node.opType} ${node.id}`;
}
