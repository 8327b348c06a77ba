import { GROUND, linkTarget } from '../../../graph/targets.ts';
import { settings } from '../../../state/settings.ts';
import type { ControlledGraph } from './controlledGraph.ts';
import { pressKey } from './graphKeys.ts';
import type { Place } from './placing.ts';

/** A wheel that counts in lines moves this many pixels for each. */
const LINE = 16;
/** The natural logarithm of a zoom, for each pixel that a wheel moves; a pinch moves it by fewer. */
const WHEEL_ZOOM = 0.0022;
const PINCH_ZOOM = 0.01;
/** A wheel that is flung sends hundreds of pixels at once; a zoom takes no more of them. */
const MOST_WHEEL = 200;
/** A finger that moves less, in pixels, has pressed and not dragged. */
const DRAG = 4;

/** Pointer, wheel and pinch on the graph's canvas; its keys too are heard here. */
export class Pointing {
  readonly #graph: ControlledGraph;
  /** Fingers, or the mouse with its button down, by the pointer's number: where they were last. */
  readonly #fingers = new Map<number, Place>();
  #moved = false;

  constructor(graph: ControlledGraph) {
    this.#graph = graph;
  }

  listen(canvas: HTMLCanvasElement): void {
    // Non-passive, or the webview would scroll instead.
    canvas.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener('pointerdown', (event) => this.#down(event, canvas));
    canvas.addEventListener('pointermove', (event) => this.#move(event, canvas));
    canvas.addEventListener('pointerup', (event) => this.#up(event));
    canvas.addEventListener('pointercancel', (event) => this.#fingers.delete(event.pointerId));
    canvas.addEventListener('pointerleave', () => this.#graph.pointed.hover(-1, -1, { x: 0, y: 0 }));
    canvas.addEventListener('dblclick', (event) => this.#double(event));
    canvas.addEventListener('contextmenu', (event) => this.#menu(event));
    canvas.addEventListener('keydown', (event) => pressKey(this.#graph, event));
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE : 1;
    const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
    // A pinch on a touch pad arrives as a wheel with Ctrl.
    const zooms = event.ctrlKey || event.metaKey || (settings().wheel === 'zoom' && !event.shiftKey);
    if (!zooms) {
      // With Shift a wheel of one direction pans sideways; some browsers turn it themselves.
      const [right, down] = event.shiftKey ? [dx || dy, 0] : [dx, dy];
      this.#graph.camera.pan(-right, -down);
      return;
    }
    if (!event.ctrlKey && dx !== 0) this.#graph.camera.pan(-dx, 0);
    const step = Math.max(-MOST_WHEEL, Math.min(MOST_WHEEL, dy)) * (event.ctrlKey ? PINCH_ZOOM : WHEEL_ZOOM);
    if (step !== 0) this.#graph.camera.zoom(Math.exp(-step), event.offsetX, event.offsetY);
  }

  #down(event: PointerEvent, canvas: HTMLCanvasElement): void {
    this.#graph.pointed.endFacts();
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    this.#fingers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    this.#moved = this.#fingers.size > 1;
  }

  #move(event: PointerEvent, canvas: HTMLCanvasElement): void {
    const [x, y] = [event.offsetX, event.offsetY];
    const was = this.#fingers.get(event.pointerId);
    if (!was) {
      const { box, piece } = this.#graph.under(x, y);
      canvas.classList.toggle('on-box', box >= 0);
      this.#graph.pointed.hover(box, piece, { x, y });
      return;
    }
    if (!this.#moved && Math.hypot(x - was.x, y - was.y) < DRAG) return;
    this.#moved = true;
    const other = [...this.#fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const before = Math.hypot(was.x - other.x, was.y - other.y);
      const after = Math.hypot(x - other.x, y - other.y);
      if (before > 0) this.#graph.camera.zoom(after / before, (x + other.x) / 2, (y + other.y) / 2);
    } else this.#graph.camera.pan(x - was.x, y - was.y);
    this.#fingers.set(event.pointerId, { x, y });
  }

  #up(event: PointerEvent): void {
    if (!this.#fingers.delete(event.pointerId) || this.#moved) return;
    const { box, piece } = this.#graph.under(event.offsetX, event.offsetY);
    const { scene } = this.#graph;
    if (!scene) return;
    if (box >= 0) this.#graph.select(scene.model.keyOf(scene.geometry.box[box]!), { reveal: false });
    else if (piece < 0) this.#graph.select(null, { reveal: false });
  }

  /**
   * The menu is for what lies under the pointer; by keyboard, for the line or layer it has come to; else for the whole
   * graph.
   */
  #menu(event: MouseEvent): void {
    const byPointer = event.button === 2 || event.ctrlKey;
    const { selected, pointed } = this.#graph;
    const { line } = pointed;
    const byKey = line ? linkTarget(line.link) : selected;
    const target = byPointer ? this.#graph.targetAt(event.offsetX, event.offsetY) : byKey;
    this.#graph.askMenu(target ?? GROUND);
  }

  #double(event: MouseEvent): void {
    const { scene } = this.#graph;
    const { box } = this.#graph.under(event.offsetX, event.offsetY);
    const ref = scene && box >= 0 ? scene.geometry.box[box]! : 0;
    if (scene && ref < 0) this.#graph.toggle(scene.model.keyOf(ref));
  }
}
