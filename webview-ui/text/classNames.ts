/** Class names in a metadata entry, in the order of the classes. */
export interface ClassNames {
  /** The number of the first class. */
  readonly first: number;
  readonly names: readonly string[];
}

/** Keys under which exporters keep class names. */
const KEYS = /^(names|classes|class_names|labels|id2label|categories)$/i;
const MOST_NAMES = 100_000;

/**
 * Reads class names as exporters write them: Ultralytics' `{0: 'person', 1: 'car'}`, a JSON list or object, or lines.
 * Null for anything else.
 */
export function classNames(key: string, value: string): ClassNames | null {
  if (!KEYS.test(key.trim())) return null;
  const text = value.trim();
  const names = fromPythonDict(text) ?? fromJson(text) ?? fromLines(text);
  return names && names.names.length > 1 && names.names.length <= MOST_NAMES ? names : null;
}

/** Python's own way to print a dict of numbers and texts. */
function fromPythonDict(text: string): ClassNames | null {
  if (!text.startsWith('{') || !text.endsWith('}')) return null;
  const entry = /(\d+)\s*:\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*,?\s*/y;
  const names: string[] = [];
  let first: number | null = null;
  entry.lastIndex = 1;
  while (entry.lastIndex < text.length - 1) {
    const found = entry.exec(text);
    if (!found) return null;
    const number = Number(found[1]);
    first ??= number;
    if (number !== first + names.length) return null;
    names.push((found[2] ?? found[3] ?? '').replace(/\\(.)/g, '$1'));
  }
  return first === null ? null : { first, names };
}

function fromJson(text: string): ClassNames | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (Array.isArray(value)) return value.every(isText) ? { first: 0, names: value } : null;
  if (typeof value !== 'object' || value === null) return null;
  const entries = Object.entries(value);
  const ordered = entries.every(([key, name], i) => key === String(i) && isText(name));
  return ordered ? { first: 0, names: entries.map(([, name]) => String(name)) } : null;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function fromLines(text: string): ClassNames | null {
  const lines = text.split(/\r?\n|,\s*/).map((line) => line.trim());
  return lines.length > 1 && lines.every((line) => line !== '' && line.length < 80) ? { first: 0, names: lines } : null;
}
