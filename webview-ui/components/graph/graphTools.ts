import { LitElement, css, html } from 'lit';
import type { TemplateResult } from 'lit';
import type { Heat } from '../../graph/heat.ts';
import type { LayerNumbers } from '../../graph/tables/layerNumbers.ts';
import type { GraphSession } from '../../state/graphSession.ts';
import { changeSetting, onSettings, settings } from '../../state/settings.ts';
import { announce } from '../announce.ts';
import '../icon.ts';
import '../menuButton.ts';
import { partOf } from '../partOf.ts';
import { HeatMenu } from './heatMenu.ts';
import { pictureEntries } from './savePicture.ts';
import { ZOOM_IN, ZOOM_OUT } from './view/graphKeys.ts';
import type { GraphView } from './view/graphView.ts';

/** The tool bar over the graph: zoom, fit, groups, colours, save as a picture. */
export class GraphTools extends LitElement {
  static override properties = {
    session: { attribute: false },
    target: { attribute: false },
    heat: { attribute: false },
  };
  static override styles = css`
    :host {
      display: flex;
      flex-wrap: wrap;
      box-sizing: border-box;
      max-width: calc(100% - 20px);
      gap: 2px;
      padding: 2px;
      background: var(--vscode-editorWidget-background);
      border: 1px solid var(--vscode-contrastBorder, var(--vscode-editorWidget-border, var(--vscode-panel-border)));
    }
    /* The choice of colours gives way before the tools take a second row. */
    cw-heat-menu {
      flex: 1 1 92px;
      max-width: max-content;
    }
  `;
  declare session: GraphSession | null;
  declare target: { readonly graphView: GraphView | null } | null;
  declare heat: Heat | null;
  #stop: () => void = () => undefined;

  constructor() {
    super();
    this.session = null;
    this.target = null;
    this.heat = null;
  }

  /** Colours the graph by what was measured. */
  showNumbers(numbers: LayerNumbers): void {
    this.#heatMenu?.show(numbers, 'The measurement');
  }

  /** Colours the graph by the numbers in a file that was dropped. */
  async readNumbers(file: File): Promise<void> {
    await this.#heatMenu?.read(file);
  }

  get #heatMenu(): HeatMenu | null {
    return partOf(this.renderRoot, 'cw-heat-menu', HeatMenu);
  }

  get #view(): GraphView | null {
    return this.target?.graphView ?? null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stop = onSettings(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop();
  }

  /** Switches that are remembered as VS Code's settings. */
  #switches(): TemplateResult {
    const { orientation, titles, batchSize } = settings();
    const sideways = orientation === 'left-right';
    const names = titles === 'names';
    return html`<cw-icon-button
        icon="sideways"
        label="Left to right"
        .pressed=${sideways}
        @click=${() => changeSetting('orientation', sideways ? 'top-down' : 'left-right')}
      ></cw-icon-button>
      <cw-icon-button
        icon="names"
        label="Names on boxes"
        .pressed=${names}
        @click=${() => changeSetting('titles', names ? 'operators' : 'names')}
      ></cw-icon-button>
      ${
        this.session?.model.labels.hasBatch
          ? html`<cw-icon-button
              icon="batch"
              label="Batch size on lines"
              .pressed=${batchSize}
              @click=${() => changeSetting('batchSize', !batchSize)}
            ></cw-icon-button>`
          : null
      }`;
  }

  #zoom(): TemplateResult {
    return html`<cw-icon-button
        icon="zoom-in"
        label="Zoom in"
        hint="Zoom in (+)"
        @click=${() => this.#view?.camera.zoomMiddle(ZOOM_IN)}
      ></cw-icon-button>
      <cw-icon-button
        icon="zoom-out"
        label="Zoom out"
        hint="Zoom out (-)"
        @click=${() => this.#view?.camera.zoomMiddle(ZOOM_OUT)}
      ></cw-icon-button>
      <cw-icon-button
        id="fit"
        icon="fit"
        label="Fit"
        hint="Show the whole graph (0)"
        @click=${() => this.#view?.camera.fit()}
      ></cw-icon-button>`;
  }

  #groups(): TemplateResult | null {
    const hasGroups = (this.session?.model.hierarchy.groups.length ?? 1) > 1;
    if (!hasGroups) return null;
    return html`<cw-icon-button
        icon="expand-all"
        label="Open all"
        hint="Open all groups"
        @click=${() => announce(this, 'open-all')}
      ></cw-icon-button>
      <cw-icon-button
        icon="collapse-all"
        label="Close all"
        hint="Close all groups"
        @click=${() => announce(this, 'close-all')}
      ></cw-icon-button>`;
  }

  override render(): TemplateResult {
    const model = this.session?.model ?? null;
    return html`${this.#zoom()} ${this.#groups()} ${this.#switches()}
      <cw-heat-menu .model=${model} .heat=${this.heat}></cw-heat-menu>
      <cw-menu-button
        icon="picture"
        label="Save picture"
        hint="Save the graph as a picture"
        .entries=${pictureEntries(() => this.#view, model?.page.fileName ?? 'model')}
      ></cw-menu-button>`;
  }
}
customElements.define('cw-graph-tools', GraphTools);
