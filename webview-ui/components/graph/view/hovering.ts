import type { HoverFacts } from '../../../graph/hoverFacts.ts';
import type { Place } from './placing.ts';

/** In milliseconds: long enough that a pointer which only passes opens nothing. */
const DELAY = 350;

/** What shows the facts, and where. */
export type ShowFacts = (facts: HoverFacts | null, at: Place) => void;

/** Shows facts about what the pointer rests on, after a short while; nothing while it moves from thing to thing. */
export class Hovering {
  readonly #show: ShowFacts;
  #over = '';
  #timer = 0;
  #at: Place = { x: 0, y: 0 };

  constructor(show: ShowFacts) {
    this.#show = show;
  }

  /** Called as the pointer moves: `over` names the thing, '' for open ground; `facts` are asked for when it rests. */
  over(over: string, at: Place, facts: () => HoverFacts | null): void {
    this.#at = at;
    if (over === this.#over) return;
    this.end();
    this.#over = over;
    if (over !== '') this.#timer = window.setTimeout(() => this.#show(facts(), this.#at), DELAY);
  }

  /** Takes the card away, until the pointer comes to another thing. */
  end(): void {
    window.clearTimeout(this.#timer);
    this.#over = '';
    this.#show(null, { x: 0, y: 0 });
  }
}
