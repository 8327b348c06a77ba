import { LitElement, css, html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageModel, PageNode } from '../../src/protocol/messages.ts';
import { nodeLabel, shapeText } from '../state/format.ts';
import { HostError, onChanged, request } from '../state/host.ts';
import './firstLayer.ts';
import { GraphView } from './graphView.ts';
import './inspector.ts';
import './layerTable.ts';
import './summary.ts';

type Tab = 'graph' | 'layers';

export class App extends LitElement {
  static properties = {
    model: { state: true },
    error: { state: true },
    notice: { state: true },
    busy: { state: true },
    tab: { state: true },
    selected: { state: true },
    announcement: { state: true },
  };
  static styles = css`
    :host { display: flex; flex-direction: column; width: 100%; height: 100%; min-height: 0; --edge: var(--vscode-contrastBorder, var(--vscode-panel-border)); }
    header { display: flex; align-items: center; gap: 8px 12px; padding: 6px 14px; border-bottom: 1px solid var(--edge); flex-wrap: wrap; }
    h1 { flex: 1 1 80px; min-width: 60px; margin: 0; font-size: 1.08em; font-weight: 600; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
    [role='tablist'] { display: flex; gap: 4px; }
    [role='tab'] { font: inherit; color: var(--vscode-foreground); background: none; border: 1px solid transparent; border-bottom: 2px solid transparent; padding: 4px 8px; cursor: pointer; }
    [role='tab'][aria-selected='true'] { border-bottom-color: var(--vscode-panelTitle-activeBorder, var(--vscode-focusBorder)); font-weight: 600; }
    [role='tab']:focus-visible { outline: 1px solid var(--vscode-focusBorder); }
    main { display: flex; flex: 1; min-height: 0; }
    .stage { flex: 1; min-width: 0; min-height: 0; position: relative; }
    [role='tabpanel'] { position: absolute; inset: 0; }
    [hidden] { display: none !important; }
    aside { width: 320px; flex: none; overflow-y: auto; border-left: 1px solid var(--edge); background: var(--vscode-sideBar-background, var(--vscode-editor-background)); }
    .message { margin: auto; padding: 24px; max-width: 640px; text-align: center; overflow-wrap: anywhere; }
    .message vscode-progress-ring { margin: 0 auto 12px; }
    .notice { padding: 6px 14px; overflow-wrap: anywhere; color: var(--vscode-inputValidation-errorForeground, var(--vscode-foreground)); background: var(--vscode-inputValidation-errorBackground); border-bottom: 1px solid var(--vscode-inputValidation-errorBorder, var(--edge)); }
    .quiet { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    @media (max-width: 620px) {
      main { flex-direction: column; }
      aside { width: auto; height: 42%; border-left: none; border-top: 1px solid var(--edge); }
    }
  `;
  declare model: PageModel | null;
  declare error: string;
  declare notice: string;
  declare busy: boolean;
  declare tab: Tab;
  declare selected: number | null;
  declare announcement: string;
  #load = 0;
  #stop: (() => void) | null = null;

  constructor() {
    super();
    this.model = null;
    this.error = '';
    this.notice = '';
    this.busy = false;
    this.tab = 'graph';
    this.selected = null;
    this.announcement = '';
  }

  connectedCallback(): void {
    super.connectedCallback();
    this.#stop = onChanged(() => void this.#fetch());
    void this.#fetch();
  }

  disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop?.();
  }

  async #fetch(): Promise<void> {
    const turn = ++this.#load;
    try {
      const model = await request('model');
      // A newer request has gone out meanwhile; its answer is the one to show.
      if (turn !== this.#load) return;
      this.#show(model);
    } catch (error) {
      if (turn !== this.#load) return;
      this.model = null;
      this.error = error instanceof Error ? error.message : String(error);
    }
  }

  #show(model: PageModel | null): void {
    this.model = model;
    this.error = model ? '' : 'The file holds no model.';
    this.notice = '';
    if (!model?.nodes.some((n) => n.id === this.selected)) this.selected = null;
  }

  async #convert(): Promise<void> {
    if (this.busy || !this.model) return;
    this.busy = true;
    this.notice = '';
    this.announcement = 'Converting to grayscale';
    try {
      await request('convertToGrayscale');
      this.announcement = '';
    } catch (error) {
      this.announcement = '';
      const cancelled = error instanceof HostError && /^cancel/i.test(error.code);
      if (!cancelled) this.notice = error instanceof Error ? error.message : String(error);
    } finally {
      this.busy = false;
    }
  }

  get #graph(): GraphView | null {
    const view = this.renderRoot.querySelector('cw-graph-view');
    return view instanceof GraphView ? view : null;
  }

  #node(): PageNode | null {
    return this.model?.nodes.find((n) => n.id === this.selected) ?? null;
  }

  async #selectNode(event: CustomEvent<{ id: number | null; reveal: boolean }>): Promise<void> {
    const { id, reveal } = event.detail;
    this.selected = id;
    const node = this.#node();
    const shape = shapeText(node?.outputs[0]?.dims ?? null);
    this.announcement = node ? `Selected ${node.opType} ${nodeLabel(node)}${shape ? `, output ${shape}` : ''}` : 'Nothing selected';
    const fromCard = reveal && event.composedPath()[0] instanceof GraphView === false;
    if (fromCard) this.tab = 'graph';
    await this.updateComplete;
    if (id !== null && (reveal || this.tab === 'layers')) this.#graph?.reveal(id);
    if (id !== null && !fromCard) this.renderRoot.querySelector('cw-inspector')?.scrollIntoView({ block: 'nearest' });
  }

  async #tabKey(event: KeyboardEvent): Promise<void> {
    const to: Record<string, Tab> = { ArrowLeft: 'graph', Home: 'graph', ArrowRight: 'layers', End: 'layers' };
    const tab = Object.hasOwn(to, event.key) ? to[event.key] : undefined;
    if (!tab) return;
    event.preventDefault();
    this.tab = tab;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(`#tab-${tab}`)?.focus();
  }

  async #fit(): Promise<void> {
    this.tab = 'graph';
    await this.updateComplete;
    this.#graph?.fit();
  }

  #tab(tab: Tab, text: string): TemplateResult {
    const on = this.tab === tab;
    return html`<button role="tab" id=${`tab-${tab}`} aria-controls=${`panel-${tab}`} aria-selected=${on ? 'true' : 'false'} tabindex=${on ? 0 : -1}
      @click=${() => (this.tab = tab)} @keydown=${this.#tabKey}>${text}</button>`;
  }

  render(): TemplateResult {
    const m = this.model;
    if (this.error) return html`<div class="message" role="alert">${this.error}</div>`;
    if (!m) return html`<div class="message" role="status"><vscode-progress-ring aria-label="Loading"></vscode-progress-ring>Reading the model…</div>`;
    return html`
      <header>
        <h1 title=${m.fileName}>${m.fileName}</h1>
        <div role="tablist" aria-label="View">${this.#tab('graph', 'Graph')}${this.#tab('layers', 'Layers')}</div>
        <vscode-button id="fit" appearance="secondary" @click=${this.#fit}>Fit</vscode-button>
        <vscode-button id="convert" ?disabled=${this.busy} @click=${this.#convert}>Convert to Grayscale</vscode-button>
      </header>
      ${this.notice ? html`<div class="notice" role="alert">${this.notice}</div>` : null}
      <main @select-node=${this.#selectNode}>
        <div class="stage">
          <div role="tabpanel" id="panel-graph" aria-labelledby="tab-graph" ?hidden=${this.tab !== 'graph'}>
            <cw-graph-view .model=${m} .selected=${this.selected}></cw-graph-view>
          </div>
          <div role="tabpanel" id="panel-layers" aria-labelledby="tab-layers" ?hidden=${this.tab !== 'layers'}>
            ${this.tab === 'layers' ? html`<cw-layer-table .model=${m} .selected=${this.selected}></cw-layer-table>` : null}
          </div>
        </div>
        <aside aria-label="Details" tabindex="0">
          <cw-first-layer .model=${m}></cw-first-layer>
          <cw-inspector .node=${this.#node()}></cw-inspector>
          <cw-summary .model=${m}></cw-summary>
        </aside>
      </main>
      <div class="quiet" aria-live="polite">${this.announcement}</div>
    `;
  }
}
customElements.define('cw-app', App);
