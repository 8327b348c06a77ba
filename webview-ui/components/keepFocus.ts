import type { LitElement, ReactiveController } from 'lit';

/** What can't hold the focus any more, though the browser takes it away only a moment later. */
const DISABLED = ':disabled, [disabled]';

/**
 * Where a button that had the focus goes away or is disabled, the focus goes to what stands in its place, and not to the
 * top of the page.
 */
export class KeepFocus implements ReactiveController {
  readonly #host: LitElement;
  readonly #places: string;
  #had = false;

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
    this.#had = this.#active !== null;
  }

  hostUpdated(): void {
    if (!this.#had || this.#active?.matches(DISABLED) === false) return;
    // What is new may not have drawn its own content yet.
    requestAnimationFrame(() => this.#host.shadowRoot?.querySelector<HTMLElement>(this.#places)?.focus());
  }
}
