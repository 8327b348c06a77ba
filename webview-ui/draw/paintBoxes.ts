import { GROUP_BAR, GROUP_FACTS, SHEET } from '../graph/groupBox.ts';
import { kindOfBox } from './boxColours.ts';
import { FAINT, legible } from './brush.ts';
import type { Brush, Marks } from './brush.ts';
import { SIGNS } from './difference.ts';
import type { Difference } from './difference.ts';
import { Grain } from './grain.ts';

/** Boxes smaller than this many pixels are plain patches of colour. */
const PATCH = 5;
const RADIUS = 4;
const TITLE_FONT = 13;
const DETAIL_FONT = 11;

interface Rect {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** Closed groups, nodes, inputs and outputs. Detail follows the scale: patches of colour, then boxes, then text. */
export function paintBoxes(brush: Brush, marks: Marks): void {
  const { view } = brush;
  const patches = 24 * view.scale < PATCH;
  const seen = visibleBoxes(brush, marks, patches);
  if (patches) paintPatches(brush, seen, marks);
  else for (const b of seen) paintBox(brush, b, marks);
}

function visibleBoxes(brush: Brush, marks: Marks, patches: boolean): number[] {
  const { scene, left, top, right, bottom } = brush;
  const { geometry } = scene;
  const seen: number[] = [];
  const grain = new Grain(brush.hair);
  for (let b = 0; b < geometry.box.length; b++) {
    if (geometry.open[b]) continue;
    const { x, y, w, h } = placeOf(brush, b);
    if (x > right || x + w < left || y > bottom || y + h < top) continue;
    if (patches && !stands(b, marks) && grain.covered(x, y, h)) continue;
    seen.push(b);
  }
  return seen;
}

/** Where a box is now: while groups open, on its way. */
function placeOf({ scene, motion }: Brush, b: number): Rect {
  const { geometry } = scene;
  const [dx, dy] = motion ? [motion.dx[b] ?? 0, motion.dy[b] ?? 0] : [0, 0];
  return { x: geometry.x[b]! + dx, y: geometry.y[b]! + dy, w: geometry.w[b]!, h: geometry.h[b]! };
}

/** Boxes to be seen from any distance. */
function stands(b: number, marks: Marks): boolean {
  return outlined(b, marks) || marks.bookmarked.has(b);
}

/** A bookmark has its ribbon in place of an outline. */
function outlined(b: number, marks: Marks): boolean {
  return b === marks.selected || marks.found.has(b) || marks.differing.has(b);
}

/** While something is followed, all else steps back. */
function isFaint(b: number, { followed }: Marks): boolean {
  return followed !== null && !followed.boxes.has(b);
}

/** The colour of a box that stands out; undefined for others. */
function standing({ theme }: Brush, b: number, marks: Marks): string | undefined {
  if (b === marks.selected) return theme.focus;
  if (marks.found.has(b)) return theme.match;
  const difference = marks.differing.get(b);
  if (difference) return theme.differing[difference];
  return marks.bookmarked.has(b) ? theme.match : undefined;
}

/** Patches are drawn colour by colour: a change of colour costs more than a patch. */
function paintPatches(brush: Brush, boxes: readonly number[], marks: Marks): void {
  const { ctx, theme, hair, colours } = brush;
  const byColour = new Map<string, number[]>();
  const faint: number[] = [];
  const marked: number[] = [];
  for (const box of boxes) {
    if (stands(box, marks)) {
      marked.push(box);
      continue;
    }
    if (isFaint(box, marks)) {
      faint.push(box);
      continue;
    }
    const colour = !colours.heated && kindOfBox(brush.scene, box) === 'group' ? theme.line : colours.fill(box);
    const list = byColour.get(colour);
    if (list) list.push(box);
    else byColour.set(colour, [box]);
  }
  ctx.fillStyle = theme.line;
  ctx.globalAlpha = FAINT;
  for (const b of faint) paintPatch(brush, b, 1.5 * hair);
  ctx.globalAlpha = 1;
  for (const [colour, list] of byColour) {
    ctx.fillStyle = colour;
    for (const b of list) paintPatch(brush, b, 1.5 * hair);
  }
  for (const b of marked) {
    ctx.fillStyle = standing(brush, b, marks) ?? theme.text;
    paintPatch(brush, b, 6 * hair);
  }
}

function paintPatch(brush: Brush, b: number, least: number): void {
  const place = placeOf(brush, b);
  const w = Math.max(place.w, least * 2);
  const h = Math.max(place.h, least);
  brush.ctx.fillRect(place.x + (place.w - w) / 2, place.y + (place.h - h) / 2, w, h);
}

function paintBox(brush: Brush, b: number, marks: Marks): void {
  const kind = kindOfBox(brush.scene, b);
  const place = kind === 'group' ? frontSheet(placeOf(brush, b)) : placeOf(brush, b);
  brush.ctx.globalAlpha = isFaint(b, marks) ? FAINT : 1;
  if (kind === 'group') paintGroup(brush, b, place);
  else paintNode(brush, b, place);
  paintOutline(brush, { b, place, radius: cornerRadius(kind, place) }, marks);
  if (marks.bookmarked.has(b)) paintRibbon(brush, place.x, place.y);
  const difference = marks.differing.get(b);
  if (difference) paintSign(brush, difference, place.x + place.w, place.y);
  brush.ctx.globalAlpha = 1;
}

/** Of the two sheets that a closed group is drawn as. */
function frontSheet({ x, y, w, h }: Rect): Rect {
  return { x, y, w: w - SHEET, h: h - SHEET };
}

function boxPath({ ctx }: Brush, { x, y, w, h }: Rect, radius: number): void {
  ctx.beginPath();
  ctx.roundRect(x, y, w, h, radius);
}

/** What the graph takes and gives has round ends. */
function cornerRadius(kind: ReturnType<typeof kindOfBox>, { h }: Rect): number {
  return kind === 'input' || kind === 'output' ? h / 2 : RADIUS;
}

function paintNode(brush: Brush, b: number, place: Rect): void {
  const { ctx, scene, theme, colours, view } = brush;
  const { x, y, w, h } = place;
  const item = scene.model.flat.items[scene.geometry.box[b]!]!;
  const radius = cornerRadius(item.kind, place);
  boxPath(brush, place, radius);
  ctx.fillStyle = theme.box;
  ctx.fill();
  const filled = item.detail === '' ? w : item.titleWidth;
  ctx.beginPath();
  ctx.roundRect(x, y, filled, h, item.detail === '' ? radius : [radius, 0, 0, radius]);
  ctx.fillStyle = colours.fill(b);
  ctx.fill();
  if (!legible(TITLE_FONT, view.scale)) return;
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'center';
  ctx.fillStyle = colours.text(b);
  ctx.font = `600 ${TITLE_FONT}px ${theme.font}`;
  ctx.fillText(item.title, x + filled / 2, y + h / 2 + 0.5, filled - 8);
  if (item.detail === '' || !legible(DETAIL_FONT, view.scale)) return;
  ctx.fillStyle = theme.text;
  ctx.font = `${DETAIL_FONT}px ${theme.font}`;
  ctx.fillText(item.detail, x + filled + (w - filled) / 2, y + h / 2 + 0.5, w - filled - 8);
}

function paintGroup(brush: Brush, b: number, place: Rect): void {
  const { ctx, scene, theme, hair, colours, view } = brush;
  const { x, y, w, h } = place;
  const facts = scene.model.facts[-1 - scene.geometry.box[b]!]!;
  // A second sheet behind says that there is more inside.
  ctx.strokeStyle = theme.border;
  ctx.lineWidth = hair;
  ctx.fillStyle = theme.box;
  boxPath(brush, { x: x + SHEET, y: y + SHEET, w, h }, RADIUS);
  ctx.fill();
  ctx.stroke();
  boxPath(brush, place, RADIUS);
  ctx.fill();
  ctx.beginPath();
  ctx.roundRect(x, y, w, GROUP_BAR, [RADIUS, RADIUS, 0, 0]);
  ctx.fillStyle = colours.fill(b);
  ctx.fill();
  if (!legible(TITLE_FONT, view.scale)) return;
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  ctx.fillStyle = colours.text(b);
  ctx.font = `600 ${TITLE_FONT}px ${theme.font}`;
  ctx.fillText(`+ ${facts.title}`, x + 8, y + GROUP_BAR / 2 + 0.5, w - 14);
  if (!legible(DETAIL_FONT, view.scale)) return;
  ctx.fillStyle = theme.text;
  ctx.font = `${DETAIL_FONT}px ${theme.font}`;
  ctx.fillText(facts.detail, x + 8, y + GROUP_FACTS, w - 14);
}

interface Outlined {
  readonly b: number;
  readonly place: Rect;
  readonly radius: number;
}

function paintOutline(brush: Brush, { b, place, radius }: Outlined, marks: Marks): void {
  const { ctx, theme, hair } = brush;
  const colour = outlined(b, marks) ? standing(brush, b, marks) : undefined;
  boxPath(brush, place, radius);
  ctx.strokeStyle = colour ?? (b === marks.hovered ? theme.text : theme.border);
  ctx.lineWidth = colour ? Math.max(3, 2 * hair) : Math.max(hair, 0.8);
  ctx.stroke();
}

/** A bookmark's ribbon at the box's upper left corner. */
function paintRibbon({ ctx, theme, hair }: Brush, x: number, y: number): void {
  ctx.beginPath();
  ctx.moveTo(x + 2, y - 4);
  ctx.lineTo(x + 11, y - 4);
  ctx.lineTo(x + 11, y + 9);
  ctx.lineTo(x + 6.5, y + 5);
  ctx.lineTo(x + 2, y + 9);
  ctx.closePath();
  ctx.fillStyle = theme.match;
  ctx.fill();
  ctx.strokeStyle = theme.background;
  ctx.lineWidth = Math.max(1, hair);
  ctx.stroke();
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
