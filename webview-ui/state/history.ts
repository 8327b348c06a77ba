import type { SelectionKey } from '../graph/graphModel.ts';

/** More steps back than these nobody goes. */
const MOST = 100;

/** What was selected one after the other, to go back and forward through. */
export class SelectionHistory {
  #keys: SelectionKey[] = [];
  #place = -1;

  /** Notes what was selected; what lay ahead is forgotten, as in a browser. */
  visit(key: SelectionKey): void {
    if (this.#keys[this.#place] === key) return;
    this.#keys = [...this.#keys.slice(0, this.#place + 1), key].slice(-MOST);
    this.#place = this.#keys.length - 1;
  }

  get canGoBack(): boolean {
    return this.#place > 0;
  }

  get canGoForward(): boolean {
    return this.#place < this.#keys.length - 1;
  }

  /** The key a step before (-1) or after (1) this one, which becomes the present one; null at the end. */
  go(step: -1 | 1): SelectionKey | null {
    const key = this.#keys[this.#place + step];
    if (key === undefined) return null;
    this.#place += step;
    return key;
  }
}
