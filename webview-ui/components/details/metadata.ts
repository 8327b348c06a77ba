import { LitElement, css, html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageModel } from '../../../src/protocol/pageModel.ts';
import { countText } from '../../../src/text/numbers.ts';
import { Fold } from '../../state/kept/folds.ts';
import { classNames } from '../../text/classNames.ts';
import { breakable } from '../breakable.ts';
import { cardStyles } from '../styles.ts';

/** Longer texts are folded until they are asked for. */
const SHORT = 160;

/** What the file says of itself: description, licence, class names, and every other entry. */
export class Metadata extends LitElement {
  static override properties = { model: { attribute: false } };
  static override styles = [
    cardStyles,
    css`
      details summary {
        cursor: pointer;
      }
      summary:focus-visible {
        outline: 1px solid var(--vscode-focusBorder);
      }
      ol {
        margin: 4px 0 0;
        padding-left: 3.5em;
        max-height: 240px;
        overflow-y: auto;
      }
      .long {
        white-space: pre-wrap;
      }
      [open] .excerpt,
      details:not([open]) .fewer {
        display: none;
      }
    `,
  ];
  declare model: PageModel | null;
  readonly #fold = new Fold(this, 'metadata');

  constructor() {
    super();
    this.model = null;
  }

  /** Opens the list of class names and brings it into sight. */
  async showClasses(): Promise<void> {
    this.#fold.unfold();
    await this.updateComplete;
    const list = this.renderRoot.querySelector('details.classes');
    if (!(list instanceof HTMLDetailsElement)) return;
    list.open = true;
    list.scrollIntoView({ block: 'nearest' });
    list.querySelector('summary')?.focus({ preventScroll: true });
  }

  override render(): TemplateResult | null {
    const rows = this.model?.metadata ?? [];
    if (rows.length === 0) return null;
    return html`<section aria-labelledby="t" ?data-folded=${!this.#fold.open}>
      ${this.#fold.heading('Metadata', 't')}
      <dl>
        ${rows.map(
          ({ key, value }) =>
            html`<dt>${breakable(key)}</dt>
              <dd>${valueOf(key, value)}</dd>`,
        )}
      </dl>
    </section>`;
  }
}
customElements.define('cw-metadata', Metadata);

function valueOf(key: string, value: string): TemplateResult {
  const names = classNames(key, value);
  if (names) {
    const list = html`<ol start=${names.first}>
      ${names.names.map((name) => html`<li>${name}</li>`)}
    </ol>`;
    return html`<details class="classes" ?open=${names.names.length <= 10}>
      <summary>${countText(names.names.length)} classes</summary>
      ${list}
    </details>`;
  }
  if (value.length <= SHORT) return breakable(value);
  return html`<details>
    <summary><span class="excerpt">${value.slice(0, SHORT)}…</span><span class="fewer">Show less</span></summary>
    <span class="long">${value}</span>
  </details>`;
}
