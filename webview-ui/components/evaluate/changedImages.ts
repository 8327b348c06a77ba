import { LitElement, css, html } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { PageChangedImage } from '../../../src/protocol/evaluation.ts';

/** Pictures whose class changes when their colours are taken away, with both classes, worst first. */
export class ChangedImages extends LitElement {
  static override properties = { images: { attribute: false }, classes: { attribute: false } };
  static override styles = css`
    ul {
      display: grid;
      grid-template-columns: repeat(auto-fill, minmax(132px, 1fr));
      gap: 12px;
      margin: 0;
      padding: 0;
      list-style: none;
    }
    canvas {
      display: block;
      width: 64px;
      height: 64px;
      border: 1px solid var(--vscode-contrastBorder, transparent);
    }
    span {
      display: block;
      overflow-wrap: anywhere;
    }
    .file {
      color: var(--vscode-descriptionForeground);
      font-size: 0.92em;
    }
  `;
  declare images: readonly PageChangedImage[];
  /** The names of the classes, as far as the model's metadata have them. */
  declare classes: readonly string[];

  constructor() {
    super();
    this.images = [];
    this.classes = [];
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (!changed.has('images')) return;
    const canvases = this.renderRoot.querySelectorAll('canvas');
    const drawn = this.images.filter(({ pixels }) => pixels !== null);
    canvases.forEach((canvas, index) => {
      const image = drawn[index];
      if (image) paint(canvas, image);
    });
  }

  override render(): TemplateResult {
    return html`<ul>
      ${this.images.map(
        (image) =>
          html`<li>
            ${image.pixels === null ? null : html`<canvas width=${image.side} height=${image.side} aria-hidden="true"></canvas>`}
            <span>${this.#name(image.colour)} → ${this.#name(image.gray)}${wasRight(image)}</span>
            <span class="file">${image.image}</span>
          </li>`,
      )}
    </ul>`;
  }

  #name(index: number): string {
    return this.classes[index] ?? `class ${index}`;
  }
}
customElements.define('cw-changed-images', ChangedImages);

function wasRight({ label, colour, gray }: PageChangedImage): string {
  if (label === colour) return ', wrong now';
  return label === gray ? ', right now' : '';
}

/** Red, green and blue of each pixel, from base64. */
function paint(canvas: HTMLCanvasElement, { side, pixels }: PageChangedImage): void {
  const context = canvas.getContext('2d');
  if (!context || pixels === null) return;
  const rgb = atob(pixels);
  const data = context.createImageData(side, side);
  for (let pixel = 0; pixel < side * side; pixel++) {
    for (let channel = 0; channel < 3; channel++) data.data[pixel * 4 + channel] = rgb.charCodeAt(pixel * 3 + channel);
    data.data[pixel * 4 + 3] = 255;
  }
  context.putImageData(data, 0, 0);
}
