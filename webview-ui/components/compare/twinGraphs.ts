import { LitElement, css, html } from 'lit';
import type { TemplateResult } from 'lit';
import type { View } from '../../draw/camera.ts';
import type { SelectionKey } from '../../graph/graphModel.ts';
import { GROUND } from '../../graph/targets.ts';
import type { Target } from '../../graph/targets.ts';
import { OTHER_SIDE } from '../../state/comparedGraphs.ts';
import type { ComparedGraphs, Side } from '../../state/comparedGraphs.ts';
import { offerNoMenu } from '../../state/contextMenu.ts';
import { GraphView } from '../graph/view/graphView.ts';
import { partOf } from '../partOf.ts';

type Selection = Readonly<Record<Side, SelectionKey | null>>;

const NOTHING: Selection = { a: null, b: null };

/** Two graphs side by side that move, open and select together. */
export class TwinGraphs extends LitElement {
  static override properties = { graphs: { attribute: false }, names: { attribute: false }, selected: { state: true } };
  static override styles = css`
    :host {
      display: flex;
      width: 100%;
      height: 100%;
      min-width: 0;
      min-height: 0;
    }
    section {
      flex: 1;
      min-width: 0;
      min-height: 0;
      display: flex;
      flex-direction: column;
    }
    section + section {
      border-left: 1px solid var(--edge);
    }
    h2 {
      margin: 0;
      padding: 5px 12px;
      font-size: 0.92em;
      font-weight: 600;
      white-space: nowrap;
      overflow: hidden;
      text-overflow: ellipsis;
      background: var(--vscode-sideBar-background, var(--vscode-editor-background));
      border-bottom: 1px solid var(--edge);
    }
    h2 span {
      color: var(--vscode-descriptionForeground);
      font-weight: 400;
    }
    .view {
      flex: 1;
      min-height: 0;
      position: relative;
    }
    @media (max-width: 460px) {
      :host {
        flex-direction: column;
      }
      section + section {
        border-left: none;
        border-top: 1px solid var(--edge);
      }
    }
  `;
  declare graphs: ComparedGraphs | null;
  declare names: Readonly<Record<Side, string>>;
  declare selected: Selection;
  #moving = false;

  constructor() {
    super();
    this.graphs = null;
    this.names = { a: '', b: '' };
    this.selected = NOTHING;
  }

  #view(side: Side): GraphView | null {
    return partOf(this.renderRoot, `#${side} cw-graph-view`, GraphView);
  }

  /** Selects a thing of either side, and what stands for it; brings both into view. */
  async show(keys: Selection): Promise<void> {
    const { graphs } = this;
    if (!graphs) return;
    const a = keys.a ?? (keys.b === null ? null : graphs.counterpart('b', keys.b));
    const b = keys.b ?? (keys.a === null ? null : graphs.counterpart('a', keys.a));
    this.selected = { a, b };
    await this.updateComplete;
    const side: Side = b === null ? 'a' : 'b';
    const [key, other] = side === 'b' ? [b, a] : [a, b];
    if (other !== null && graphs.sessions[OTHER_SIDE[side]].uncover(other))
      await this.#view(OTHER_SIDE[side])?.relayout(null);
    // The other view follows this one.
    if (key !== null) await this.#view(side)?.reveal(key);
  }

  #select(side: Side, event: CustomEvent<{ key: SelectionKey | null; reveal: boolean }>): void {
    event.stopPropagation();
    const { key, reveal } = event.detail;
    if (key === null) this.selected = NOTHING;
    else if (reveal) void this.show({ ...NOTHING, [side]: key });
    else this.selected = { ...NOTHING, [side]: key, [OTHER_SIDE[side]]: this.graphs?.counterpart(side, key) ?? null };
  }

  /** Actions are for things of the page's own model. */
  #menuAsked(side: Side, event: CustomEvent<Target>): void {
    if (side === this.graphs?.own && event.detail !== GROUND) return;
    event.stopPropagation();
    offerNoMenu();
  }

  async #toggle(side: Side, event: CustomEvent<{ key: SelectionKey }>): Promise<void> {
    event.stopPropagation();
    const { graphs } = this;
    const { key } = event.detail;
    const session = graphs?.sessions[side];
    const group = session?.model.groupOf(key);
    if (!graphs || !session || group === undefined) return;
    const open = !session.isOpen(group);
    session.set([group], open);
    const other = graphs.sessions[OTHER_SIDE[side]];
    const twin = other.model.groupOf(key);
    const both = twin !== undefined && other.set([twin], open);
    this.selected = { ...NOTHING, [side]: key, [OTHER_SIDE[side]]: twin === undefined ? null : key };
    await this.#view(side)?.relayout(key);
    if (both) await this.#view(OTHER_SIDE[side])?.relayout(key);
  }

  /** Moves the other view so that what stands for the thing nearest to this one's middle lies at the same place. */
  #follow(side: Side, view: View): void {
    const [mine, other] = [this.#view(side), this.#view(OTHER_SIDE[side])];
    if (this.#moving || !this.graphs || !mine?.scene || !other?.scene) return;
    const { geometry, model } = mine.scene;
    const [x, y] = [(mine.clientWidth / 2 - view.x) / view.scale, (mine.clientHeight / 2 - view.y) / view.scale];
    let [least, from, to] = [Infinity, -1, -1];
    geometry.box.forEach((ref, b) => {
      if (geometry.open[b]) return;
      const d = Math.hypot(geometry.x[b]! + geometry.w[b]! / 2 - x, geometry.y[b]! + geometry.h[b]! / 2 - y);
      if (d >= least) return;
      const twin = this.graphs?.counterpart(side, model.keyOf(ref)) ?? null;
      const box = twin === null ? undefined : other.scene?.boxOf(twin);
      if (box !== undefined) [least, from, to] = [d, b, box];
    });
    if (from < 0) return;
    const theirs = other.scene.geometry;
    const dx = geometry.x[from]! + geometry.w[from]! / 2 - (theirs.x[to]! + theirs.w[to]! / 2);
    const dy = geometry.y[from]! + geometry.h[from]! / 2 - (theirs.y[to]! + theirs.h[to]! / 2);
    this.#moving = true;
    other.setView({
      scale: view.scale,
      x: view.x + dx * view.scale + (other.clientWidth - mine.clientWidth) / 2,
      y: view.y + dy * view.scale,
    });
    this.#moving = false;
  }

  #half(side: Side, label: string): TemplateResult {
    return html`<section id=${side} aria-label=${`${label} model: ${this.names[side]}`}>
      <h2 title=${this.names[side]}><span>${label}</span> ${this.names[side]}</h2>
      <div class="view">
        <cw-graph-view
          bare
          .session=${this.graphs?.sessions[side] ?? null}
          .selected=${this.selected[side]}
          .differing=${this.graphs?.marks[side] ?? new Map()}
          @view-moved=${(event: CustomEvent<View>) => this.#follow(side, event.detail)}
          @select-thing=${(event: CustomEvent<{ key: SelectionKey | null; reveal: boolean }>) => this.#select(side, event)}
          @menu-asked=${(event: CustomEvent<Target>) => this.#menuAsked(side, event)}
          @toggle-group=${(event: CustomEvent<{ key: SelectionKey }>) => this.#toggle(side, event)}
        ></cw-graph-view>
      </div>
    </section>`;
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has('graphs')) this.selected = NOTHING;
  }

  override render(): TemplateResult {
    return html`${this.#half('a', 'First')}${this.#half('b', 'Second')}`;
  }
}
customElements.define('cw-twin-graphs', TwinGraphs);
