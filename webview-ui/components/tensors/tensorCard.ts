import { LitElement, html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageWeight } from '../../../src/protocol/pageModel.ts';
import { countText } from '../../../src/text/numbers.ts';
import { Fold } from '../../state/kept/folds.ts';
import { listText } from '../../text/format.ts';
import { breakable } from '../breakable.ts';
import { cardStyles } from '../styles.ts';
import '../weights/weightCard.ts';

/** The tensor that is looked at: what it is, and its numbers when they are asked for. */
export class TensorCard extends LitElement {
  static override properties = { weight: { attribute: false } };
  static override styles = cardStyles;
  declare weight: PageWeight | null;
  readonly #fold = new Fold(this, 'tensor');

  constructor() {
    super();
    this.weight = null;
  }

  override render(): TemplateResult {
    const { weight } = this;
    return html`<section aria-labelledby="t" ?data-folded=${!this.#fold.open}>
      ${this.#fold.heading('Selected tensor', 't')}
      ${weight ? tensorFacts(weight) : html`<p>Select a tensor in the tree.</p>`}
    </section>`;
  }
}
customElements.define('cw-tensor-card', TensorCard);

function tensorFacts(weight: PageWeight): TemplateResult {
  const count = weight.dims.reduce((product, dim) => product * dim, 1);
  return html`<dl>
      <dt>Name</dt>
      <dd>${breakable(weight.name)}</dd>
      <dt>Shape</dt>
      <dd>${listText(weight.dims)}</dd>
      <dt>Type</dt>
      <dd>${weight.dtype}</dd>
      <dt>Elements</dt>
      <dd>${countText(count)}</dd>
    </dl>
    <cw-weight .weight=${weight}></cw-weight>`;
}
