import { LitElement, css, html } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { PageModel } from '../../../src/protocol/pageModel.ts';
import type { PageBinding, PageSizes } from '../../../src/protocol/sizes.ts';
import { countOf, countText } from '../../../src/text/numbers.ts';
import { Fold } from '../../state/kept/folds.ts';
import { announce } from '../announce.ts';
import { breakable } from '../breakable.ts';
import { cardStyles, fieldStyles } from '../styles.ts';

/** After the last key, so that a number is not asked for digit by digit. */
const TYPING_MS = 200;
/** No tensor has a larger size; what multiplies such sizes stays exact. */
const LARGEST = 2 ** 31;
/** Names that are explained; a damaged model may have any number. */
const MOST_NAMES = 40;

/** A number field for every named size of the inputs: shapes and costs follow what is typed. */
export class SizesCard extends LitElement {
  static override properties = { model: { attribute: false }, bind: { attribute: false } };
  static override styles = [
    cardStyles,
    fieldStyles,
    css`
      .fields {
        display: grid;
        grid-template-columns: minmax(72px, max-content) 1fr;
        gap: 5px 12px;
        align-items: center;
        margin-top: 8px;
      }
      label {
        color: var(--vscode-descriptionForeground);
        overflow-wrap: anywhere;
        max-width: 180px;
      }
      input {
        width: 100px;
      }
      input:invalid {
        outline: 1px solid var(--vscode-inputValidation-errorBorder, var(--vscode-focusBorder));
        outline-offset: -1px;
      }
      details {
        margin-top: 10px;
      }
      summary {
        color: var(--vscode-descriptionForeground);
        cursor: pointer;
      }
      summary:focus-visible {
        outline: 1px solid var(--vscode-focusBorder);
      }
      details ul {
        margin-top: 6px;
      }
    `,
  ];
  declare model: PageModel | null;
  readonly #fold = new Fold(this, 'sizes');
  /** The numbers given, also those that are on their way to the host. */
  declare bind: PageBinding;
  #typing = 0;

  constructor() {
    super();
    this.model = null;
    this.bind = {};
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearTimeout(this.#typing);
  }

  /** What is typed stays as it is while the answer comes; a reset empties the fields. */
  protected override updated(changed: PropertyValues): void {
    if (!changed.has('bind') && !changed.has('model')) return;
    for (const input of this.#inputs()) {
      const value = this.bind[input.name];
      if (this.#number(input) !== (value ?? null) && this.shadowRoot?.activeElement !== input)
        input.value = value === undefined ? '' : String(value);
    }
  }

  #inputs(): HTMLInputElement[] {
    return [...this.renderRoot.querySelectorAll('input')];
  }

  #number(input: HTMLInputElement): number | null {
    return input.value !== '' && input.checkValidity() ? Number(input.value) : null;
  }

  #typed(): void {
    window.clearTimeout(this.#typing);
    this.#typing = window.setTimeout(() => {
      const bind: PageBinding = {};
      for (const input of this.#inputs()) {
        const value = this.#number(input);
        if (value !== null) bind[input.name] = value;
      }
      this.#send(bind);
    }, TYPING_MS);
  }

  #send(bind: PageBinding): void {
    announce(this, 'sizes-bound', bind);
  }

  #reset(): void {
    for (const input of this.#inputs()) input.value = '';
    this.#send({});
  }

  override render(): TemplateResult | null {
    const { model } = this;
    const sizes = model?.sizes;
    if (!model || !sizes || (sizes.names.length === 0 && sizes.computed.length === 0)) return null;
    return html`<section aria-labelledby="t" ?data-folded=${!this.#fold.open}>
      ${this.#fold.heading('Sizes', 't')} ${this.#fields(model, sizes)} ${computedSizes(model, sizes)} ${sizeKey(model)}
    </section>`;
  }

  #fields(model: PageModel, { names }: PageSizes): TemplateResult | null {
    if (names.length === 0) return null;
    return html`<p>The inputs leave these sizes open. Given numbers for them, every shape and cost is known.</p>
      <div class="fields">${names.map(({ name }, i) => this.#field(model, name, `size-${i}`))}</div>
      <vscode-button appearance="secondary" ?disabled=${Object.keys(this.bind).length === 0} @click=${this.#reset}
        >Reset sizes</vscode-button
      >`;
  }

  #field(model: PageModel, name: string, id: string): TemplateResult {
    return html`<label for=${id} title=${name}>${shortName(model, name)}</label>
      <input
        id=${id}
        name=${name}
        type="number"
        min="1"
        max=${LARGEST}
        step="1"
        placeholder="any"
        @input=${this.#typed}
      />`;
  }
}
customElements.define('cw-sizes', SizesCard);

function computedSizes(model: PageModel, { computed, computedLeft }: PageSizes): TemplateResult | null {
  if (computed.length === 0) return null;
  const count = computed.length + computedLeft;
  return html`<details>
    <summary>${countOf(count, 'size')} ${count === 1 ? 'is' : 'are'} known only when the model runs</summary>
    <ul>
      ${computed.map(({ name, reason }) => html`<li title=${name}>${shortName(model, name)} <span class="sub">${reason}</span></li>`)}
    </ul>
    ${computedLeft ? html`<p>and ${countText(computedLeft)} more</p>` : null}
  </details>`;
}

/** What a size is called in shapes. */
function shortName({ sizeKey: key }: PageModel, name: string): string {
  return key?.find((entry) => entry.name === name)?.short ?? name;
}

/** What the short names stand for. */
function sizeKey({ sizeKey: key }: PageModel): TemplateResult | null {
  if (!key) return null;
  return html`<h3>Names</h3>
    <dl>
      ${key.slice(0, MOST_NAMES).map(
        ({ short, name }) =>
          html`<dt>${short}</dt>
            <dd>${breakable(name)}</dd>`,
      )}
    </dl>`;
}
