/** How the heading of a column says that the table is sorted by it: to screen readers, and by an arrow. */
export interface SortState {
  readonly aria: 'none' | 'ascending' | 'descending';
  readonly arrow: '' | ' ↑' | ' ↓';
}

/** Of one column. */
export function sortState({ sorted, down }: { readonly sorted: boolean; readonly down: boolean }): SortState {
  if (!sorted) return { aria: 'none', arrow: '' };
  return down ? { aria: 'descending', arrow: ' ↓' } : { aria: 'ascending', arrow: ' ↑' };
}
