import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageAdaptation, PageMappedInput, PageStep } from '../../../src/protocol/adaptation.ts';
import { countOf } from '../../../src/text/numbers.ts';
import { preparationText } from '../../text/preparation.ts';

/** What the adapted model takes, as far as the file tells. Weights alone tell how many channels, and no more. */
export function expectedInput({ inputs }: PageAdaptation, last: PageStep, hasGraph: boolean): TemplateResult {
  const lines = inputs.map((now, i) => {
    const said = last.inputs[i];
    if (now.type === null)
      return html`<p class="bad">
        ✗ There is no ${hasGraph ? 'input' : 'tensor'} <span class="name">${now.name}</span>, though the file says so.
      </p>`;
    if (!now.agrees)
      return html`<p class="bad">
        ✗ <span class="name">${now.name}</span> is ${now.type}, though the file says
        ${countOf(said?.newChannels ?? 0, 'channel')}${hasGraph ? ` on axis ${said?.axis}` : nothing}.
      </p>`;
    if (!hasGraph) return html`<p>${takenBy(now.name, said)}</p>`;
    return html`<p>
      <span class="name">${now.name}</span> is ${now.type}: ${countOf(said?.newChannels ?? 0, 'channel')} on axis
      ${said?.axis}. ${said ? preparationText(said) : nothing}
    </p>`;
  });
  return html`<h3>Expected input</h3>
    ${lines.length > 0 ? lines : html`<p>The two files don’t tell which channels go in.</p>`}
    ${hasGraph ? nothing : html`<p class="sub">Size, layout and value range stand in the network’s code, not in the file.</p>`}`;
}

function takenBy(layer: string, said: PageMappedInput | undefined): TemplateResult {
  return html`Images of ${countOf(said?.newChannels ?? 0, 'channel')}, which <span class="name">${layer}</span> takes
    in. ${said ? preparationText(said) : nothing}`;
}
