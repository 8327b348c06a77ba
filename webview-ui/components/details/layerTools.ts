import { LitElement, css, html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageAction } from '../../../src/protocol/actions.ts';
import { announce } from '../announce.ts';
import '../icon.ts';
import type { IconName } from '../icon.ts';
import { KeepFocus } from '../keepFocus.ts';

/**
 * What a reader can do with the selected layer: follow it, mark it, copy a link to it. `layer-action` carries a
 * PageAction; `path-asked` and `trace-ended` say what their names say.
 */
export class LayerTools extends LitElement {
  static override properties = {
    linked: { attribute: false },
    traced: { attribute: false },
    pathAsked: { attribute: false },
    bookmarked: { attribute: false },
  };
  static override styles = css`
    .tools {
      display: flex;
      flex-wrap: wrap;
      margin: -2px 0 6px -4px;
    }
    p {
      margin: 0 0 8px;
    }
  `;
  /** Whether a link can name the layer. */
  declare linked: boolean;
  /** Whether a trace is shown. */
  declare traced: boolean;
  /** Whether the next layer that is selected ends a path. */
  declare pathAsked: boolean;
  declare bookmarked: boolean;

  constructor() {
    super();
    new KeepFocus(this, 'cw-icon-button');
    this.linked = false;
    this.traced = false;
    this.pathAsked = false;
    this.bookmarked = false;
  }

  #tell(type: string, detail: PageAction | null = null): void {
    announce(this, type, detail);
  }

  #action(action: PageAction, icon: IconName, texts: { label: string; hint: string }): TemplateResult {
    return html`<cw-icon-button
      icon=${icon}
      label=${texts.label}
      hint=${texts.hint}
      @click=${() => this.#tell('layer-action', action)}
    ></cw-icon-button>`;
  }

  override render(): TemplateResult {
    return html`<div class="tools" role="toolbar" aria-label="Selected layer">
        ${this.#action('traceToInputs', 'trace-inputs', {
          label: 'Trace to the inputs',
          hint: 'Show everything that feeds this layer',
        })}
        ${this.#action('traceToOutputs', 'trace-outputs', {
          label: 'Trace to the outputs',
          hint: 'Show everything that this layer feeds',
        })}
        <cw-icon-button
          icon="path"
          label="Path to another layer"
          hint="Show the shortest path to the layer that is selected next"
          .pressed=${this.pathAsked}
          @click=${() => this.#tell('path-asked')}
        ></cw-icon-button>
        ${
          this.traced
            ? html`<cw-icon-button
                icon="close"
                label="End the trace"
                @click=${() => this.#tell('trace-ended')}
              ></cw-icon-button>`
            : null
        }
        <cw-icon-button
          icon="bookmark"
          label="Bookmark"
          hint=${this.bookmarked ? 'Remove the bookmark (B)' : 'Bookmark this layer (B)'}
          .pressed=${this.bookmarked}
          @click=${() => this.#tell('layer-action', 'toggleBookmark')}
        ></cw-icon-button>
        ${this.linked ? this.#action('copyLink', 'link', { label: 'Copy link to this layer', hint: '' }) : null}
      </div>
      ${this.pathAsked ? html`<p>Select the layer at the other end of the path.</p>` : null}`;
  }
}
customElements.define('cw-layer-tools', LayerTools);
