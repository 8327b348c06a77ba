import { LitElement, css, html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageModel, PageNode, PageValue } from '../../../src/protocol/pageModel.ts';
import type { PageCost } from '../../../src/protocol/sizes.ts';
import { countOf, countText, shortCount } from '../../../src/text/numbers.ts';
import { nodeParameters } from '../../graph/graphModel.ts';
import { Fold } from '../../state/kept/folds.ts';
import { classNames } from '../../text/classNames.ts';
import { bytesText, listText, nodeLabel, sizeText } from '../../text/format.ts';
import { askToSelect } from '../announce.ts';
import { breakable } from '../breakable.ts';
import { cardStyles, linkStyles } from '../styles.ts';

function values(list: PageValue[]): TemplateResult {
  if (list.length === 0) return html`<p>none</p>`;
  return html`<ul>
    ${list.map(({ name, dtype, dims }) => {
      const shape = dims ? listText(dims) : 'shape unknown';
      return html`<li>${breakable(name)} <span class="sub">${dtype} ${shape}</span></li>`;
    })}
  </ul>`;
}

/** What is missing in the multiply-adds, each as a phrase. */
function notCounted({ uncounted, unknownOperators, moreOperators }: PageCost): string[] {
  const layers = `${countOf(uncounted, 'layer')} ${uncounted === 1 ? 'has' : 'have'} sizes`;
  const more = moreOperators > 0 ? ` and ${countText(moreOperators)} more` : '';
  return [
    ...(uncounted > 0 ? [`${layers} that are not known`] : []),
    ...(unknownOperators.length > 0 ? [`not counted: ${unknownOperators.join(', ')}${more}`] : []),
  ];
}

/** Class names that are said in the summary; a reader sees what the model tells apart. */
const SHOWN_CLASSES = 5;

function parametersOf(node: PageNode): number {
  return node.kind === 'constant' ? 0 : nodeParameters(node);
}

/** What the model is, how large and how costly. `show-classes` asks for all class names. */
export class Summary extends LitElement {
  static override properties = { model: { attribute: false } };
  static override styles = [
    cardStyles,
    linkStyles,
    css`
      .warning {
        margin-top: 8px;
        color: var(--vscode-editorWarning-foreground, var(--vscode-foreground));
      }
    `,
  ];
  declare model: PageModel | null;
  readonly #fold = new Fold(this, 'summary');

  constructor() {
    super();
    this.model = null;
  }

  /** Leads to the layer that holds the most, where any holds some. */
  #heaviest(page: PageModel, label: string, amountOf: (node: PageNode) => number): TemplateResult | null {
    let best: PageNode | null = null;
    let most = 0;
    let total = 0;
    for (const node of page.nodes) {
      const amount = amountOf(node);
      total += amount;
      if (amount > most) [most, best] = [amount, node];
    }
    if (!best) return null;
    const key = `n${best.id}`;
    const share = ((most / total) * 100).toFixed(0);
    return html`<dt>${label}</dt>
      <dd>
        <button class="link" @click=${() => this.#go(key)}>${breakable(nodeLabel(best))}</button>
        <span class="sub whole">${shortCount(most)}, ${share} %</span>
      </dd>`;
  }

  /** The first class names; the metadata have all. */
  #classes(page: PageModel): TemplateResult | null {
    const found = page.metadata.map(({ key, value }) => classNames(key, value)).find((names) => names !== null);
    if (!found) return null;
    const { names } = found;
    const all = html`, … <button class="link" @click=${this.#showClasses}>all</button>`;
    return html`<dt>Classes</dt>
      <dd>
        ${countText(names.length)}:
        ${names.slice(0, SHOWN_CLASSES).join(', ')}${names.length > SHOWN_CLASSES ? all : null}
      </dd>`;
  }

  #showClasses(): void {
    this.dispatchEvent(new CustomEvent('show-classes'));
  }

  #go(key: string): void {
    askToSelect(this, key, { reveal: true });
  }

  #cost(page: PageModel): TemplateResult | null {
    const cost = page.sizes?.cost;
    if (!cost) return null;
    const left = notCounted(cost).map((text) => html`; <span class="sub">${text}</span>`);
    return html` <dt>Multiply-adds</dt>
      <dd title="Of convolutions, matrix products and recurrent layers, for one image">
        ${cost.macs === null ? 'unknown' : shortCount(cost.macs)}${left}
      </dd>
      <dt>Activations</dt>
      <dd title="The tensors that all layers make together, for one image">
        ${cost.memory === null ? 'unknown' : bytesText(cost.memory)}
      </dd>
      <dt>Peak memory</dt>
      <dd title="The most of them that is needed at the same time, in the file's order of layers">
        ${cost.peak === null ? 'unknown' : bytesText(cost.peak)}
      </dd>`;
  }

  /** Where the file contradicts itself; the model opens all the same. */
  #contradictions(page: PageModel): TemplateResult | null {
    const list = page.sizes?.contradictions ?? [];
    if (list.length === 0) return null;
    return html`<h3>Contradictions (${list.length})</h3>
      <ul>
        ${list.map(({ node, message }) => html`<li>${node === null ? message : this.#link(node, message)}</li>`)}
      </ul>`;
  }

  #link(node: number, text: string): TemplateResult {
    return html`<button class="link" @click=${() => this.#go(`n${node}`)}>${text}</button>`;
  }

  override render(): TemplateResult | null {
    const page = this.model;
    if (!page) return null;
    return html`<section aria-labelledby="t" ?data-folded=${!this.#fold.open}>
      ${this.#fold.heading('Summary', 't')}
      <dl>
        <dt>Format</dt>
        <dd>${page.format}</dd>
        ${page.facts.map(
          ({ label, value }) =>
            html`<dt>${label}</dt>
              <dd>${breakable(value)}</dd>`,
        )}
        ${
          page.hasGraph
            ? html`<dt>Nodes</dt>
                <dd>${countText(page.nodes.length)}</dd>`
            : null
        }
        ${
          page.inner
            ? html`<dt>Inside nodes</dt>
                <dd>
                  ${countText(page.inner.nodes.length)}${page.inner.left > 0 ? `, ${countText(page.inner.left)} more not drawn` : ''}
                </dd>`
            : null
        }
        <dt>Parameters</dt>
        <dd>${countText(page.parameterCount)}</dd>
        ${this.#cost(page)} ${this.#heaviest(page, 'Most parameters', parametersOf)}
        ${this.#heaviest(page, 'Most multiply-adds', ({ cost }) => cost?.macs ?? 0)} ${this.#classes(page)}
        <dt>File size</dt>
        <dd>${sizeText(page.fileSize)}</dd>
      </dl>
      ${this.#contradictions(page)} ${page.warnings.map((warning) => html`<p class="warning">⚠ ${warning}</p>`)}
      ${
        page.hasGraph
          ? html`<h3>Inputs</h3>
              ${values(page.inputs)}
              <h3>Outputs</h3>
              ${values(page.outputs)}`
          : null
      }
    </section>`;
  }
}
customElements.define('cw-summary', Summary);
