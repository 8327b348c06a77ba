import type { ItemKind } from '../graph/items.ts';
import { SIGNS, legible } from './brush.ts';
import type { Brush, Difference, Marks } from './brush.ts';
import type { Theme } from './theme.ts';

/** Boxes smaller than this many pixels are plain patches of colour. */
const PATCH = 5;

/** Closed groups, nodes, inputs and outputs. Detail follows the scale: patches of colour, then boxes, then text. */
export function paintBoxes(brush: Brush, marks: Marks): void {
  const { scene, view, left, top, right, bottom, motion } = brush;
  const { geometry: g } = scene;
  const patches = 32 * view.scale < PATCH;
  const seen: number[] = [];
  const grain = new Grain(brush.hair);
  for (let b = 0; b < g.box.length; b++) {
    if (g.open[b]) continue;
    const [x, y] = [g.x[b]! + (motion?.dx[b] ?? 0), g.y[b]! + (motion?.dy[b] ?? 0)];
    if (x > right || x + g.w[b]! < left || y > bottom || y + g.h[b]! < top) continue;
    if (patches && !stands(b, marks) && grain.covered(x, y, g.h[b]!)) continue;
    seen.push(b);
  }
  if (patches) paintPatches(brush, seen, marks);
  else for (const b of seen) paintBox(brush, b, marks);
}

/** Boxes to be seen from any distance. */
function stands(b: number, marks: Marks): boolean {
  return b === marks.selected || marks.found.has(b) || marks.differing.has(b);
}

/** The colour of a box that stands out; undefined for others. */
function standing(b: number, marks: Marks, theme: Theme): string | undefined {
  const difference = marks.differing.get(b);
  return b === marks.selected
    ? theme.focus
    : marks.found.has(b)
      ? theme.match
      : difference && theme.differing[difference];
}

/** Far out many boxes fall on one pixel; only the first of them is drawn. */
class Grain {
  #hair: number;
  #x = NaN;
  #y = NaN;
  constructor(hair: number) {
    this.#hair = hair;
  }
  covered(x: number, y: number, h: number): boolean {
    const [px, py] = [Math.round(x / (4 * this.#hair)), Math.round(y / this.#hair)];
    if (px === this.#x && py === this.#y && h < 2 * this.#hair) return true;
    [this.#x, this.#y] = [px, py];
    return false;
  }
}

function kindOf({ scene }: Brush, b: number): ItemKind | 'group' {
  const ref = scene.geometry.box[b]!;
  return ref < 0 ? 'group' : scene.model.flat.items[ref]!.kind;
}

function paintPatches(brush: Brush, boxes: readonly number[], marks: Marks): void {
  const { ctx, scene, theme, hair, motion } = brush;
  const { geometry: g } = scene;
  const byColour = new Map<string, number[]>();
  const marked: number[] = [];
  for (const b of boxes) {
    if (stands(b, marks)) {
      marked.push(b);
      continue;
    }
    const colour = theme.stripe[kindOf(brush, b)];
    const list = byColour.get(colour);
    if (list) list.push(b);
    else byColour.set(colour, [b]);
  }
  const patch = (b: number, least: number): void => {
    const [w, h] = [Math.max(g.w[b]!, least * 2), Math.max(g.h[b]!, least)];
    ctx.fillRect(
      g.x[b]! + g.w[b]! / 2 - w / 2 + (motion?.dx[b] ?? 0),
      g.y[b]! + g.h[b]! / 2 - h / 2 + (motion?.dy[b] ?? 0),
      w,
      h,
    );
  };
  for (const [colour, list] of byColour) {
    ctx.fillStyle = colour;
    for (const b of list) patch(b, 1.5 * hair);
  }
  for (const b of marked) {
    ctx.fillStyle = standing(b, marks, theme) ?? theme.text;
    patch(b, 6 * hair);
  }
}

function paintBox(brush: Brush, b: number, marks: Marks): void {
  const { ctx, scene, theme, hair, view, motion } = brush;
  const { geometry: g } = scene;
  const [x, y, w, h] = [g.x[b]! + (motion?.dx[b] ?? 0), g.y[b]! + (motion?.dy[b] ?? 0), g.w[b]!, g.h[b]!];
  const kind = kindOf(brush, b);
  const stripe = theme.stripe[kind];
  const round = kind === 'input' || kind === 'output';
  const radius = round ? h / 2 : 4;
  if (kind === 'group') {
    // A second sheet behind says that there is more inside.
    ctx.fillStyle = theme.box;
    ctx.strokeStyle = theme.border;
    ctx.lineWidth = hair;
    ctx.beginPath();
    ctx.roundRect(x + 4, y + 4, w, h, radius);
    ctx.fill();
    ctx.stroke();
  }
  ctx.beginPath();
  ctx.roundRect(x, y, w, h, radius);
  ctx.fillStyle = theme.box;
  ctx.fill();
  if (!round && kind !== 'group') {
    ctx.save();
    ctx.clip();
    ctx.fillStyle = stripe;
    ctx.fillRect(x, y, kind === 'first' ? 8 : 5, h);
    ctx.restore();
    ctx.beginPath();
    ctx.roundRect(x, y, w, h, radius);
  }
  const colour = standing(b, marks, theme);
  ctx.strokeStyle = colour ?? (b === marks.hovered ? theme.text : round || kind === 'first' ? stripe : theme.border);
  ctx.lineWidth = colour ? Math.max(3, 2 * hair) : Math.max(hair, kind === 'first' ? 2 : round ? 1.2 : 0.8);
  ctx.stroke();
  const difference = marks.differing.get(b);
  if (difference) paintSign(brush, difference, x + w, y);
  if (legible(13, view.scale)) paintText(brush, b, x, y, w, h);
}

/** A sign on a disc at the box's upper right corner, never smaller than can be read. */
function paintSign({ ctx, theme, view }: Brush, difference: Difference, x: number, y: number): void {
  const radius = Math.max(9, 6 / view.scale);
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fillStyle = theme.background;
  ctx.fill();
  ctx.strokeStyle = ctx.fillStyle = theme.differing[difference];
  ctx.lineWidth = radius / 6;
  ctx.stroke();
  ctx.font = `700 ${radius * 1.6}px ${theme.font}`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.fillText(SIGNS[difference], x, y + radius * 0.08);
}

function paintText({ ctx, scene, theme, view }: Brush, b: number, x: number, y: number, w: number, h: number): void {
  const ref = scene.geometry.box[b]!;
  const { model } = scene;
  ctx.textBaseline = 'middle';
  const small = theme.contrast ? theme.text : theme.muted;
  if (ref < 0) {
    const facts = model.facts[-1 - ref]!;
    ctx.textAlign = 'left';
    ctx.fillStyle = theme.text;
    ctx.font = `600 13px ${theme.font}`;
    ctx.fillText(`+ ${facts.title}`, x + 12, y + 16, w - 24);
    if (!legible(11, view.scale)) return;
    ctx.fillStyle = small;
    ctx.font = `11px ${theme.font}`;
    ctx.fillText(facts.detail, x + 12, y + 34, w - 24);
    if (facts.more !== '') ctx.fillText(facts.more, x + 12, y + 50, w - 24);
    return;
  }
  const { title, detail } = model.flat.items[ref]!;
  ctx.textAlign = 'center';
  ctx.fillStyle = theme.text;
  ctx.font = `600 13px ${theme.font}`;
  ctx.fillText(title, x + w / 2 + 2, y + (detail === '' ? h / 2 : 16), w - 18);
  if (detail === '' || !legible(11, view.scale)) return;
  ctx.fillStyle = small;
  ctx.font = `11px ${theme.font}`;
  ctx.fillText(detail, x + w / 2 + 2, y + 33, w - 18);
}
