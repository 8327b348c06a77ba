import { LitElement, css, html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageModel } from '../../../src/protocol/pageModel.ts';
import { messageOf } from '../../../src/text/messageOf.ts';
import { isCancel, request } from '../../state/host/host.ts';
import { canBecomeGray, takesOneChannel } from '../../state/tabs.ts';
import '../icon.ts';
import './actionBar.ts';

/**
 * The tools at the right of the tabs: only those that apply to the model. Events: `find`, `go-back`, `go-forward`,
 * `toggle-panel`; `said` and `failed` with what a conversion comes to.
 */
export class HeaderBar extends LitElement {
  static override properties = {
    model: { attribute: false },
    busy: { state: true },
    back: { attribute: false },
    forward: { attribute: false },
    panel: { attribute: false },
  };
  static override styles = css`
    :host {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: 2px;
    }
    .badge {
      padding: 1px 7px;
      margin: 0 4px;
      border-radius: 9px;
      font-size: 0.9em;
      color: var(--vscode-badge-foreground);
      background: var(--vscode-badge-background);
      border: 1px solid var(--vscode-contrastBorder, transparent);
      white-space: nowrap;
    }
    vscode-button {
      margin: 0 4px;
    }
  `;
  declare model: PageModel | null;
  /** A conversion is under way. */
  declare busy: boolean;
  declare back: boolean;
  declare forward: boolean;
  /** Whether the side panel is shown; null where the tab has none. */
  declare panel: boolean | null;

  constructor() {
    super();
    this.model = null;
    this.busy = false;
    this.back = false;
    this.forward = false;
    this.panel = null;
  }

  #tell(type: string, detail = ''): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  async #convert(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.#tell('failed');
    this.#tell('said', 'Converting to grayscale');
    try {
      await request('convertToGrayscale', null);
    } catch (error) {
      if (!isCancel(error)) this.#tell('failed', messageOf(error));
    } finally {
      this.#tell('said');
      this.busy = false;
    }
  }

  #gray(model: PageModel): TemplateResult | null {
    if (takesOneChannel(model)) return html`<span class="badge">Already one channel</span>`;
    if (!canBecomeGray(model)) return null;
    // A disabled button would lose the focus; one that is busy only does nothing.
    return html`<vscode-button
      id="convert"
      aria-disabled=${this.busy ? 'true' : 'false'}
      @click=${() => void this.#convert()}
      >Convert to Grayscale</vscode-button
    >`;
  }

  override render(): TemplateResult | null {
    const { model } = this;
    if (!model) return null;
    return html`${this.#gray(model)}<cw-action-bar .model=${model}></cw-action-bar>
      <cw-icon-button
        icon="back"
        label="Back"
        hint="Back to what was selected before (Alt+Left)"
        ?disabled=${!this.back}
        @click=${() => this.#tell('go-back')}
      ></cw-icon-button>
      <cw-icon-button
        icon="forward"
        label="Forward"
        hint="Forward (Alt+Right)"
        ?disabled=${!this.forward}
        @click=${() => this.#tell('go-forward')}
      ></cw-icon-button>
      <cw-icon-button
        id="find"
        icon="search"
        label="Find"
        hint="Find (Ctrl+F)"
        @click=${() => this.#tell('find')}
      ></cw-icon-button>
      ${
        this.panel === null
          ? null
          : html`<cw-icon-button
              icon=${this.panel ? 'panel' : 'panel-hidden'}
              label="Details"
              hint=${this.panel ? 'Hide the details (D)' : 'Show the details (D)'}
              .pressed=${this.panel}
              @click=${() => this.#tell('toggle-panel')}
            ></cw-icon-button>`
      }`;
  }
}
customElements.define('cw-header-bar', HeaderBar);
