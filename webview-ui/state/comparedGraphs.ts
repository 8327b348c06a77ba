import type { DifferenceSign, PageComparison } from '../../src/protocol/comparison.ts';
import type { PageModel } from '../../src/protocol/pageModel.ts';
import { unpackModel } from '../../src/protocol/unpack.ts';
import type { Difference } from '../draw/difference.ts';
import type { SelectionKey } from '../graph/graphModel.ts';
import { GraphSession } from './graphSession.ts';

export type Side = 'a' | 'b';

export const OTHER_SIDE: Readonly<Record<Side, Side>> = { a: 'b', b: 'a' };

const KINDS: Readonly<Record<DifferenceSign, Difference>> = { '-': 'removed', '+': 'added', '~': 'changed' };

/** The two graphs of a comparison, what is marked in them, and which things stand for each other. */
export class ComparedGraphs {
  readonly sessions: Readonly<Record<Side, GraphSession>>;
  readonly marks: Readonly<Record<Side, ReadonlyMap<SelectionKey, Difference>>>;
  /** The side whose model is the page's own. */
  readonly own: Side;
  #counterparts: Readonly<Record<Side, Map<SelectionKey, SelectionKey>>> = { a: new Map(), b: new Map() };

  constructor(own: PageModel, pageComparison: PageComparison) {
    const other = unpackModel(pageComparison.other);
    this.own = pageComparison.own;
    const pages = pageComparison.own === 'a' ? { a: own, b: other } : { a: other, b: own };
    this.sessions = { a: new GraphSession(pages.a, null), b: new GraphSession(pages.b, null) };
    const kinds = (side: Side): ReadonlyMap<SelectionKey, Difference> =>
      new Map(pageComparison.marks[side].map(([key, sign]) => [key, KINDS[sign]]));
    this.marks = { a: kinds('a'), b: kinds('b') };
    pageComparison.alignment.forEach((first, second) => {
      if (first >= 0) this.#pair(`n${first}`, `n${second}`);
    });
    for (const [what, x, y] of [
      ['i', pages.a.inputs, pages.b.inputs],
      ['o', pages.a.outputs, pages.b.outputs],
    ] as const) {
      y.forEach(({ name }, j) => {
        const i = x.findIndex((value) => value.name === name);
        if (i >= 0 || x.length === y.length) this.#pair(`${what}${i >= 0 ? i : j}`, `${what}${j}`);
      });
    }
  }

  #pair(first: SelectionKey, second: SelectionKey): void {
    this.#counterparts.a.set(first, second);
    this.#counterparts.b.set(second, first);
  }

  /**
   * What stands for a thing of one side on the other; null where nothing does. Groups stand for groups of the same
   * path.
   */
  counterpart(side: Side, key: SelectionKey): SelectionKey | null {
    const other = this.sessions[OTHER_SIDE[side]].model;
    const found = this.#counterparts[side].get(key) ?? (key.startsWith('g') ? key : null);
    return found !== null && other.has(found) ? found : null;
  }

  close(): void {
    this.sessions.a.close();
    this.sessions.b.close();
  }
}
