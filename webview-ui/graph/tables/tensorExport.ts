import type { PageTensor } from '../../../src/protocol/pageModel.ts';
import { csvLine } from '../../../src/text/csv.ts';
import { markdownTable } from '../../text/markdown.ts';

const TITLES = ['Name', 'Shape', 'Type', 'Parameters', 'Bytes'] as const;
const NUMBERS = [false, false, false, true, true] as const;

function cells({ name, dims, dtype, params, bytes }: PageTensor): (string | number)[] {
  return [name, dims.join('×'), dtype, params, bytes];
}

/** All tensors in the file's order, one a line. */
export function tensorsCsv(tensors: readonly PageTensor[]): string {
  return [csvLine(TITLES), ...tensors.map((tensor) => csvLine(cells(tensor)))].join('');
}

/** The same as a Markdown table. */
export function tensorsMarkdown(tensors: readonly PageTensor[]): string {
  const rows = tensors.map((tensor) => cells(tensor).map(String));
  return markdownTable(TITLES, NUMBERS, rows);
}
