import { LitElement, html } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { PageSettings } from '../../../src/protocol/settings.ts';
import type { Difference } from '../../draw/difference.ts';
import { BESIDE_TOOLS, fitView, resized, zoomAt } from '../../draw/camera.ts';
import type { PageExtent, View } from '../../draw/camera.ts';
import { heatColours, kindColours } from '../../draw/boxColours.ts';
import type { BoxColours } from '../../draw/boxColours.ts';
import { NO_MARKS, marksOf } from '../../draw/marks.ts';
import { paint } from '../../draw/paint.ts';
import { onThemeChange, readTheme } from '../../draw/readTheme.ts';
import type { Theme } from '../../draw/theme.ts';
import type { SelectionKey } from '../../graph/graphModel.ts';
import { heatShares } from '../../graph/heat.ts';
import type { Heat } from '../../graph/heat.ts';
import { hoverFacts, lineFacts } from '../../graph/hoverFacts.ts';
import type { HoverFacts } from '../../graph/hoverFacts.ts';
import type { Scene } from '../../graph/scene.ts';
import { linkTarget } from '../../graph/targets.ts';
import type { Target } from '../../graph/targets.ts';
import type { Trace } from '../../graph/trace.ts';
import { countText } from '../../text/format.ts';
import { onSettings } from '../../state/settings.ts';
import type { GraphSession } from '../../state/graphSession.ts';
import { graphViewStyles } from './graphViewStyles.ts';
import { HoverCard } from './hoverCard.ts';
import { Hovering } from './hovering.ts';
import { LineCursor } from './lineCursor.ts';
import type { LineAt } from './lineCursor.ts';
import { Mover } from './mover.ts';
import { Pointing } from './pointing.ts';
import { below, cornerOf, firstViewOf, revealed } from './placing.ts';
import './miniMap.ts';

/** What keys do on the graph, for those who can't see it. */
const KEYS = [
  'Arrow keys pan, plus and minus zoom, 0 fits, Alt with Up or Down selects the next layer,',
  'Enter opens or closes a group, I says what is selected,',
  'L goes through its lines, and Enter to the other end of one.',
  'The Layers tab lists the same layers as a table.',
].join(' ');

/** The drawn graph: a canvas with a camera. Selecting and opening are announced as events; the app decides. */
export class GraphView extends LitElement {
  static override properties = {
    session: { attribute: false },
    selected: { attribute: false },
    found: { attribute: false },
    differing: { attribute: false },
    heat: { attribute: false },
    trace: { attribute: false },
    bookmarks: { attribute: false },
    bare: { type: Boolean },
    scene: { state: true },
  };
  static override styles = graphViewStyles;
  declare session: GraphSession | null;
  declare selected: SelectionKey | null;
  declare found: readonly SelectionKey[];
  /** Things to mark as differing from another model. */
  declare differing: ReadonlyMap<SelectionKey, Difference>;
  /** Colours boxes by a number in place of what operators do. */
  declare heat: Heat | null;
  /** What a reader follows: its lines stand out, and all else steps back. */
  declare trace: Trace | null;
  declare bookmarks: readonly SelectionKey[];
  /** No tools lie over the picture. */
  declare bare: boolean;
  declare scene: Scene | null;
  /** The view to start with, from an earlier session. */
  startView: View | null = null;
  #theme: Theme | null = null;
  #colours: BoxColours | null = null;
  #view: View = { x: 0, y: 0, scale: 1 };
  #placed = false;
  /** How wide the view was when it was last placed. */
  #width = 0;
  #frame = 0;
  #marks = NO_MARKS;
  #stops: (() => void)[] = [];
  #mover = new Mover(() => this.draw());
  #hovering = new Hovering((facts, at) => this.#showFacts(facts, at));
  #lines = new LineCursor();
  #pointing = new Pointing(this);
  #resize = new ResizeObserver(() => this.#place());

  constructor() {
    super();
    this.session = null;
    this.selected = null;
    this.found = [];
    this.differing = new Map();
    this.heat = null;
    this.trace = null;
    this.bookmarks = [];
    this.bare = false;
    this.scene = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resize.observe(this);
    this.#stops = [
      onSettings((now, before) => void this.#changed(now, before)),
      onThemeChange(() => this.#readThemeAnew()),
    ];
  }

  #readThemeAnew(): void {
    this.#theme = null;
    this.#colours = null;
    this.draw();
    this.#miniMap?.repaint();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const stop of this.#stops) stop();
    this.#resize.disconnect();
    this.#mover.stop();
    this.endHover();
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  /** The batch size stands on the lines or not; the other way round, the picture is laid out and placed anew. */
  async #changed(now: PageSettings, before: PageSettings): Promise<void> {
    if (this.session) this.session.model.labels.showBatch = now.batchSize;
    this.draw();
    if (now.orientation === before.orientation) return;
    this.#placed = false;
    await this.relayout(null);
    if (this.selected) await this.reveal(this.selected);
  }

  protected override firstUpdated(): void {
    if (this.canvas) this.#pointing.listen(this.canvas);
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('session')) {
      this.scene = null;
      this.#placed = false;
      void this.relayout(null);
    }
    if (changed.has('heat') || changed.has('scene')) {
      this.#colours = null;
      this.#miniMap?.repaint();
    }
    const marked = ['selected', 'found', 'differing', 'scene', 'heat', 'trace', 'bookmarks'];
    if (marked.some((name) => changed.has(name))) this.#mark();
  }

  get canvas(): HTMLCanvasElement | null {
    return this.renderRoot.querySelector('canvas');
  }

  get #miniMap() {
    return this.renderRoot.querySelector('cw-mini-map');
  }

  get page(): PageExtent {
    const size = { width: this.clientWidth, height: this.clientHeight };
    return this.bare ? { ...size, top: BESIDE_TOOLS } : size;
  }

  get view(): View {
    return this.#view;
  }

  get theme(): Theme {
    return (this.#theme ??= readTheme(this));
  }

  /** Colours of the boxes of the scene there is; null before there is one. */
  get colours(): BoxColours | null {
    const { scene, heat, theme } = this;
    if (!scene) return null;
    this.#colours ??= heat ? heatColours(theme, heatShares(scene, heat)) : kindColours(scene, theme);
    return this.#colours;
  }

  get leastScale(): number {
    return this.scene ? Math.min(0.05, fitView(this.scene.geometry, this.page).scale * 0.5) : 0.05;
  }

  setView(view: View, glide = false): void {
    this.endHover();
    if (glide)
      this.#mover.glide(this.#view, view, (v) => {
        this.#view = v;
      });
    else {
      this.#mover.stop();
      this.#view = view;
    }
    this.draw();
    this.dispatchEvent(new CustomEvent('view-moved', { detail: view, bubbles: true }));
  }

  /**
   * Lays out the open groups anew. The thing named by `anchor` stays where the reader sees it, whatever moves around
   * it.
   */
  async relayout(anchor: SelectionKey | null): Promise<void> {
    const { session } = this;
    const before = this.scene;
    const from = anchor && before ? cornerOf(before, anchor) : null;
    const scene = (await session?.layout()) ?? null;
    if (!scene || session !== this.session) return;
    const to = anchor ? cornerOf(scene, anchor) : null;
    if (from && to) {
      const { x, y, scale } = this.#view;
      this.#view = { scale, x: x + (from.x - to.x) * scale, y: y + (from.y - to.y) * scale };
      this.#mover.shift(before!, scene, { x: from.x - to.x, y: from.y - to.y });
    }
    performance.mark('channelwise:laid-out');
    this.scene = scene;
    await this.updateComplete;
    this.#place();
    this.dispatchEvent(new CustomEvent('laid-out', { bubbles: true, composed: true }));
  }

  #place(): void {
    const { scene, page } = this;
    if (scene && !this.#placed && page.width > 0 && page.height > 0) {
      this.#placed = true;
      this.#view = this.startView ?? firstViewOf(scene, this.page);
      this.startView = null;
    } else if (page.width > 0 && this.#width > 0) {
      // What is in the middle stays there when the editor is split or made wider.
      const before = { ...page, width: this.#width };
      this.#view = scene ? resized(this.#view, scene.geometry, before, page) : this.#view;
    }
    if (page.width > 0) this.#width = page.width;
    this.draw();
    this.#miniMap?.repaint();
  }

  /** Shows the whole graph where that can be read, else its beginning. */
  showBeginning(): void {
    if (this.scene && this.clientWidth > 0) this.setView(firstViewOf(this.scene, this.page), true);
  }

  fit(): void {
    if (this.scene && this.clientWidth > 0) this.setView(fitView(this.scene.geometry, this.page), true);
  }

  /** Brings a thing into the middle, opening the groups that hide it. */
  async reveal(key: SelectionKey): Promise<void> {
    if (this.session?.uncover(key)) await this.relayout(null);
    const { scene } = this;
    const box = scene?.boxOf(key);
    if (!scene || box === undefined || this.clientWidth === 0) return;
    const reveal = { page: this.page, scale: this.#view.scale, covered: this.found.length > 0 };
    this.setView(revealed(scene, box, reveal), true);
  }

  zoom(factor: number, px = this.clientWidth / 2, py = this.clientHeight / 2): void {
    this.setView(zoomAt(this.#view, { factor, px, py, least: this.leastScale }));
  }

  pan(dx: number, dy: number): void {
    this.setView({ ...this.#view, x: this.#view.x + dx, y: this.#view.y + dy });
  }

  select(key: SelectionKey | null, reveal: boolean): void {
    this.dispatchEvent(new CustomEvent('select-thing', { detail: { key, reveal }, bubbles: true, composed: true }));
  }

  /** Says what a context menu is about to open for. */
  askMenu(target: Target): void {
    this.dispatchEvent(new CustomEvent('menu-asked', { detail: target, bubbles: true, composed: true }));
  }

  /** The box or the line under a place on the page, as an action takes it; null over open ground. */
  targetAt(px: number, py: number): Target | null {
    const { scene } = this;
    const { box, piece } = this.under(px, py);
    if (!scene) return null;
    if (box >= 0) return scene.model.keyOf(scene.geometry.box[box]!);
    const [link] = piece < 0 ? [] : scene.linksOfPiece(piece);
    return link === undefined ? null : linkTarget(link);
  }

  toggle(key: SelectionKey): void {
    this.dispatchEvent(new CustomEvent('toggle-group', { detail: { key }, bubbles: true, composed: true }));
  }

  /** The box and line under a place on the page. */
  under(px: number, py: number): { box: number; piece: number } {
    const { scene } = this;
    if (!scene) return { box: -1, piece: -1 };
    const [x, y] = [(px - this.#view.x) / this.#view.scale, (py - this.#view.y) / this.#view.scale];
    const box = scene.boxAt(x, y);
    return { box, piece: box >= 0 ? -1 : scene.pieceAt(x, y, 6 / this.#view.scale) };
  }

  /** Marks what the pointer is on, traces the line under it from end to end, and after a while says what it is. */
  hover(box: number, piece: number, px: number, py: number): void {
    const { scene } = this;
    this.canvas?.classList.toggle('on-box', box >= 0);
    const links = scene && piece >= 0 ? scene.linksOfPiece(piece) : [];
    const over = box >= 0 ? `box ${box}` : links.join();
    this.#hovering.over(over, { x: px, y: py }, () => this.#factsOf(box, links));
    const same = this.#marks.hovered === box && links.length === 0 && this.#marks.traced.length === 0;
    if (same) return;
    this.#lines.end();
    this.#marks = { ...this.#marks, hovered: box, traced: scene && links.length > 0 ? scene.piecesOf(links) : [] };
    this.draw();
  }

  #factsOf(box: number, links: readonly number[]): HoverFacts | null {
    const { scene } = this;
    if (!scene) return null;
    if (box < 0) return lineFacts(scene.model, links);
    return hoverFacts(scene.model, scene.model.keyOf(scene.geometry.box[box]!), this.heat);
  }

  #showFacts(facts: HoverFacts | null, at: { x: number; y: number }): void {
    const card = this.renderRoot.querySelector('cw-hover-card');
    if (card instanceof HoverCard) Object.assign(card, { facts, at });
  }

  /** Facts about what is selected, beside it: by keyboard, as the pointer shows them; the same again ends it. */
  describeSelected(): void {
    const card = this.renderRoot.querySelector('cw-hover-card');
    if (card instanceof HoverCard && card.facts) return this.endHover();
    const { scene, selected } = this;
    const box = scene?.boxOf(selected);
    if (scene && box !== undefined) this.#showFacts(this.#factsOf(box, []), below(scene, box, this.#view));
  }

  /** The line that the keyboard has come to. */
  get line(): LineAt | null {
    return this.#lines.line;
  }

  /** Goes to the next line of what is selected, or to the one before, and says what runs along it. */
  stepLine(by: 1 | -1): void {
    const { scene, selected } = this;
    const box = scene?.boxOf(selected);
    const line = scene && selected !== null ? this.#lines.step(scene.model, selected, by) : null;
    if (!scene || !line || box === undefined) return;
    this.#marks = { ...this.#marks, hovered: -1, traced: scene.piecesOf([line.link]) };
    this.#showFacts(lineFacts(scene.model, [line.link]), below(scene, box, this.#view));
    this.draw();
  }

  /** Takes away what came last: the card, else the trace, else the selection. */
  goBack(): void {
    const card = this.renderRoot.querySelector('cw-hover-card');
    if (this.line) this.#mark();
    if (card instanceof HoverCard && card.facts) return this.endHover();
    if (this.trace) this.dispatchEvent(new CustomEvent('trace-ended', { bubbles: true, composed: true }));
    else this.select(null, false);
  }

  endHover(): void {
    this.#hovering.end();
  }

  #mark(): void {
    this.#lines.end();
    if (this.scene) this.#marks = marksOf(this.scene, this);
    this.draw();
  }

  draw(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      const { canvas, scene, page, theme, colours } = this;
      const ctx = canvas?.getContext('2d', { alpha: false });
      if (!canvas || !ctx || !scene || !colours || page.width === 0 || page.height === 0) return;
      const ratio = window.devicePixelRatio || 1;
      const [pw, ph] = [Math.round(page.width * ratio), Math.round(page.height * ratio)];
      if (canvas.width !== pw || canvas.height !== ph) [canvas.width, canvas.height] = [pw, ph];
      const motion = this.#mover.step();
      const started = performance.now();
      paint(ctx, { scene, view: this.#view, theme, colours, page, ratio, motion }, this.#marks);
      performance.measure('channelwise:paint', { start: started });
      this.#miniMap?.mark(this.#view, page);
    });
  }

  override render(): TemplateResult {
    const count = countText(this.session?.model.page.nodes.length ?? 0);
    const map = html`<cw-mini-map .scene=${this.scene} .view=${this} aria-hidden="true"></cw-mini-map>`;
    return html`<canvas
        role="application"
        tabindex="0"
        aria-roledescription="graph"
        aria-label=${`Layer graph, ${count} layers. ${KEYS}`}
      ></canvas>
      ${this.scene ? map : html`<p class="waiting" role="status">Laying out ${count} layers…</p>`}
      <cw-hover-card role="status"></cw-hover-card>`;
  }
}
customElements.define('cw-graph-view', GraphView);
