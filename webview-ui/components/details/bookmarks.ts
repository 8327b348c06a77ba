import { LitElement, css, html } from 'lit';
import type { TemplateResult } from 'lit';
import type { GraphModel, SelectionKey } from '../../graph/graphModel.ts';
import { Fold } from '../../state/kept/folds.ts';
import { askToSelect } from '../announce.ts';
import { breakable } from '../breakable.ts';
import '../icon.ts';
import { KeepFocus } from '../keepFocus.ts';
import { cardStyles, linkStyles } from '../styles.ts';

/** The reader's bookmarks; each leads to its layer. `bookmark-removed` carries a key. Nothing where there are none. */
export class Bookmarks extends LitElement {
  static override properties = { model: { attribute: false }, keys: { attribute: false } };
  static override styles = [
    cardStyles,
    linkStyles,
    css`
      li {
        display: flex;
        align-items: center;
        gap: 4px;
        margin: 0;
      }
      .link {
        flex: 1;
        min-width: 0;
        padding: 2px 0;
      }
    `,
  ];
  declare model: GraphModel | null;
  declare keys: readonly SelectionKey[];
  readonly #fold = new Fold(this, 'bookmarks');

  constructor() {
    super();
    new KeepFocus(this, 'li button');
    this.model = null;
    this.keys = [];
  }

  #go(key: SelectionKey): void {
    askToSelect(this, key, { reveal: true });
  }

  #remove(key: SelectionKey): void {
    this.dispatchEvent(new CustomEvent('bookmark-removed', { detail: key }));
  }

  #row(model: GraphModel, key: SelectionKey): TemplateResult {
    const name = model.nameOf(key);
    return html`<li>
      <button class="link" @click=${() => this.#go(key)}>${breakable(name)}</button>
      <cw-icon-button
        icon="close"
        label=${`Remove the bookmark on ${name}`}
        @click=${() => this.#remove(key)}
      ></cw-icon-button>
    </li>`;
  }

  override render(): TemplateResult | null {
    const { model, keys } = this;
    if (!model || keys.length === 0) return null;
    return html`<section aria-labelledby="t" ?data-folded=${!this.#fold.open}>
      ${this.#fold.heading('Bookmarks', 't')}
      <ul>
        ${keys.map((key) => this.#row(model, key))}
      </ul>
    </section>`;
  }
}
customElements.define('cw-bookmarks', Bookmarks);
