import type { Motion } from '../../../draw/brush.ts';
import { fitView, resized, zoomAt } from '../../../draw/camera.ts';
import type { Extent, PageExtent, PlacedView, View } from '../../../draw/camera.ts';
import type { SelectionKey } from '../../../graph/graphModel.ts';
import type { Scene } from '../../../graph/scene.ts';
import { Mover } from './mover.ts';
import { cornerOf, firstViewOf, revealed } from './placing.ts';

/** The smallest scale of a small graph; a large one may be made half as large as it is when all of it is shown. */
const LEAST_SCALE = 0.05;

/** What the camera looks at, and what it tells. */
export interface CameraHost {
  readonly scene: Scene | null;
  /** What the picture is shown in, in pixels; nothing wide while it is hidden. */
  readonly page: PageExtent;
  /** Asks for a frame. */
  draw(): void;
  /** Called after the reader, or something that the reader pressed, has moved the camera. */
  viewMoved(view: View): void;
}

/** Where the reader looks at the graph: moved by hand, or gliding to what is to be seen. */
export class GraphCamera {
  /** The view to start with, from an earlier session. */
  startView: PlacedView | null = null;
  readonly #host: CameraHost;
  readonly #mover: Mover;
  #view: View = { x: 0, y: 0, scale: 1 };
  #placed = false;
  /** The page's size when the view was last placed. */
  #size: Extent = { width: 0, height: 0 };
  /** What the reader chose: where the page changes its size, the view follows from this, and so comes back again. */
  #chosen: PlacedView | null = null;

  constructor(host: CameraHost) {
    this.#host = host;
    this.#mover = new Mover(() => host.draw());
  }

  get view(): View {
    return this.#view;
  }

  /** The view that the reader chose, and the size of the page then; null before the first picture. */
  get chosen(): PlacedView | null {
    return this.#chosen;
  }

  #choose(view: View): void {
    const { width, height } = this.#host.page;
    this.#chosen = { ...view, width, height };
  }

  get #leastScale(): number {
    const { scene, page } = this.#host;
    return scene ? Math.min(LEAST_SCALE, fitView(scene.geometry, page).scale * 0.5) : LEAST_SCALE;
  }

  set(view: View): void {
    this.#mover.stop();
    this.#view = view;
    this.#choose(view);
    this.#host.viewMoved(view);
  }

  #glideTo(view: View): void {
    this.#mover.glide(this.#view, view, (between) => {
      this.#view = between;
    });
    this.#choose(view);
    this.#host.viewMoved(view);
  }

  /** Zooms about a place on the page. */
  zoom(factor: number, px: number, py: number): void {
    this.set(zoomAt(this.#view, { factor, px, py, least: this.#leastScale }));
  }

  /** Zooms about the middle of the page. */
  zoomMiddle(factor: number): void {
    const { page } = this.#host;
    this.zoom(factor, page.width / 2, page.height / 2);
  }

  pan(dx: number, dy: number): void {
    this.set({ ...this.#view, x: this.#view.x + dx, y: this.#view.y + dy });
  }

  /** Shows all of the graph. */
  fit(): void {
    const { scene, page } = this.#host;
    if (scene && page.width > 0) this.#glideTo(fitView(scene.geometry, page));
  }

  /** Shows the whole graph where that can be read, else its beginning. */
  showBeginning(): void {
    const { scene, page } = this.#host;
    if (scene && page.width > 0) this.#glideTo(firstViewOf(scene, page));
  }

  /** Brings a box into the middle; lower where a list covers the upper part of the page. */
  reveal(box: number, { covered }: { covered: boolean }): void {
    const { scene, page } = this.#host;
    if (scene && page.width > 0) this.#glideTo(revealed(scene, box, { page, scale: this.#view.scale, covered }));
  }

  /** The next scene is another picture, and is first seen as one. */
  startAnew(): void {
    this.#placed = false;
  }

  /** After groups were opened or closed: `anchor` stays where the reader sees it, and boxes slide to their places. */
  keepInPlace(anchor: SelectionKey, before: Scene, after: Scene): void {
    const [from, to] = [cornerOf(before, anchor), cornerOf(after, anchor)];
    if (!from || !to) return;
    const moved = { x: from.x - to.x, y: from.y - to.y };
    const { x, y, scale } = this.#view;
    this.#view = { scale, x: x + moved.x * scale, y: y + moved.y * scale };
    this.#choose(this.#view);
    this.#mover.shift(before, after, moved);
  }

  /** Places the view after the scene or the size of the page has changed. */
  place(): void {
    const { scene, page } = this.#host;
    if (!scene || page.width === 0 || page.height === 0) return;
    const isSame = page.width === this.#size.width && page.height === this.#size.height;
    if (this.#placed && isSame) return;
    this.#size = { width: page.width, height: page.height };
    if (!this.#placed) this.#chosen = this.startView ?? { ...firstViewOf(scene, page), ...this.#size };
    this.#placed = true;
    this.startView = null;
    if (!this.#chosen) return;
    const { width, height } = this.#chosen;
    this.#mover.stop();
    this.#view = resized(this.#chosen, scene.geometry, { ...page, width, height }, page);
  }

  /** Called once a frame: moves what is moving, and says where the boxes are on their way. */
  step(): Motion | null {
    return this.#mover.step();
  }

  stop(): void {
    this.#mover.stop();
  }
}
