import { LitElement, css, html } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { HoverFacts } from '../../../graph/hoverFacts.ts';
import { breakable } from '../../breakable.ts';
import type { Place } from './placing.ts';

/** Between the pointer and the card, and between the card and the edge of the page. */
const BESIDE = 14;
const MARGIN = 4;

/** A card with facts about what the pointer rests on. Its texts come from the file and are never markup. */
export class HoverCard extends LitElement {
  static override properties = { facts: { attribute: false }, at: { attribute: false } };
  static override styles = css`
    :host {
      position: absolute;
      z-index: 2;
      left: 0;
      top: 0;
      pointer-events: none;
      box-sizing: border-box;
      max-width: min(440px, 90%);
      max-height: 90%;
      overflow: hidden;
      padding: 5px 10px 7px;
      font-size: 0.92em;
      color: var(--vscode-editorHoverWidget-foreground, var(--vscode-foreground));
      background: var(--vscode-editorHoverWidget-background, var(--vscode-editorWidget-background));
      border: 1px solid
        var(--vscode-editorHoverWidget-border, var(--vscode-contrastBorder, var(--vscode-editorWidget-border)));
      box-shadow: 0 2px 8px var(--vscode-widget-shadow, transparent);
    }
    :host([hidden]) {
      display: none;
    }
    .title {
      font-weight: 600;
    }
    .name {
      overflow-wrap: anywhere;
      max-height: 4.5em;
      overflow: hidden;
    }
    dl {
      display: grid;
      grid-template-columns: max-content 1fr;
      gap: 1px 10px;
      margin: 4px 0 0;
    }
    dt {
      color: var(--vscode-descriptionForeground);
    }
    dd {
      margin: 0;
      overflow-wrap: anywhere;
      max-height: 3em;
      overflow: hidden;
    }
  `;
  declare facts: HoverFacts | null;
  /** Where the pointer is, from the corner of what the card lies in. */
  declare at: Place;

  constructor() {
    super();
    this.facts = null;
    this.at = { x: 0, y: 0 };
  }

  protected override willUpdate(): void {
    this.hidden = this.facts === null;
  }

  /**
   * Beside the pointer, on the other side of it where there is no room. Through the style object, as the policy asks.
   */
  protected override updated(_: PropertyValues): void {
    const around = this.offsetParent;
    if (this.hidden || !around) return;
    const x = fitting(this.at.x, this.offsetWidth, around.clientWidth);
    const y = fitting(this.at.y, this.offsetHeight, around.clientHeight);
    this.style.transform = `translate(${x}px, ${y}px)`;
  }

  override render(): TemplateResult | null {
    const { facts } = this;
    if (!facts) return null;
    return html`<div class="title">${facts.title}</div>
      <div class="name">${breakable(facts.name)}</div>
      <dl>
        ${facts.rows.map(
          ([label, value]) =>
            html`<dt>${label}</dt>
              <dd>${value}</dd>`,
        )}
      </dl>`;
  }
}
customElements.define('cw-hover-card', HoverCard);

function fitting(at: number, size: number, room: number): number {
  const after = at + BESIDE;
  if (after + size + MARGIN <= room) return after;
  return Math.max(MARGIN, at - BESIDE - size);
}
