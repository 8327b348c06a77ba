import { html, svg } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageStatistics } from '../../../src/protocol/weights.ts';
import { countText, numberText } from '../../../src/text/numbers.ts';

type Histogram = NonNullable<PageStatistics['histogram']>;

const WIDTH = 128;
const HEIGHT = 56;
/** A bar that is not empty is seen. */
const LEAST = 1;

/** Bars with their range below, and the same as a table for those who can't see them. */
export function histogramView(h: Histogram): TemplateResult {
  const most = Math.max(...h.counts);
  const step = WIDTH / h.counts.length;
  const edge = (i: number): number => (h.first + i) * h.width;
  const zero = -h.first;
  const range = `${numberText(edge(0))} to ${numberText(edge(h.counts.length))}`;
  const peak = h.counts.indexOf(most);
  return html`<figure>
    <svg
      viewBox=${`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label=${`Histogram from ${range}; most values, ${countText(most)}, from ${numberText(edge(peak))} to ${numberText(edge(peak + 1))}`}
    >
      ${h.counts.map((count, i) => {
        if (count === 0) return null;
        const height = Math.max(LEAST, (count / most) * HEIGHT);
        const title = `${numberText(edge(i))} to ${numberText(edge(i + 1))}: ${countText(count)}`;
        const [x, y, width] = [i * step, HEIGHT - height, step * 0.9];
        return svg`<rect x=${x} y=${y} width=${width} height=${height}><title>${title}</title></rect>`;
      })}
      ${zero > 0 && zero < h.counts.length ? svg`<line x1=${zero * step} x2=${zero * step} y1="0" y2=${HEIGHT}></line>` : null}
    </svg>
    <figcaption>
      <span>${numberText(edge(0))}</span
      >${zero > 0 && zero < h.counts.length ? html`<span>line at 0</span>` : null}<span
        >${numberText(edge(h.counts.length))}</span
      >
    </figcaption>
    <details>
      <summary>Histogram as a table</summary>
      <div class="scroll" tabindex="0">
        <table>
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">to below</th>
              <th scope="col">Values</th>
            </tr>
          </thead>
          <tbody>
            ${h.counts.map(
              (count, i) =>
                html`<tr>
                  <td>${numberText(edge(i))}</td>
                  <td>${numberText(edge(i + 1))}</td>
                  <td>${countText(count)}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>
  </figure>`;
}
