import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageFormal, PageModel, PageNode, PageOperator } from '../../../src/protocol/pageModel.ts';
import { request } from '../../state/host/host.ts';

/** What the standard says about a node's operator; undefined for operators of others. */
export function operatorOf(page: PageModel, node: PageNode): PageOperator | undefined {
  return page.operators?.find((operator) => operator.opType === node.opType && operator.domain === node.domain);
}

/**
 * The formal name of the i-th input or output, such as X or W; of a variadic one with its number. '' where the standard
 * has none.
 */
export function formalName(formals: readonly PageFormal[] | undefined, i: number): string {
  const last = formals?.at(-1);
  if (!formals || !last) return '';
  if (i < formals.length - 1 || last.kind !== 'variadic') return formals[i]?.name ?? '';
  return `${last.name}[${i - formals.length + 1}]`;
}

/** A node's attributes with their types; those left out follow with what holds instead. */
export function attributeRows(node: PageNode, operator: PageOperator | undefined): TemplateResult | null {
  const given = new Set(node.attributes.map((attribute) => attribute.name));
  const left = operator?.attributes.filter((attribute) => !given.has(attribute.name)) ?? [];
  if (node.attributes.length + left.length === 0) return null;
  return html`<h3>Attributes</h3>
    <dl>
      ${node.attributes.map(
        (attribute) =>
          html`<dt title=${attribute.type}>${attribute.name}</dt>
            <dd>${attribute.value} <span class="sub">${attribute.type}</span></dd>`,
      )}
      ${left.map(
        (attribute) =>
          html`<dt class="left" title=${attribute.type}>${attribute.name}</dt>
            <dd class="left">${fallbackText(attribute)}</dd>`,
      )}
    </dl>`;
}

/** What holds where an attribute is left out: its default, or that it is not set. */
function fallbackText({ fallback, type }: PageOperator['attributes'][number]): TemplateResult | string {
  if (fallback === null) return 'not set';
  return html`${fallback === '' ? '""' : fallback} <span class="sub">${type}, default</span>`;
}

/** What the standard says of an operator: its version in this file, its formal inputs and outputs, what changed. */
export function operatorFacts(operator: PageOperator | undefined): TemplateResult | null {
  if (operator?.since === undefined) return null;
  const { since, first = since, changes = [] } = operator;
  return html`<h3>Operator</h3>
    <dl>
      <dt>Since opset</dt>
      <dd>${since}${first < since ? html`<span class="sub">, first in ${first}</span>` : null}</dd>
      <dt>Takes</dt>
      <dd>${formalsText(operator.inputs)}</dd>
      <dt>Gives</dt>
      <dd>${formalsText(operator.outputs)}</dd>
      ${
        first < since
          ? html`<dt>Changed in ${since}</dt>
              <dd>${changes.length > 0 ? changes.join('; ') : 'no names, types or defaults'}</dd>`
          : null
      }
    </dl>
    <button class="link" @click=${() => openPage(operator)}>${operator.opType} in the ONNX documentation</button>`;
}

/** VS Code itself says where it could not open a page. */
function openPage({ domain, opType }: PageOperator): void {
  request('openOperatorPage', { domain, opType }).catch(() => undefined);
}

function formalsText(formals: readonly PageFormal[]): string {
  const texts = formals.map(({ name, kind }) => (kind === 'single' ? name : `${name} (${kind})`));
  return texts.length > 0 ? texts.join(', ') : 'nothing';
}
