import { csvLine } from '../../../src/text/csv.ts';
import { markdownTable } from '../../text/markdown.ts';
import { COLUMNS } from './layerColumns.ts';
import type { LayerRow } from './layerRows.ts';

/** Numbers as they are, shares with six places; '' for what is not known. */
function cells(row: LayerRow): string[] {
  return COLUMNS.map(({ key }) => {
    const value = row[key];
    if (value === null) return '';
    return key === 'share' || key === 'work' ? Number(value).toFixed(6) : String(value);
  });
}

/** Rows as they are shown, with all columns. */
export function rowsCsv(rows: readonly LayerRow[]): string {
  return [COLUMNS.map((column) => column.title), ...rows.map(cells)].map(csvLine).join('');
}

/** The same as a Markdown table. */
export function rowsMarkdown(rows: readonly LayerRow[]): string {
  const titles = COLUMNS.map(({ title }) => title);
  const numbers = COLUMNS.map(({ number }) => number);
  return markdownTable(titles, numbers, rows.map(cells));
}
