import { cutText } from '../../../text/cutText.ts';
import type { PickleValue } from './pickleValue.ts';

/** Longer texts are cut: they are shown in a line. */
const MAX_TEXT = 300;
/** Items of a list that are written out. */
const MAX_ITEMS = 8;

/** A value that holds no others. */
export function isScalar(value: PickleValue): boolean {
  return !('items' in value || 'entries' in value || value.kind === 'persistent');
}

/** A value as one line of text, near to how Python prints it. What holds others is named by its kind. */
export function valueText(value: PickleValue): string {
  switch (value.kind) {
    case 'none':
      return 'None';
    case 'bool':
      return value.value ? 'True' : 'False';
    case 'int':
    case 'float':
      return `${value.value}`;
    case 'text':
      return cutText(value.value, MAX_TEXT);
    case 'bytes':
      return `${value.bytes.length} bytes`;
    case 'global':
      return `${value.module}.${value.name}`;
    case 'tuple':
    case 'list':
      return listText(value.items.map((item) => item.value));
    case 'set':
    case 'frozenset':
      return `a set of ${value.items.length}`;
    case 'dict':
      return `a dict of ${value.entries.length}`;
    case 'call':
      return 'an object';
    case 'persistent':
      return 'a storage';
  }
}

function listText(items: readonly PickleValue[]): string {
  const shown = items.slice(0, MAX_ITEMS).map((item) => (isScalar(item) ? valueText(item) : '…'));
  const rest = items.length > MAX_ITEMS ? `, … (${items.length})` : '';
  return `[${shown.join(', ')}${rest}]`;
}
