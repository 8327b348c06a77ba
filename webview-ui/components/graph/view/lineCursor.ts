import type { GraphModel, SelectionKey } from '../../../graph/graphModel.ts';
import { linksAt } from '../../../graph/targets.ts';

/** A line at what is selected, by the number of its link, and what lies at its other end. */
export interface LineAt {
  readonly link: number;
  readonly otherEnd: SelectionKey;
}

/** Goes through the lines of what is selected by keyboard: those that enter it, then those that leave it. */
export class LineCursor {
  #key: SelectionKey | null = null;
  #at = -1;
  /** The line that the reader has come to; null before the first step. */
  line: LineAt | null = null;

  /** The next line, or with -1 the one before; after the last comes the first. Null where the thing has none. */
  step(model: GraphModel, key: SelectionKey, by: 1 | -1): LineAt | null {
    if (key !== this.#key) this.end();
    const { into, out } = linksAt(model, key);
    const { links } = model.flat;
    const lines: LineAt[] = [
      ...into.map((link) => ({ link, otherEnd: model.keyOf(links[link]!.from) })),
      ...out.map((link) => ({ link, otherEnd: model.keyOf(links[link]!.to) })),
    ];
    const start = by > 0 ? -1 : 0;
    const from = this.#key === null ? start : this.#at;
    this.#key = key;
    this.#at = (from + by + lines.length) % Math.max(1, lines.length);
    this.line = lines[this.#at] ?? null;
    return this.line;
  }

  end(): void {
    this.#key = null;
    this.#at = -1;
    this.line = null;
  }
}
