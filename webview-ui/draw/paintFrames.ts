import { FRAME_TITLE } from '../layout/spacing.ts';
import type { Brush, Marks } from './brush.ts';
import { Grain } from './grain.ts';

/** Frames lower than this many pixels of the device are bars of their border's colour. */
const BAR = 2;
/** Frames lower than this many pixels of the page have square corners, which are drawn much faster. */
const SQUARE = 24;
const RADIUS = 6;

/**
 * Frames of open groups, outer ones first. All of one depth are drawn at once: they don't overlap, and a path of its
 * own for each would cost more than all else in a picture of thousands.
 */
export function paintFrames(brush: Brush, marks: Marks): void {
  for (const frames of brush.scene.framesByDepth) paintLevel(brush, frames);
  paintFrameMark(brush, marks.hovered, { colour: brush.theme.text, width: brush.hair });
  paintFrameMark(brush, marks.selected, { colour: brush.theme.focus, width: Math.max(2.5, 2 * brush.hair) });
}

/** The frames of one depth. */
function paintLevel(brush: Brush, frames: readonly number[]): void {
  const { ctx, scene, theme, hair } = brush;
  const { x, y, w, h } = scene.geometry;
  const grain = new Grain(hair);
  const strong = theme.contrast ? 1 : 0.6;
  ctx.fillStyle = theme.border;
  ctx.globalAlpha = strong;
  ctx.beginPath();
  for (const b of frames) {
    if (!isInView(brush, b)) continue;
    if (h[b]! >= BAR * hair) addFrame(brush, b);
    else if (!grain.covered(x[b]!, y[b]!, h[b]!))
      ctx.fillRect(x[b]!, y[b]!, Math.max(w[b]!, hair), Math.max(h[b]!, hair));
  }
  ctx.fillStyle = theme.frame;
  ctx.globalAlpha = theme.contrast ? 1 : 0.55;
  ctx.fill();
  ctx.strokeStyle = theme.border;
  ctx.lineWidth = hair;
  ctx.globalAlpha = strong;
  ctx.stroke();
  ctx.globalAlpha = 1;
}

function addFrame({ ctx, scene, view }: Brush, b: number): void {
  const { x, y, w, h } = scene.geometry;
  if (h[b]! * view.scale < SQUARE) ctx.rect(x[b]!, y[b]!, w[b]!, h[b]!);
  else ctx.roundRect(x[b]!, y[b]!, w[b]!, h[b]!, RADIUS);
}

function isInView({ scene, left, top, right, bottom }: Brush, b: number): boolean {
  const { x, y, w, h } = scene.geometry;
  return x[b]! <= right && x[b]! + w[b]! >= left && y[b]! <= bottom && y[b]! + h[b]! >= top;
}

/** The outline of a frame that stands out; of any other box, nothing. */
function paintFrameMark(
  brush: Brush,
  b: number,
  { colour, width }: { readonly colour: string; readonly width: number },
): void {
  const { ctx, scene } = brush;
  if (!scene.geometry.open[b] || !isInView(brush, b)) return;
  ctx.beginPath();
  addFrame(brush, b);
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.stroke();
}

/**
 * Titles lie on the upper edges of frames. They come after the lines, on a ground of their own: a line may enter the
 * frame anywhere. All grounds come before all texts: those of nested frames lie close together.
 */
export function paintTitles({ ctx, scene, theme, left, top, right, bottom }: Brush): void {
  const { geometry, model } = scene;
  ctx.font = `600 12px ${theme.font}`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  ctx.fillStyle = theme.frame;
  const titles: { text: string; x: number; y: number; most: number }[] = [];
  for (let b = 0; b < geometry.box.length && geometry.box[b]! < 0; b++) {
    const [x, y, w] = [geometry.x[b]!, geometry.y[b]!, geometry.w[b]!];
    const isSeen = x <= right && x + w >= left && y - FRAME_TITLE <= bottom && y + FRAME_TITLE >= top;
    if (!geometry.open[b] || !isSeen) continue;
    const text = `− ${model.facts[-1 - geometry.box[b]!]!.title}`;
    const most = Math.max(20, w - 20);
    titles.push({ text, x: x + 10, y, most });
    ctx.fillRect(x + 7, y - FRAME_TITLE, Math.min(most, ctx.measureText(text).width) + 6, 2 * FRAME_TITLE);
  }
  ctx.fillStyle = theme.contrast ? theme.text : theme.muted;
  for (const { text, x, y, most } of titles) ctx.fillText(text, x, y, most);
}
