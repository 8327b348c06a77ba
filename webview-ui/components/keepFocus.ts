import type { LitElement, ReactiveController } from 'lit';

/** What can't hold the focus any more, though the browser takes it away only a moment later. */
const DISABLED = ':disabled, [disabled]';

/**
 * Where a button that had the focus goes away or is disabled, the focus goes to what stands in its place, and not to
 * the top of the page; and back to the button when that place goes away in turn.
 */
export class KeepFocus implements ReactiveController {
  readonly #host: LitElement;
  readonly #places: string;
  /** What had the focus before an update of the host. */
  #before: Element | null = null;
  /** The button that lost the focus, until it has it again. */
  #lost: Element | null = null;

  /** `places` is a selector; the first that it finds in the host's content takes the focus. */
  constructor(host: LitElement, places: string) {
    this.#host = host;
    this.#places = places;
    host.addController(this);
  }

  get #active(): Element | null {
    return this.#host.shadowRoot?.activeElement ?? null;
  }

  hostUpdate(): void {
    this.#before = this.#active;
  }

  hostUpdated(): void {
    const isKept = this.#active?.matches(DISABLED) === false;
    if (this.#before === null || isKept) return;
    const back = this.#lost;
    const isBack = back?.isConnected === true && !back.matches(DISABLED);
    this.#lost = isBack ? null : this.#before;
    // What is new may not have drawn its own content yet.
    requestAnimationFrame(() => {
      const place = isBack ? back : this.#host.shadowRoot?.querySelector(this.#places);
      if (place instanceof HTMLElement) place.focus();
    });
  }
}
