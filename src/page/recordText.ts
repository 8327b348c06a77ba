/** What a stranger wrote may be of any size; a page shows so much of it. */
const MAX_ITEMS = 100;
const MAX_TEXT = 300;

/** What a record holds, before it is looked at. */
export type RawRecord = Readonly<Record<string, unknown>>;

export function object(value: unknown): RawRecord {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value.slice(0, MAX_ITEMS) : [];
}

export function items(value: unknown): RawRecord[] {
  return list(value).map(object);
}

export function text(value: unknown): string {
  if (typeof value !== 'string') return '';
  return value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value;
}

export function count(value: unknown): number {
  return integer(value) !== null && Number(value) >= 0 ? Number(value) : 0;
}

export function integer(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
}

export function sizes(value: unknown): number[] {
  return list(value).map(count);
}

/** True for a list of so many finite numbers. */
export function areNumbers(value: unknown, length: number): value is number[] {
  return (
    Array.isArray(value) && value.length === length && value.every((v) => typeof v === 'number' && Number.isFinite(v))
  );
}
