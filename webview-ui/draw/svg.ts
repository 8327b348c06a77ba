import { GROUP_BAR, GROUP_FACTS, SHEET } from '../graph/groupBox.ts';
import type { Scene } from '../graph/scene.ts';
import type { Orientation } from '../layout/spacing.ts';
import { FRAME_TITLE } from '../layout/spacing.ts';
import { ARROW } from './arrow.ts';
import type { BoxColours } from './boxColours.ts';
import type { Theme } from './theme/theme.ts';

export interface Region {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** What an SVG document is made from. */
export interface SvgPicture {
  readonly scene: Scene;
  readonly theme: Theme;
  readonly colours: BoxColours;
  readonly region: Region;
}

const MARGIN = 20;
/** Average letter width of a frame's title (12 px, bold), with room for wide ones. */
const FRAME_LETTER = 7.6;
const BOLD = ' font-weight="600"';

/** All of a picture, with a margin; in the picture's own units. */
export function wholeRegion(scene: Scene): Region {
  const { width, height } = scene.geometry;
  return { x: -MARGIN, y: -MARGIN, width: width + 2 * MARGIN, height: height + 2 * MARGIN };
}

/** The picture as an SVG document, with the colours of the theme. Names are escaped: they are text from a file. */
export function sceneSvg(picture: SvgPicture): string {
  const { scene, theme, region } = picture;
  const { geometry, model } = scene;
  const visible = Array.from(geometry.box.keys()).filter((b) => meets(region, rectOf(scene, b)));
  const frames = visible.filter((b) => geometry.open[b]);
  const viewBox = [region.x, region.y, region.width, region.height].map(num).join(' ');
  const size = `width="${num(region.width)}" height="${num(region.height)}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${viewBox}" ${size} font-family="${escape(theme.font)}">`,
    `<title>${escape(model.page.fileName)}</title>`,
    rect({ ...regionRect(region), radius: 0, fill: theme.background }),
    ...frames.map((b) => frame(picture, b)),
    ...lines(picture),
    ...frames.map((b) => frameTitle(picture, b)),
    ...visible.filter((b) => !geometry.open[b]).map((b) => box(picture, b)),
    '</svg>',
  ].join('\n');
}

interface Place {
  x: number;
  y: number;
  w: number;
  h: number;
}

interface Shape extends Place {
  readonly radius: number;
  readonly fill: string;
  readonly stroke?: string;
}

interface Text {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly fill: string;
  readonly value: string;
  readonly start?: boolean;
  readonly bold?: boolean;
}

function regionRect({ x, y, width, height }: Region): Place {
  return { x, y, w: width, h: height };
}

function rectOf({ geometry }: Scene, b: number): Place {
  return { x: geometry.x[b]!, y: geometry.y[b]!, w: geometry.w[b]!, h: geometry.h[b]! };
}

function meets(region: Region, { x, y, w, h }: Place): boolean {
  const inColumns = x + w >= region.x && x <= region.x + region.width;
  return inColumns && y + h >= region.y && y <= region.y + region.height;
}

function rect({ x, y, w, h, radius, fill, stroke }: Shape): string {
  const edge = stroke === undefined ? '' : ` stroke="${escape(stroke)}" stroke-width="0.8"`;
  const corner = radius === 0 ? '' : ` rx="${num(radius)}"`;
  const place = `x="${num(x)}" y="${num(y)}" width="${num(w)}" height="${num(h)}"`;
  return `<rect ${place}${corner} fill="${escape(fill)}"${edge}/>`;
}

function text({ x, y, size, fill, value, start = false, bold = false }: Text): string {
  const place = `x="${num(x)}" y="${num(y)}" font-size="${size}"${bold ? BOLD : ''} fill="${escape(fill)}"`;
  return `<text ${place} text-anchor="${start ? 'start' : 'middle'}" dominant-baseline="central">${escape(value)}</text>`;
}

function frame({ scene, theme }: SvgPicture, b: number): string {
  return rect({ ...rectOf(scene, b), radius: 6, fill: theme.frame, stroke: theme.border });
}

/** On the upper edge of the frame, over the lines. */
function frameTitle({ scene, theme }: SvgPicture, b: number): string {
  const { x, y } = rectOf(scene, b);
  const { title } = scene.model.facts[-1 - scene.geometry.box[b]!]!;
  const ground = { x: x + 7, y: y - FRAME_TITLE, w: title.length * FRAME_LETTER + 6, h: 2 * FRAME_TITLE };
  return [
    rect({ ...ground, radius: 0, fill: theme.frame }),
    text({ x: x + 10, y, size: 12, fill: theme.muted, value: title, start: true, bold: true }),
  ].join('\n');
}

/** All lines as one path, their arrows as another, and the labels over both. */
function lines({ scene, theme, region }: SvgPicture): string[] {
  const { geometry, bounds } = scene;
  const paths: string[] = [];
  const arrows: string[] = [];
  const labels: string[] = [];
  for (let p = 0; p < scene.pieceCount; p++) {
    const [left, top, right, bottom] = [bounds[4 * p]!, bounds[4 * p + 1]!, bounds[4 * p + 2]!, bounds[4 * p + 3]!];
    if (!meets(region, { x: left, y: top, w: right - left, h: bottom - top })) continue;
    const points = Array.from(
      geometry.points.subarray(geometry.pieceStart[p]! * 2, geometry.pieceStart[p + 1]! * 2),
      num,
    );
    paths.push(`M${points.slice(0, 2).join(' ')}L${points.slice(2).join(' ')}`);
    const [x, y] = [Number(points.at(-2)), Number(points.at(-1))];
    if (geometry.arrow[p]) arrows.push(arrowPath(geometry.orientation, x, y));
    const label = geometry.labelled[p] ? scene.label(p) : '';
    if (label === '') continue;
    const [labelX, labelY, w] = [geometry.labels[2 * p]!, geometry.labels[2 * p + 1]!, label.length * 6.2 + 8];
    labels.push(
      rect({ x: labelX - w / 2, y: labelY - 6, w, h: 11, radius: 0, fill: theme.background }),
      text({ x: labelX, y: labelY, size: 11, fill: theme.muted, value: label }),
    );
  }
  const line = escape(theme.line);
  return [
    `<path d="${paths.join('')}" fill="none" stroke="${line}" stroke-width="1.2" stroke-linejoin="round"/>`,
    `<path d="${arrows.join('')}" fill="${line}"/>`,
    ...labels,
  ];
}

function arrowPath(orientation: Orientation, x: number, y: number): string {
  const corners = ARROW[orientation].map(([dx, dy]) => `${num(x + dx)} ${num(y + dy)}`);
  return `M${num(x)} ${num(y)}L${corners.join('L')}Z`;
}

function box(picture: SvgPicture, b: number): string {
  return picture.scene.geometry.box[b]! < 0 ? groupBox(picture, b) : nodeBox(picture, b);
}

function groupBox({ scene, theme, colours }: SvgPicture, b: number): string {
  const whole = rectOf(scene, b);
  const place = { ...whole, w: whole.w - SHEET, h: whole.h - SHEET };
  const facts = scene.model.facts[-1 - scene.geometry.box[b]!]!;
  const [x, y] = [place.x + 8, place.y];
  const middle = y + GROUP_BAR / 2;
  return [
    rect({ ...place, x: place.x + SHEET, y: y + SHEET, radius: 4, fill: theme.box, stroke: theme.border }),
    rect({ ...place, radius: 4, fill: theme.box, stroke: theme.border }),
    rect({ ...place, h: GROUP_BAR, radius: 4, fill: colours.fill(b) }),
    text({ x, y: middle, size: 13, fill: colours.text(b), value: facts.title, start: true, bold: true }),
    text({ x, y: y + GROUP_FACTS, size: 11, fill: theme.text, value: facts.detail, start: true }),
  ].join('\n');
}

function nodeBox({ scene, theme, colours }: SvgPicture, b: number): string {
  const place = rectOf(scene, b);
  const { x, y, w, h } = place;
  const { kind, title, titleWidth, detail } = scene.model.flat.items[scene.geometry.box[b]!]!;
  const radius = kind === 'input' || kind === 'output' ? h / 2 : 4;
  const filled = detail === '' ? w : titleWidth;
  const middle = y + h / 2;
  const parts = [
    rect({ ...place, radius, fill: theme.box, stroke: theme.border }),
    rect({ ...place, w: filled, radius, fill: colours.fill(b) }),
    text({ x: x + filled / 2, y: middle, size: 13, fill: colours.text(b), value: title, bold: true }),
  ];
  if (detail !== '') {
    const x0 = x + filled + (w - filled) / 2;
    parts.push(text({ x: x0, y: middle, size: 11, fill: theme.text, value: detail }));
  }
  return parts.join('\n');
}

function num(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** XML text and attribute values. Characters that XML doesn't allow at all are dropped. */
function escape(value: string): string {
  return value
    .replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '')
    .replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
