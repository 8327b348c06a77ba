import { GROUND, linkTarget } from '../../graph/targets.ts';
import { settings } from '../../state/settings.ts';
import type { GraphView } from './graphView.ts';

interface Finger {
  x: number;
  y: number;
}

/** Pointer, wheel, pinch and keyboard on the graph's canvas. */
export class Pointing {
  #view: GraphView;
  #fingers = new Map<number, Finger>();
  #moved = false;

  constructor(view: GraphView) {
    this.#view = view;
  }

  listen(canvas: HTMLCanvasElement): void {
    // Non-passive, or the webview would scroll instead.
    canvas.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener('pointerdown', (event) => this.#down(event, canvas));
    canvas.addEventListener('pointermove', (event) => this.#move(event));
    canvas.addEventListener('pointerup', (event) => this.#up(event));
    canvas.addEventListener('pointercancel', (event) => this.#fingers.delete(event.pointerId));
    canvas.addEventListener('pointerleave', () => this.#view.hover(-1, -1, 0, 0));
    canvas.addEventListener('dblclick', (event) => this.#double(event));
    canvas.addEventListener('contextmenu', (event) => this.#menu(event));
    canvas.addEventListener('keydown', (event) => this.#key(event));
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 16 : 1;
    const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
    // A pinch on a touch pad arrives as a wheel with Ctrl.
    const zooms = event.ctrlKey || event.metaKey || (settings().wheel === 'zoom' && !event.shiftKey);
    if (!zooms) {
      // With Shift a wheel of one direction pans sideways; some browsers turn it themselves.
      const [right, down] = event.shiftKey ? [dx || dy, 0] : [dx, dy];
      this.#view.pan(-right, -down);
      return;
    }
    if (!event.ctrlKey && dx !== 0) this.#view.pan(-dx, 0);
    const step = Math.max(-200, Math.min(200, dy)) * (event.ctrlKey ? 0.01 : 0.0022);
    if (step !== 0) this.#view.zoom(Math.exp(-step), event.offsetX, event.offsetY);
  }

  #down(event: PointerEvent, canvas: HTMLCanvasElement): void {
    this.#view.endHover();
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    this.#fingers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    this.#moved = this.#fingers.size > 1;
  }

  #move(event: PointerEvent): void {
    const [x, y] = [event.offsetX, event.offsetY];
    const was = this.#fingers.get(event.pointerId);
    if (!was) {
      const { box, piece } = this.#view.under(x, y);
      this.#view.hover(box, piece, x, y);
      return;
    }
    if (!this.#moved && Math.hypot(x - was.x, y - was.y) < 4) return;
    this.#moved = true;
    const other = [...this.#fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const before = Math.hypot(was.x - other.x, was.y - other.y);
      const after = Math.hypot(x - other.x, y - other.y);
      if (before > 0) this.#view.zoom(after / before, (x + other.x) / 2, (y + other.y) / 2);
    } else this.#view.pan(x - was.x, y - was.y);
    this.#fingers.set(event.pointerId, { x, y });
  }

  #up(event: PointerEvent): void {
    if (!this.#fingers.delete(event.pointerId) || this.#moved) return;
    const { box, piece } = this.#view.under(event.offsetX, event.offsetY);
    const { scene } = this.#view;
    if (!scene) return;
    if (box >= 0) this.#view.select(scene.model.keyOf(scene.geometry.box[box]!), false);
    else if (piece < 0) this.#view.select(null, false);
  }

  /** The menu is for what lies under the pointer; by keyboard, for the line or layer it has come to; else for the whole graph. */
  #menu(event: MouseEvent): void {
    const byPointer = event.button === 2 || event.ctrlKey;
    const { line, selected } = this.#view;
    const byKey = line ? linkTarget(line.link) : selected;
    const target = byPointer ? this.#view.targetAt(event.offsetX, event.offsetY) : byKey;
    this.#view.askMenu(target ?? GROUND);
  }

  #double(event: MouseEvent): void {
    const { scene } = this.#view;
    const { box } = this.#view.under(event.offsetX, event.offsetY);
    const ref = scene && box >= 0 ? scene.geometry.box[box]! : 0;
    if (scene && ref < 0) this.#view.toggle(scene.model.keyOf(ref));
  }

  /** Next or previous box in reading order. */
  #step(by: number): void {
    const { scene, selected } = this.#view;
    const order = scene?.readingOrder() ?? [];
    if (!scene || order.length === 0) return;
    const at = order.indexOf(scene.boxOf(selected) ?? -1);
    const next = at < 0 ? 0 : Math.min(order.length - 1, Math.max(0, at + by));
    this.#view.select(scene.model.keyOf(scene.geometry.box[order[next]!]!), true);
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey) return;
    const view = this.#view;
    const open = (): void => {
      if (view.line) view.select(view.line.otherEnd, true);
      else if (view.selected?.startsWith('g')) view.toggle(view.selected);
    };
    const actions: Record<string, () => void> = event.altKey
      ? { ArrowDown: () => this.#step(1), ArrowUp: () => this.#step(-1) }
      : {
          ArrowLeft: () => view.pan(60, 0),
          ArrowRight: () => view.pan(-60, 0),
          ArrowUp: () => view.pan(0, 60),
          ArrowDown: () => view.pan(0, -60),
          PageUp: () => view.pan(0, view.clientHeight * 0.8),
          PageDown: () => view.pan(0, -view.clientHeight * 0.8),
          '+': () => view.zoom(1.25),
          '=': () => view.zoom(1.25),
          '-': () => view.zoom(0.8),
          '0': () => view.fit(),
          f: () => view.fit(),
          F: () => view.fit(),
          s: () => {
            if (view.selected) void view.reveal(view.selected);
          },
          Enter: open,
          ' ': open,
          l: () => view.stepLine(1),
          L: () => view.stepLine(-1),
          i: () => view.describeSelected(),
          I: () => view.describeSelected(),
          Escape: () => view.goBack(),
        };
    const action = Object.hasOwn(actions, event.key) ? actions[event.key] : undefined;
    if (!action) return;
    event.preventDefault();
    action();
  }
}
