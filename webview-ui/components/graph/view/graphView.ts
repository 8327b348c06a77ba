import { LitElement, html } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { PageSettings } from '../../../../src/protocol/settings.ts';
import { countOf } from '../../../../src/text/numbers.ts';
import type { BoxColours } from '../../../draw/boxColours.ts';
import type { Marks } from '../../../draw/brush.ts';
import { BESIDE_TOOLS, topBelowTools } from '../../../draw/camera.ts';
import type { PageExtent, View } from '../../../draw/camera.ts';
import type { Difference } from '../../../draw/difference.ts';
import { NO_MARKS, marksOf } from '../../../draw/marks.ts';
import { onThemeChange } from '../../../draw/theme/readTheme.ts';
import type { Theme } from '../../../draw/theme/theme.ts';
import type { SelectionKey } from '../../../graph/graphModel.ts';
import type { Heat } from '../../../graph/heat.ts';
import type { Scene } from '../../../graph/scene.ts';
import { linkTarget } from '../../../graph/targets.ts';
import type { Target } from '../../../graph/targets.ts';
import type { Trace } from '../../../graph/trace.ts';
import type { GraphSession } from '../../../state/graphSession.ts';
import { onSettings } from '../../../state/settings.ts';
import { announce, askToSelect } from '../../announce.ts';
import { partOf } from '../../partOf.ts';
import type { ControlledGraph, Under } from './controlledGraph.ts';
import { GraphCamera } from './graphCamera.ts';
import { KEYS_SPOKEN } from './graphKeys.ts';
import { GraphPainter } from './graphPainter.ts';
import { graphViewStyles } from './graphViewStyles.ts';
import { HoverCard } from './hoverCard.ts';
import { MiniMap } from './miniMap.ts';
import type { MapTarget } from './miniMap.ts';
import { PointedThing } from './pointedThing.ts';
import { Pointing } from './pointing.ts';

/** How far beside a line the pointer still is on it, in pixels. */
const NEAR_LINE = 6;

/** What the marks in the picture follow. */
const MARKED = ['selected', 'found', 'differing', 'scene', 'heat', 'trace', 'bookmarks'];

/** The drawn graph: a canvas with a camera. Selecting and opening are announced as events; the app decides. */
export class GraphView extends LitElement implements ControlledGraph, MapTarget {
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
  readonly camera = new GraphCamera(this);
  readonly pointed = new PointedThing(this);
  readonly #painter = new GraphPainter(this);
  readonly #pointing = new Pointing(this);
  readonly #resize = new ResizeObserver(() => this.#place());
  #lasting = NO_MARKS;
  #stops: (() => void)[] = [];

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
      onSettings((now, before) => void this.#settingsChanged(now, before)),
      onThemeChange(() => this.#themeChanged()),
    ];
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const stop of this.#stops) stop();
    this.#resize.disconnect();
    this.camera.stop();
    this.pointed.endFacts();
    this.#painter.stop();
  }

  #themeChanged(): void {
    this.#painter.forgetTheme();
    this.draw();
    this.#miniMap?.repaint();
  }

  /** The batch size stands on the lines or not; the other way round, the picture is laid out and placed anew. */
  async #settingsChanged(now: PageSettings, before: PageSettings): Promise<void> {
    if (this.session) this.session.model.labels.showBatch = now.batchSize;
    this.draw();
    if (now.orientation === before.orientation) return;
    this.camera.startAnew();
    await this.relayout(null);
    if (this.selected) await this.reveal(this.selected);
  }

  protected override firstUpdated(): void {
    if (this.canvas) this.#pointing.listen(this.canvas);
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('session')) {
      this.scene = null;
      this.camera.startAnew();
      void this.relayout(null);
    }
    if (changed.has('heat') || changed.has('scene')) {
      this.#painter.forgetColours();
      this.#miniMap?.repaint();
    }
    if (MARKED.some((name) => changed.has(name))) this.#mark();
  }

  get canvas(): HTMLCanvasElement | null {
    return this.renderRoot.querySelector('canvas');
  }

  get #miniMap(): MiniMap | null {
    return partOf(this.renderRoot, 'cw-mini-map', MiniMap);
  }

  get card(): HoverCard | null {
    return partOf(this.renderRoot, 'cw-hover-card', HoverCard);
  }

  get page(): PageExtent {
    const { clientWidth: width, clientHeight: height } = this;
    return { width, height, top: this.bare ? BESIDE_TOOLS : topBelowTools(width) };
  }

  get view(): View {
    return this.camera.view;
  }

  get theme(): Theme {
    return this.#painter.theme;
  }

  get colours(): BoxColours | null {
    return this.#painter.colours;
  }

  /** What stands out because the reader chose it, and what is pointed at now. */
  get marks(): Marks {
    return { ...this.#lasting, ...this.pointed.marks };
  }

  draw(): void {
    this.#painter.draw();
  }

  painted(): void {
    this.#miniMap?.mark(this.view, this.page);
  }

  /** Moves the picture at once. */
  setView(view: View): void {
    this.camera.set(view);
  }

  viewMoved(view: View): void {
    this.pointed.endFacts();
    this.draw();
    announce(this, 'view-moved', view);
  }

  /**
   * Lays out the open groups anew. The thing named by `anchor` stays where the reader sees it, whatever moves around
   * it.
   */
  async relayout(anchor: SelectionKey | null): Promise<void> {
    const { session } = this;
    const before = this.scene;
    const scene = (await session?.layout()) ?? null;
    if (!scene || session !== this.session) return;
    if (anchor && before) this.camera.keepInPlace(anchor, before, scene);
    performance.mark('channelwise:laid-out');
    this.scene = scene;
    await this.updateComplete;
    this.#place();
    announce(this, 'laid-out');
  }

  #place(): void {
    this.camera.place();
    this.draw();
    this.#miniMap?.repaint();
  }

  async reveal(key: SelectionKey): Promise<void> {
    if (this.session?.uncover(key)) await this.relayout(null);
    const box = this.scene?.boxOf(key);
    if (box !== undefined) this.camera.reveal(box, { covered: this.found.length > 0 });
  }

  select(key: SelectionKey | null, { reveal }: { readonly reveal: boolean }): void {
    askToSelect(this, key, { reveal });
  }

  toggle(key: SelectionKey): void {
    announce(this, 'toggle-group', { key });
  }

  readDetails(): void {
    announce(this, 'details-asked');
  }

  askMenu(target: Target): void {
    announce(this, 'menu-asked', target);
  }

  under(px: number, py: number): Under {
    const { scene, view } = this;
    if (!scene) return { box: -1, piece: -1 };
    const [x, y] = [(px - view.x) / view.scale, (py - view.y) / view.scale];
    const box = scene.boxAt(x, y);
    return { box, piece: box >= 0 ? -1 : scene.pieceAt(x, y, NEAR_LINE / view.scale) };
  }

  targetAt(px: number, py: number): Target | null {
    const { scene } = this;
    const { box, piece } = this.under(px, py);
    if (!scene) return null;
    if (box >= 0) return scene.model.keyOf(scene.geometry.box[box]!);
    const [link] = piece < 0 ? [] : scene.linksOfPiece(piece);
    return link === undefined ? null : linkTarget(link);
  }

  goBack(): void {
    if (this.pointed.line) this.#mark();
    if (this.pointed.hasFacts) this.pointed.endFacts();
    else if (this.trace) announce(this, 'trace-ended');
    else this.select(null, { reveal: false });
  }

  #mark(): void {
    this.pointed.endMarks();
    if (this.scene) this.#lasting = marksOf(this.scene, this);
    this.draw();
  }

  override render(): TemplateResult {
    const layers = countOf(this.session?.model.page.nodes.length ?? 0, 'layer');
    const map = html`<cw-mini-map .scene=${this.scene} .view=${this} aria-hidden="true"></cw-mini-map>`;
    return html`<canvas
        role="application"
        tabindex="0"
        aria-roledescription="graph"
        aria-label=${`Layer graph, ${layers}. ${KEYS_SPOKEN}`}
      ></canvas>
      ${this.scene ? map : html`<p class="waiting" role="status">Laying out ${layers}…</p>`}
      <cw-hover-card role="status"></cw-hover-card>`;
  }
}
customElements.define('cw-graph-view', GraphView);
