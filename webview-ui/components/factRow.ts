import { html } from 'lit';
import type { TemplateResult } from 'lit';

/** A term and what it is, for a description list; nothing where there is nothing to say. */
export function factRow(term: string, value: unknown): TemplateResult | null {
  if (value === null || value === undefined || value === '') return null;
  return html`<dt>${term}</dt>
    <dd>${value}</dd>`;
}

/** The same with a value in words, which wraps. */
export function wordsRow(term: string, words: unknown): TemplateResult | null {
  if (words === null || words === undefined || words === '') return null;
  return html`<dt>${term}</dt>
    <dd class="words">${words}</dd>`;
}
