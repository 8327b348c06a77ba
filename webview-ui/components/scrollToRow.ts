/** Of a list whose rows are all equally high, under a heading that stays; lengths in pixels. */
export interface ScrolledRow {
  /** Which row, from 0. */
  readonly row: number;
  readonly rowHeight: number;
  readonly headingHeight: number;
}

/** Scrolls a list just far enough for a row to be seen. */
export function scrollToRow(list: Element, { row, rowHeight, headingHeight }: ScrolledRow): void {
  const top = row * rowHeight;
  const room = list.clientHeight - headingHeight - rowHeight;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top > list.scrollTop + room) list.scrollTop = top - room;
}
