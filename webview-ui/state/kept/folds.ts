import { html } from 'lit';
import type { LitElement, TemplateResult } from 'lit';

/** Sections of the side panel that the reader has folded, by name; kept with the page's other state. */
const folded = new Set<string>();
const listeners = new Set<() => void>();

/** Names of the sections that are folded now, to be kept. */
export function foldedSections(): string[] {
  return [...folded];
}

/** Folds the sections that were folded in an earlier session, and no others. */
export function restoreFolds(names: readonly string[]): void {
  folded.clear();
  for (const name of names) folded.add(name);
}

/** Calls `listener` after a section was folded or unfolded; returns the unsubscribe function. */
export function onFold(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The heading of one section, which folds it. */
export class Fold {
  readonly #host: LitElement;
  readonly #name: string;

  constructor(host: LitElement, name: string) {
    this.#host = host;
    this.#name = name;
  }

  get open(): boolean {
    return !folded.has(this.#name);
  }

  unfold(): void {
    if (!this.open) this.#toggle();
  }

  #toggle(): void {
    if (!folded.delete(this.#name)) folded.add(this.#name);
    this.#host.requestUpdate();
    for (const listener of listeners) listener();
  }

  /** The heading with a button that folds what follows. `id` is for aria-labelledby. */
  heading(title: string, id: string): TemplateResult {
    return html`<h2 id=${id}>
      <button class="fold" aria-expanded=${this.open ? 'true' : 'false'} @click=${() => this.#toggle()}>
        ${title}
      </button>
    </h2>`;
  }
}
