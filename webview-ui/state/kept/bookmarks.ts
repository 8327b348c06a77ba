import type { SelectionKey } from '../../graph/graphModel.ts';

/** More bookmarks than these help nobody to find a layer again. */
const MOST = 200;

/** With a bookmark added at the end, or taken away where there was one. */
export function toggled(bookmarks: readonly SelectionKey[], key: SelectionKey): readonly SelectionKey[] {
  if (bookmarks.includes(key)) return bookmarks.filter((other) => other !== key);
  return [...bookmarks, key].slice(-MOST);
}
