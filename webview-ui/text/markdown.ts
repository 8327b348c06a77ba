/**
 * A table in Markdown. Cells are text: what Markdown would take for markup is escaped. `numbers` says which columns
 * stand to the right.
 */
export function markdownTable(
  titles: readonly string[],
  numbers: readonly boolean[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [
    line(titles),
    line(numbers.map((right) => (right ? '---:' : '---'))),
    ...rows.map((row) => line(row.map(escaped))),
  ];
  return `${lines.join('\n')}\n`;
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function escaped(cell: string): string {
  return cell.replace(/[\\|`*_<>]/g, '\\$&').replace(/\s+/g, ' ');
}
