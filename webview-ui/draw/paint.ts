import type { Scene } from '../graph/scene.ts';
import { ARROW } from './arrow.ts';
import type { BoxColours } from './boxColours.ts';
import { FAINT, legible } from './brush.ts';
import type { Brush, Marks, Motion } from './brush.ts';
import type { Extent, View } from './camera.ts';
import { paintBoxes } from './paintBoxes.ts';
import { paintFrames, paintTitles } from './paintFrames.ts';
import type { Theme } from './theme/theme.ts';

/** A picture to be painted: what, from where, in which colours. */
export interface Painting {
  readonly scene: Scene;
  readonly view: View;
  readonly theme: Theme;
  readonly colours: BoxColours;
  /** Size of the canvas in CSS pixels, and device pixels for each. */
  readonly page: Extent;
  readonly ratio: number;
  readonly motion: Motion | null;
}

/** Paints what is in view: frames, lines with their labels, then boxes. */
export function paint(ctx: CanvasRenderingContext2D, painting: Painting, marks: Marks): void {
  const { scene, view, theme, colours, page, ratio, motion } = painting;
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.fillStyle = theme.background;
  ctx.fillRect(0, 0, page.width, page.height);
  ctx.setTransform(ratio * view.scale, 0, 0, ratio * view.scale, ratio * view.x, ratio * view.y);
  const left = -view.x / view.scale;
  const top = -view.y / view.scale;
  const brush: Brush = {
    ctx,
    scene,
    view,
    theme,
    colours,
    left,
    top,
    right: left + page.width / view.scale,
    bottom: top + page.height / view.scale,
    hair: 1 / (view.scale * ratio),
    motion,
  };
  paintFrames(brush, marks);
  const seen = visiblePieces(brush);
  const shown = motion ? motion.t : 1;
  ctx.globalAlpha = marks.followed ? shown * FAINT : shown;
  strokePieces(brush, seen, theme.line, Math.max(1.2, brush.hair));
  ctx.globalAlpha = shown;
  const strong = Math.max(2.4, 2 * brush.hair);
  strokePieces(brush, marks.into, theme.into, strong);
  strokePieces(brush, marks.out, theme.out, strong);
  if (marks.followed) strokePieces(brush, marks.followed.pieces, theme.focus, strong);
  strokePieces(brush, marks.traced, theme.focus, strong);
  if (legible(12, view.scale)) paintTitles(brush);
  if (legible(11, view.scale)) paintLabels(brush, seen, marks);
  ctx.globalAlpha = 1;
  paintBoxes(brush, marks);
}

function visiblePieces({ scene, left, top, right, bottom, hair }: Brush): number[] {
  const { bounds } = scene;
  const seen: number[] = [];
  let [lastX, lastY] = [NaN, NaN];
  for (let p = 0, k = 0; k < bounds.length; p++, k += 4) {
    if (bounds[k]! > right || bounds[k + 2]! < left || bounds[k + 1]! > bottom || bounds[k + 3]! < top) continue;
    // Far out, lines that would fall on the same pixel as the one before are left out.
    if (bounds[k + 2]! - bounds[k]! < hair && bounds[k + 3]! - bounds[k + 1]! < 2 * hair) {
      const [x, y] = [Math.round(bounds[k]! / hair), Math.round(bounds[k + 3]! / hair)];
      if (x === lastX && y === lastY) continue;
      [lastX, lastY] = [x, y];
    }
    seen.push(p);
  }
  return seen;
}

function strokePieces(brush: Brush, pieces: readonly number[], colour: string, width: number): void {
  const { ctx, scene, view, hair } = brush;
  if (pieces.length === 0) return;
  const { points, pieceStart, arrow, orientation } = scene.geometry;
  const round = view.scale > 0.3;
  const arrows = view.scale > 0.25;
  ctx.strokeStyle = ctx.fillStyle = colour;
  ctx.lineWidth = Math.max(width, hair);
  ctx.beginPath();
  for (const piece of pieces) {
    const [s, e] = [pieceStart[piece]! * 2, pieceStart[piece + 1]! * 2];
    ctx.moveTo(points[s]!, points[s + 1]!);
    for (let k = s + 2; k < e - 2; k += 2) {
      if (round) {
        const room = Math.min(span(points, k - 2), span(points, k)) / 2;
        ctx.arcTo(points[k]!, points[k + 1]!, points[k + 2]!, points[k + 3]!, Math.min(7, room));
      } else ctx.lineTo(points[k]!, points[k + 1]!);
    }
    ctx.lineTo(points[e - 2]!, points[e - 1]!);
  }
  ctx.stroke();
  if (!arrows) return;
  const [left, right] = ARROW[orientation];
  ctx.beginPath();
  for (const piece of pieces) {
    if (!arrow[piece]) continue;
    const e = pieceStart[piece + 1]! * 2;
    const [x, y] = [points[e - 2]!, points[e - 1]!];
    ctx.moveTo(x, y);
    ctx.lineTo(x + left[0], y + left[1]);
    ctx.lineTo(x + right[0], y + right[1]);
  }
  ctx.fill();
}

function span(points: Float64Array, k: number): number {
  return Math.abs(points[k + 2]! - points[k]!) + Math.abs(points[k + 3]! - points[k + 1]!);
}

/** Labels of neighbouring lines that would overlap stand one after the other; beside a trace they are faint. */
function paintLabels(brush: Brush, pieces: readonly number[], { followed }: Marks): void {
  const { ctx, scene, theme, left, top, right, bottom, motion } = brush;
  const { labels, labelled } = scene.geometry;
  const shown = motion ? motion.t : 1;
  const strong = followed ? new Set(followed.pieces) : null;
  ctx.font = `11px ${theme.font}`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  const taken = new Map<number, { from: number; to: number }>();
  for (const piece of pieces) {
    const [own, y] = [labels[2 * piece]!, labels[2 * piece + 1]!];
    if (!labelled[piece] || y < top - 12 || y > bottom + 12 || own < left - 200 || own > right + 200) continue;
    const text = scene.label(piece);
    if (text === '') continue;
    const w = ctx.measureText(text).width + 8;
    const before = taken.get(y);
    const isFree = !before || own - w / 2 >= before.to || own + w / 2 <= before.from;
    const x = isFree ? own : before.to + w / 2;
    taken.set(y, { from: x - w / 2, to: x + w / 2 });
    ctx.fillStyle = theme.background;
    ctx.globalAlpha = shown;
    ctx.fillRect(x - w / 2, y - 6, w, 11);
    ctx.fillStyle = theme.contrast ? theme.text : theme.muted;
    ctx.globalAlpha = strong && !strong.has(piece) ? shown * FAINT : shown;
    ctx.fillText(text, x, y);
  }
}
