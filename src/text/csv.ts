/** A cell that begins like this is a formula to a spreadsheet. */
const FORMULA = /^[=+\-@\t\r]/;

/**
 * A text as a cell: quoted where RFC 4180 asks for it. A cell that a spreadsheet would take for a formula gets an
 * apostrophe before it.
 */
export function csvText(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** One line of CSV (RFC 4180) with its end. Numbers stand as they are, null is an empty cell. */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return cells.map(csvCell).join(',') + CSV_END;
}

/** The end of a line by RFC 4180. */
export const CSV_END = '\r\n';

function csvCell(cell: string | number | null): string {
  if (cell === null) return '';
  return typeof cell === 'number' ? String(cell) : csvText(cell);
}
