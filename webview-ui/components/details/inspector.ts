import { LitElement, css, html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageNode, PageValue, PageWeight } from '../../../src/protocol/pageModel.ts';
import { countText, shortCount } from '../../../src/text/numbers.ts';
import { nodeParameters } from '../../graph/graphModel.ts';
import type { GraphModel, SelectionKey } from '../../graph/graphModel.ts';
import { leavingShape } from '../../graph/targets.ts';
import { Fold } from '../../state/kept/folds.ts';
import type { GraphSession } from '../../state/graphSession.ts';
import { bytesText, listText, nodeLabel } from '../../text/format.ts';
import { announce, askToSelect } from '../announce.ts';
import { breakable } from '../breakable.ts';
import { factRow } from '../factRow.ts';
import { cardStyles, linkStyles } from '../styles.ts';
import '../weights/weightCard.ts';
import './layerTools.ts';
import { attributeRows, formalName, operatorFacts, operatorOf } from './operatorFacts.ts';

/** A list of neighbours longer than this is cut; the graph shows the rest. */
const MOST_LINKS = 12;

/** Facts about what is selected: a node, a group, a graph input or output. Neighbours are links to them. */
export class Inspector extends LitElement {
  static override properties = {
    session: { attribute: false },
    selected: { attribute: false },
    opened: { attribute: false },
    traced: { attribute: false },
    pathAsked: { attribute: false },
    bookmarks: { attribute: false },
  };
  static override styles = [
    cardStyles,
    linkStyles,
    css`
      .at {
        display: block;
        padding-left: 12px;
      }
      .formal {
        color: var(--vscode-descriptionForeground);
        margin-right: 8px;
      }
      .left,
      .left .sub {
        color: var(--vscode-descriptionForeground);
        font-style: italic;
      }
    `,
  ];
  declare session: GraphSession | null;
  declare selected: SelectionKey | null;
  declare opened: number;
  /** Whether a trace is shown. */
  declare traced: boolean;
  /** Whether the next layer that is selected ends a path. */
  declare pathAsked: boolean;
  declare bookmarks: readonly SelectionKey[];
  readonly #fold = new Fold(this, 'selected');

  constructor() {
    super();
    this.session = null;
    this.selected = null;
    this.opened = 0;
    this.traced = false;
    this.pathAsked = false;
    this.bookmarks = [];
  }

  #go(key: SelectionKey): void {
    askToSelect(this, key, { reveal: true });
  }

  #toggle(key: SelectionKey): void {
    announce(this, 'toggle-group', { key });
  }

  #tools(model: GraphModel, key: SelectionKey): TemplateResult {
    return html`<cw-layer-tools
      .linked=${model.linkName(key) !== ''}
      .traced=${this.traced}
      .pathAsked=${this.pathAsked}
      .bookmarked=${this.bookmarks.includes(key)}
    ></cw-layer-tools>`;
  }

  #links(model: GraphModel, items: readonly number[], word: string): TemplateResult | null {
    const unique = [...new Set(items)];
    if (unique.length === 0) return null;
    return html`${unique.slice(0, MOST_LINKS).map((i) => {
      const key = model.keyOf(i);
      return html`<span class="at sub"
        >${word} <button class="link" @click=${() => this.#go(key)}>${breakable(model.nameOf(key))}</button></span
      >`;
    })}${unique.length > MOST_LINKS ? html`<span class="at sub">and ${countText(unique.length - MOST_LINKS)} more</span>` : null}`;
  }

  override render(): TemplateResult {
    const model = this.session?.model;
    const key = this.selected;
    const group = model?.groupOf(key);
    const item = model?.flat.items[model.itemOf(key) ?? -1];
    if (!model || !key || (group === undefined && !item)) {
      return html`<section aria-labelledby="t" ?data-folded=${!this.#fold.open}>
        ${this.#fold.heading('Selected layer', 't')}
        <p>Select a layer in the graph or in the table.</p>
      </section>`;
    }
    if (group !== undefined) return this.#group(model, key, group);
    if (item?.node) return this.#node(model, key, item.node);
    const value = model.valueOf(key);
    return value ? this.#value(model, key, value, key.startsWith('i') ? 'Graph input' : 'Graph output') : html``;
  }

  #value(model: GraphModel, key: SelectionKey, value: PageValue, title: string): TemplateResult {
    const at = model.itemOf(key)!;
    const { links } = model.flat;
    return html`<section aria-labelledby="t" ?data-folded=${!this.#fold.open}>
      ${this.#fold.heading(title, 't')} ${this.#tools(model, key)}
      <dl>
        <dt>Name</dt>
        <dd>${breakable(value.name)}</dd>
        <dt>Type</dt>
        <dd>${value.dtype}</dd>
        <dt>Shape</dt>
        <dd>${value.dims ? listText(value.dims) : 'unknown'}</dd>
      </dl>
      ${this.#links(
        model,
        links.filter((link) => link.from === at).map((link) => link.to),
        'read by',
      )}
      ${this.#links(
        model,
        links.filter((link) => link.to === at).map((link) => link.from),
        'from',
      )}
    </section>`;
  }

  #group(model: GraphModel, key: SelectionKey, index: number): TemplateResult {
    const group = model.hierarchy.groups[index]!;
    const facts = model.facts[index]!;
    const open = this.session?.isOpen(index) ?? false;
    const operators = new Map<string, number>();
    model.flat.items.forEach((item, i) => {
      if (!item.node || !model.around(model.keyOf(i)).includes(index)) return;
      operators.set(item.node.opType, (operators.get(item.node.opType) ?? 0) + 1);
    });
    const share =
      model.page.parameterCount > 0 ? ` (${((facts.params / model.page.parameterCount) * 100).toFixed(1)} %)` : '';
    return html`<section aria-labelledby="t" ?data-folded=${!this.#fold.open}>
      ${this.#fold.heading('Selected group', 't')} ${this.#tools(model, key)}
      <dl>
        <dt>Name</dt>
        <dd>${group.title}</dd>
        <dt>Path</dt>
        <dd>${breakable(group.path)}</dd>
        <dt>Layers</dt>
        <dd>${countText(group.count)}</dd>
        <dt>Output</dt>
        <dd>${leavingShape(model, key) || 'unknown'}</dd>
        <dt>Parameters</dt>
        <dd>${countText(facts.params)}${share}</dd>
        <dt>Operators</dt>
        <dd>
          ${[...operators]
            .sort((a, b) => b[1] - a[1])
            .map(([op, n]) => `${op} ×${n}`)
            .join(', ')}
        </dd>
      </dl>
      <vscode-button appearance="secondary" @click=${() => this.#toggle(key)}
        >${open ? 'Close group' : 'Open group'}</vscode-button
      >
    </section>`;
  }

  #node(model: GraphModel, key: SelectionKey, node: PageNode): TemplateResult {
    const operator = operatorOf(model.page, node);
    return html`<section aria-labelledby="t" ?data-folded=${!this.#fold.open}>
      ${this.#fold.heading('Selected layer', 't')} ${this.#tools(model, key)} ${nodeFacts(model, node)}
      ${attributeRows(node, operator)} ${this.#inputs(model, key, node)} ${this.#outputs(model, key, node)}
      ${operatorFacts(operator)}
    </section>`;
  }

  #inputs(model: GraphModel, key: SelectionKey, node: PageNode): TemplateResult {
    const item = model.itemOf(key);
    const into = model.flat.links.filter((link) => link.to === item);
    const formals = operatorOf(model.page, node)?.inputs;
    // Weights inside subgraphs go by names of their own, which the host can't be asked for.
    const inMain = node.id < model.page.nodes.length;
    return html`<h3>Inputs</h3>
      <ul>
        ${node.inputs.map((input, i) => {
          const from = into.filter((link) => link.tensor === input.name).map((link) => link.from);
          return html`<li>
            ${formalAndName(formalName(formals, i), input.name)}
            <span class="sub"
              >${input.weight ? weightText(input) : typeText(model.dtypeOf(from[0], input.name), input.dims)}</span
            >${input.weight ? weightCard(input.weight, inMain) : this.#links(model, from, 'from')}
          </li>`;
        })}
      </ul>`;
  }

  #outputs(model: GraphModel, key: SelectionKey, node: PageNode): TemplateResult {
    const item = model.itemOf(key);
    const out = model.flat.links.filter((link) => link.from === item);
    const formals = operatorOf(model.page, node)?.outputs;
    return html`<h3>Outputs</h3>
      <ul>
        ${node.outputs.map((output, i) => {
          const readers = out.filter((link) => link.tensor === output.name).map((link) => link.to);
          return html`<li>
            ${formalAndName(formalName(formals, i), output.name)}
            <span class="sub">${typeText(output.dtype, output.dims)}</span>${this.#links(model, readers, 'read by')}
          </li>`;
        })}
      </ul>`;
  }
}
customElements.define('cw-inspector', Inspector);

/** What a layer is called, what it costs, and where the file contradicts itself. */
function nodeFacts({ page }: GraphModel, node: PageNode): TemplateResult {
  const parameters = nodeParameters(node);
  const { macs, memory } = node.cost ?? {};
  const contradictions = page.sizes?.contradictions.filter((contradiction) => contradiction.node === node.id) ?? [];
  return html`<dl>
    ${factRow('Name', breakable(nodeLabel(node)))} ${factRow('Operator', node.opType)} ${factRow('Domain', node.domain)}
    ${factRow('Parameters', parameters > 0 ? countText(parameters) : null)}
    ${factRow('Multiply-adds', macs ? shortCount(macs) : null)}
    ${factRow('Activations', memory ? bytesText(memory) : null)}
    ${contradictions.map(({ message }) => factRow('Contradiction', message))}
  </dl>`;
}

function formalAndName(formal: string, name: string): TemplateResult {
  return html`${formal ? html`<span class="formal">${formal}</span>` : null}${name ? breakable(name) : '(left out)'}`;
}

function typeText(dtype: string | undefined, dims: readonly string[] | null): TemplateResult {
  return html`${dtype ?? ''}${dims ? html` <span class="whole">${listText(dims)}</span>` : null}`;
}

function weightText({ weight, value }: PageNode['inputs'][number]): TemplateResult | null {
  if (!weight) return null;
  const known = value === undefined ? '' : ` = ${value}`;
  return html`weight ${weight.dtype}
    <span class="whole">${listText(weight.stored ?? weight.dims)}</span> ${weight.storage}${known}`;
}

/** Statistics, values and saving, for weights that the host can be asked for. */
function weightCard(weight: PageWeight, inMain: boolean): TemplateResult | null {
  return inMain ? html`<cw-weight .weight=${weight}></cw-weight>` : null;
}
