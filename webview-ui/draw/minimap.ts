import type { Scene } from '../graph/scene.ts';
import type { BoxColours } from './boxColours.ts';
import type { Extent, View } from './camera.ts';
import type { Theme } from './theme/theme.ts';

const MINIMAP = { width: 84, most: 320, inset: 8 } as const;

export interface MiniScale {
  sx: number;
  sy: number;
  width: number;
  height: number;
}

/**
 * A tall network in a small strip at the side, a wide one in a strip below: the two directions are scaled apart, so
 * that the narrow one can still be seen.
 */
export function miniScale(picture: Extent, page: Extent): MiniScale {
  const wide = picture.width > picture.height;
  const [long, short] = wide ? [picture.width, picture.height] : [picture.height, picture.width];
  const room = Math.min(MINIMAP.most, wide ? page.width / 2 : page.height - 120);
  const along = Math.min(0.2, (room - 2 * MINIMAP.inset) / Math.max(1, long));
  const across = Math.min(0.2, along * 12, (MINIMAP.width - 2 * MINIMAP.inset) / Math.max(1, short));
  const length = Math.max(40, Math.ceil(long * along) + 2 * MINIMAP.inset);
  if (wide) return { sx: along, sy: across, width: length, height: MINIMAP.width };
  return { sx: across, sy: along, width: MINIMAP.width, height: length };
}

/** Where the picture's corner lies on the map. */
function corner(picture: Extent, mini: MiniScale): { ox: number; oy: number } {
  return { ox: (mini.width - picture.width * mini.sx) / 2, oy: (mini.height - picture.height * mini.sy) / 2 };
}

/** A map to be painted. */
export interface MiniPicture {
  readonly scene: Scene;
  readonly theme: Theme;
  readonly colours: BoxColours;
  readonly mini: MiniScale;
  readonly ratio: number;
}

/** The map itself, without the mark of what is in view. Drawn once per picture and theme. */
export function paintMinimap(ctx: CanvasRenderingContext2D, { scene, theme, colours, mini, ratio }: MiniPicture): void {
  const { geometry } = scene;
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.fillStyle = theme.background;
  ctx.fillRect(0, 0, mini.width, mini.height);
  const { ox, oy } = corner(geometry, mini);
  let [lastX, lastY] = [NaN, NaN];
  for (let b = 0; b < geometry.box.length; b++) {
    if (geometry.open[b]) continue;
    const ref = geometry.box[b]!;
    const [x, y] = [ox + geometry.x[b]! * mini.sx, oy + geometry.y[b]! * mini.sy];
    const [px, py] = [Math.round(x), Math.round(y * 2)];
    if (px === lastX && py === lastY) continue;
    [lastX, lastY] = [px, py];
    ctx.fillStyle = ref < 0 && !colours.heated ? theme.line : colours.fill(b);
    ctx.fillRect(x, y, Math.max(2, geometry.w[b]! * mini.sx), Math.max(1, geometry.h[b]! * mini.sy));
  }
}

/** The rectangle of the minimap that is in view. */
export function miniWindow({ view, picture, page, mini }: MiniPlace): { x: number; y: number; w: number; h: number } {
  const { ox, oy } = corner(picture, mini);
  const x0 = Math.max(1, ox + (-view.x / view.scale) * mini.sx);
  const y0 = Math.max(1, oy + (-view.y / view.scale) * mini.sy);
  const x1 = Math.min(mini.width - 1, ox + ((page.width - view.x) / view.scale) * mini.sx);
  const y1 = Math.min(mini.height - 1, oy + ((page.height - view.y) / view.scale) * mini.sy);
  return { x: x0, y: y0, w: Math.max(3, x1 - x0), h: Math.max(3, y1 - y0) };
}

/** What a map shows, and where the reader looks. */
export interface MiniPlace {
  readonly view: View;
  readonly picture: Extent;
  readonly page: Extent;
  readonly mini: MiniScale;
}

/** The view whose middle is the given place of the minimap. */
export function viewFromMini({ view, picture, page, mini }: MiniPlace, px: number, py: number): View {
  const { ox, oy } = corner(picture, mini);
  const [X, Y] = [(px - ox) / mini.sx, (py - oy) / mini.sy];
  const clampedX = Math.max(0, Math.min(picture.width, X));
  const clampedY = Math.max(0, Math.min(picture.height, Y));
  return { ...view, x: page.width / 2 - clampedX * view.scale, y: page.height / 2 - clampedY * view.scale };
}
