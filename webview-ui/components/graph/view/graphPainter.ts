import { heatColours, kindColours } from '../../../draw/boxColours.ts';
import type { BoxColours } from '../../../draw/boxColours.ts';
import type { Marks } from '../../../draw/brush.ts';
import type { PageExtent } from '../../../draw/camera.ts';
import { paint } from '../../../draw/paint.ts';
import { readTheme } from '../../../draw/theme/readTheme.ts';
import type { Theme } from '../../../draw/theme/theme.ts';
import { heatShares } from '../../../graph/heat.ts';
import type { Heat } from '../../../graph/heat.ts';
import type { Scene } from '../../../graph/scene.ts';
import type { GraphCamera } from './graphCamera.ts';

/** What is painted, and onto what. */
export interface Painted extends Element {
  readonly canvas: HTMLCanvasElement | null;
  readonly scene: Scene | null;
  readonly heat: Heat | null;
  readonly camera: GraphCamera;
  readonly page: PageExtent;
  readonly marks: Marks;
  /** Called after each frame. */
  painted(): void;
}

/** Paints the graph at most once a frame, in the colours of the theme. */
export class GraphPainter {
  readonly #host: Painted;
  #theme: Theme | null = null;
  #colours: BoxColours | null = null;
  /** The frame that is asked for; 0 while there is none. */
  #frame = 0;

  constructor(host: Painted) {
    this.#host = host;
  }

  get theme(): Theme {
    return (this.#theme ??= readTheme(this.#host));
  }

  /** Colours of the boxes of the scene there is; null before there is one. */
  get colours(): BoxColours | null {
    const { scene, heat } = this.#host;
    if (!scene) return null;
    const { theme } = this;
    this.#colours ??= heat ? heatColours(theme, heatShares(scene, heat)) : kindColours(scene, theme);
    return this.#colours;
  }

  /** Another scene, or something else to colour it by. */
  forgetColours(): void {
    this.#colours = null;
  }

  /** VS Code has another theme. */
  forgetTheme(): void {
    this.#theme = null;
    this.#colours = null;
  }

  draw(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#paint();
    });
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  #paint(): void {
    const { canvas, scene, page, camera, marks } = this.#host;
    const { theme, colours } = this;
    const ctx = canvas?.getContext('2d', { alpha: false });
    if (!canvas || !ctx || !scene || !colours || page.width === 0 || page.height === 0) return;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(page.width * ratio), Math.round(page.height * ratio)];
    // Setting a size clears the canvas, even to the one it has.
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const motion = camera.step();
    const started = performance.now();
    paint(ctx, { scene, view: camera.view, theme, colours, page, ratio, motion }, marks);
    performance.measure('channelwise:paint', { start: started });
    this.#host.painted();
  }
}
