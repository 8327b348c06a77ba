import type { SelectionKey } from '../graph/graphModel.ts';

/** Dispatches an event that reaches the page through every shadow root around the element that it comes from. */
export function announce(from: Element, type: string, detail: unknown = null): void {
  from.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
}

/** Asks the page to select a thing, or nothing; with `reveal`, to bring it into the middle of the picture. */
export function askToSelect(from: Element, key: SelectionKey | null, { reveal }: { readonly reveal: boolean }): void {
  announce(from, 'select-thing', { key, reveal });
}
