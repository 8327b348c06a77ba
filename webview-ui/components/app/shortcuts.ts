/** What a key does wherever the focus is on the page; null for other keys. */
export type Shortcut = 'find' | 'back' | 'forward' | 'panel';

export function shortcutOf(event: KeyboardEvent): Shortcut | null {
  const { key, altKey } = event;
  const command = event.ctrlKey || event.metaKey;
  if ((command && key.toLowerCase() === 'f') || key === 'F3') return 'find';
  if (altKey && key === 'ArrowLeft') return 'back';
  if (altKey && key === 'ArrowRight') return 'forward';
  if (key === 'd' && !command && !altKey && !isTyping(event)) return 'panel';
  return null;
}

/** Whether a key belongs to a field that the reader types into. */
function isTyping(event: KeyboardEvent): boolean {
  const [target] = event.composedPath();
  return target instanceof HTMLElement && /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);
}
