import { saveBlob } from '../state/download.ts';
import type { MenuEntry } from './menuButton.ts';

type ExportKind = 'CSV' | 'Markdown';

const FILES: Readonly<Record<ExportKind, { readonly ending: string; readonly type: string }>> = {
  CSV: { ending: 'csv', type: 'text/csv' },
  Markdown: { ending: 'md', type: 'text/markdown' },
};

/** A table as its menu copies or saves it. */
export interface ExportedTable {
  /** Of the file, without its ending. */
  readonly name: string;
  /** What is exported, in a word with its number: `12 rows`. */
  readonly what: string;
  text(kind: ExportKind): string;
  /** Tells what was done. */
  say(words: string): void;
}

/** What an export menu offers for a table. */
export function exportEntries(table: ExportedTable): MenuEntry[] {
  return [
    { label: 'Copy as CSV', act: () => void copyTable(table, 'CSV') },
    { label: 'Copy as Markdown', act: () => void copyTable(table, 'Markdown') },
    { label: 'Save as CSV', act: () => save(table, 'CSV') },
    { label: 'Save as Markdown', act: () => save(table, 'Markdown') },
  ];
}

function save({ name, what, text, say }: ExportedTable, kind: ExportKind): void {
  const { ending, type } = FILES[kind];
  saveBlob(`${name}.${ending}`, new Blob([text(kind)], { type }));
  say(`Saved ${what} as ${kind}`);
}

/** Copies a table. Without the clipboard the same text is offered as a file. */
export async function copyTable(table: ExportedTable, kind: ExportKind): Promise<void> {
  try {
    await navigator.clipboard.writeText(table.text(kind));
    table.say(`Copied ${table.what} as ${kind}`);
  } catch {
    save(table, kind);
  }
}
