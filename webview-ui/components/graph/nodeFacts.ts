import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageFormal, PageModel, PageNode, PageOperator } from '../../../src/protocol/messages.ts';

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
        (a) =>
          html`<dt class="left" title=${a.type}>${a.name}</dt>
            <dd class="left">
              ${a.fallback === null ? 'not set' : html`${a.fallback === '' ? '""' : a.fallback} <span class="sub">${a.type}, default</span>`}
            </dd>`,
      )}
    </dl>`;
}
