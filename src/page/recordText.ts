import { cutText } from '../text/cutText.ts';

/** What a stranger wrote may be of any size; a page shows so much of it. */
const MAX_ITEMS = 100;
const MAX_TEXT = 300;

/** What a record holds, before it is looked at. */
export type RawRecord = Readonly<Record<string, unknown>>;

/** An object's fields; none where it is no object. */
export function object(value: unknown): RawRecord {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** The first items of a list; none where it is no list. */
export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value.slice(0, MAX_ITEMS) : [];
}

/** A list of objects. */
export function items(value: unknown): RawRecord[] {
  return list(value).map(object);
}

/** A text, cut to what a page shows; '' where it is none. */
export function text(value: unknown): string {
  if (typeof value !== 'string') return '';
  return cutText(value, MAX_TEXT);
}

/** A whole number from 0 on; 0 for anything else. */
export function count(value: unknown): number {
  return integer(value) !== null && Number(value) >= 0 ? Number(value) : 0;
}

/** A whole number, exact; null for anything else. */
export function integer(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
}

/** The dims of a tensor. */
export function sizes(value: unknown): number[] {
  return list(value).map(count);
}
