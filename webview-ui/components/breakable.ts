import { html } from 'lit';
import type { TemplateResult } from 'lit';

/** Where a name may go on in the next line: behind `/`, `_`, `:` and `.`, but for a point within a number. */
const ENDS_OF_WORDS = /(?<=[/_:])(?![/_:])|(?<=\.)(?!\d)|(?<=\D\.)(?=\d)/;

/**
 * A name from a file that breaks where its words end. Where one word alone is wider than its line, `overflow-wrap`
 * breaks that. Copied text is the name as it is.
 */
export function breakable(name: string): TemplateResult {
  return html`${name.split(ENDS_OF_WORDS).map((part, i) => (i === 0 ? part : html`<wbr />${part}`))}`;
}
