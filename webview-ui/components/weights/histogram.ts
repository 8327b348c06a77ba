import { html, svg } from 'lit';
import type { SVGTemplateResult, TemplateResult } from 'lit';
import type { PageStatistics } from '../../../src/protocol/weights.ts';
import { countText, numberText } from '../../../src/text/numbers.ts';

type Histogram = NonNullable<PageStatistics['histogram']>;

/** In the units of the drawing, which is stretched to the room there is. */
const WIDTH = 128;
const HEIGHT = 56;
/** A bar that is not empty is seen. */
const LEAST = 1;
/** The part of its step that a bar takes. */
const BAR = 0.9;

/** Bars with their range below, and the same as a table for those who can't see them. */
export function histogramView(histogram: Histogram): TemplateResult {
  const { counts } = histogram;
  const zero = zeroPlace(histogram);
  const step = WIDTH / counts.length;
  return html`<figure>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label=${spokenText(histogram)}>
      ${bars(histogram)}
      ${zero === null ? null : svg`<line x1=${zero * step} x2=${zero * step} y1="0" y2=${HEIGHT}></line>`}
    </svg>
    <figcaption>
      <span>${edgeText(histogram, 0)}</span>${zero === null ? null : html`<span>line at 0</span>`}<span
        >${edgeText(histogram, counts.length)}</span
      >
    </figcaption>
    ${table(histogram)}
  </figure>`;
}

/** Where bar i begins; behind the last bar, where it ends. */
function edgeText({ first, width }: Histogram, i: number): string {
  return numberText((first + i) * width);
}

function rangeText(histogram: Histogram, from: number, to: number): string {
  return `${edgeText(histogram, from)} to ${edgeText(histogram, to)}`;
}

/** How many bars lie below zero; null where it lies at an end or outside. */
function zeroPlace({ first, counts }: Histogram): number | null {
  return first < 0 && -first < counts.length ? -first : null;
}

function spokenText(histogram: Histogram): string {
  const { counts } = histogram;
  const most = Math.max(...counts);
  const peak = counts.indexOf(most);
  const whole = rangeText(histogram, 0, counts.length);
  return `Histogram from ${whole}; most values, ${countText(most)}, from ${rangeText(histogram, peak, peak + 1)}`;
}

function bars(histogram: Histogram): (SVGTemplateResult | null)[] {
  const { counts } = histogram;
  const most = Math.max(...counts);
  const step = WIDTH / counts.length;
  return counts.map((count, i) => {
    if (count === 0) return null;
    const height = Math.max(LEAST, (count / most) * HEIGHT);
    const title = `${rangeText(histogram, i, i + 1)}: ${countText(count)}`;
    const [x, y, width] = [i * step, HEIGHT - height, step * BAR];
    return svg`<rect x=${x} y=${y} width=${width} height=${height}><title>${title}</title></rect>`;
  });
}

function table(histogram: Histogram): TemplateResult {
  return html`<details>
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
          ${histogram.counts.map(
            (count, i) =>
              html`<tr>
                <td>${edgeText(histogram, i)}</td>
                <td>${edgeText(histogram, i + 1)}</td>
                <td>${countText(count)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}
