import type { Motion } from '../../../draw/brush.ts';
import { between, easeOut } from '../../../draw/camera.ts';
import type { View } from '../../../draw/camera.ts';
import type { Scene } from '../../../graph/scene.ts';

const DURATION = 180;
/** Above this many boxes nothing glides: the eye can't follow so many, and each frame costs. */
const MOST_BOXES = 4000;

/**
 * Light movement: the camera glides, boxes slide to their new places. Nothing moves for a reader who asked for less
 * motion.
 */
export class Mover {
  #redraw: () => void;
  #camera: { from: View; to: View; start: number; set: (view: View) => void } | null = null;
  #boxes: { dx: Float64Array; dy: Float64Array; start: number } | null = null;

  constructor(redraw: () => void) {
    this.#redraw = redraw;
  }

  stop(): void {
    this.#camera = null;
  }

  glide(from: View, to: View, set: (view: View) => void): void {
    if (still()) set(to);
    else this.#camera = { from, to, start: performance.now(), set };
  }

  /**
   * Boxes that were in the picture before slide from there; `moved` is how far the camera has been shifted with the
   * anchor.
   */
  shift(before: Scene, after: Scene, moved: { x: number; y: number }): void {
    const geometry = after.geometry;
    if (still() || geometry.box.length > MOST_BOXES || before.geometry.box.length > MOST_BOXES) return;
    const old = new Map<number, number>();
    before.geometry.box.forEach((ref, b) => old.set(ref, b));
    const dx = new Float64Array(geometry.box.length);
    const dy = new Float64Array(geometry.box.length);
    geometry.box.forEach((ref, b) => {
      const was = old.get(ref);
      if (was === undefined) return;
      dx[b] = before.geometry.x[was]! - moved.x - geometry.x[b]!;
      dy[b] = before.geometry.y[was]! - moved.y - geometry.y[b]!;
    });
    this.#boxes = { dx, dy, start: performance.now() };
  }

  /** Called once a frame: moves the camera, and says where the boxes are on their way. */
  step(): Motion | null {
    const now = performance.now();
    if (this.#camera) {
      const { from, to, start, set } = this.#camera;
      const t = Math.min(1, (now - start) / DURATION);
      set(between(from, to, easeOut(t)));
      if (t === 1) this.#camera = null;
      else this.#redraw();
    }
    if (!this.#boxes) return null;
    const t = Math.min(1, (now - this.#boxes.start) / DURATION);
    if (t === 1) {
      this.#boxes = null;
      return null;
    }
    this.#redraw();
    const rest = 1 - easeOut(t);
    return { t, dx: this.#boxes.dx.map((dim) => dim * rest), dy: this.#boxes.dy.map((dim) => dim * rest) };
  }
}

/** VS Code's own setting, `workbench.reduceMotion`, is a class of the page. */
function still(): boolean {
  const isAsked = matchMedia('(prefers-reduced-motion: reduce)').matches;
  return isAsked || document.body.classList.contains('vscode-reduce-motion');
}
