import type { Scene } from '../graph/scene.ts';
import { FRAME } from '../layout/nested.ts';
import type { Theme } from './theme.ts';

export interface Region {
  x: number;
  y: number;
  width: number;
  height: number;
}

const MARGIN = 20;

export function wholeRegion(scene: Scene): Region {
  const { width, height } = scene.geometry;
  return { x: -MARGIN, y: -MARGIN, width: width + 2 * MARGIN, height: height + 2 * MARGIN };
}

/** The picture as an SVG document, with the colours of the theme. Names are escaped: they are text from a file. */
export function sceneSvg(scene: Scene, theme: Theme, region: Region): string {
  const { geometry: g, model, bounds } = scene;
  const meets = (x0: number, y0: number, x1: number, y1: number): boolean =>
    x1 >= region.x && x0 <= region.x + region.width && y1 >= region.y && y0 <= region.y + region.height;
  const out: string[] = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${[region.x, region.y, region.width, region.height].map(num).join(' ')}" width="${num(region.width)}" height="${num(region.height)}" font-family="${escape(theme.font)}">`,
    `<title>${escape(model.page.fileName)}</title>`,
    `<rect x="${num(region.x)}" y="${num(region.y)}" width="${num(region.width)}" height="${num(region.height)}" fill="${escape(theme.background)}"/>`,
  ];
  const rect = (b: number, r: number, fill: string, stroke: string, width: number): string =>
    `<rect x="${num(g.x[b]!)}" y="${num(g.y[b]!)}" width="${num(g.w[b]!)}" height="${num(g.h[b]!)}" rx="${num(r)}" fill="${escape(fill)}" stroke="${escape(stroke)}" stroke-width="${width}"/>`;
  const text = (
    x: number,
    y: number,
    size: number,
    fill: string,
    value: string,
    anchor = 'middle',
    weight = '',
  ): string =>
    `<text x="${num(x)}" y="${num(y)}" font-size="${size}"${weight} fill="${escape(fill)}" text-anchor="${anchor}" dominant-baseline="central">${escape(value)}</text>`;
  const bold = ' font-weight="600"';
  const visible = Array.from(g.box.keys()).filter((b) => meets(g.x[b]!, g.y[b]!, g.x[b]! + g.w[b]!, g.y[b]! + g.h[b]!));
  for (const b of visible) {
    if (!g.open[b]) continue;
    out.push(
      rect(b, 6, theme.frame, theme.border, 0.6),
      text(
        g.x[b]! + 10,
        g.y[b]! + FRAME.header / 2 - 3,
        12,
        theme.muted,
        model.facts[-1 - g.box[b]!]!.title,
        'start',
        bold,
      ),
    );
  }
  const lines: string[] = [];
  const arrows: string[] = [];
  const labels: string[] = [];
  for (let p = 0; p < scene.pieceCount; p++) {
    if (!meets(bounds[4 * p]!, bounds[4 * p + 1]!, bounds[4 * p + 2]!, bounds[4 * p + 3]!)) continue;
    const points = Array.from(g.points.subarray(g.pieceStart[p]! * 2, g.pieceStart[p + 1]! * 2), num);
    lines.push(`M${points.slice(0, 2).join(' ')}L${points.slice(2).join(' ')}`);
    const [x, y] = [Number(points[points.length - 2]), Number(points[points.length - 1])];
    if (g.arrow[p]) arrows.push(`M${num(x)} ${num(y)}l-4 -7h8z`);
    const label = g.labelled[p] ? scene.label(p) : '';
    if (label) {
      const [lx, ly, w] = [g.labels[2 * p]!, g.labels[2 * p + 1]!, label.length * 6.2 + 8];
      labels.push(
        `<rect x="${num(lx - w / 2)}" y="${num(ly - 8)}" width="${num(w)}" height="16" fill="${escape(theme.background)}"/>`,
        text(lx, ly, 11, theme.muted, label),
      );
    }
  }
  out.push(
    `<path d="${lines.join('')}" fill="none" stroke="${escape(theme.line)}" stroke-width="1.2" stroke-linejoin="round"/>`,
    `<path d="${arrows.join('')}" fill="${escape(theme.line)}"/>`,
    ...labels,
  );
  for (const b of visible) {
    if (g.open[b]) continue;
    const [x, y, w, h, ref] = [g.x[b]!, g.y[b]!, g.w[b]!, g.h[b]!, g.box[b]!];
    if (ref < 0) {
      const facts = model.facts[-1 - ref]!;
      out.push(
        rect(b, 4, theme.box, theme.border, 1),
        text(x + 12, y + 16, 13, theme.text, facts.title, 'start', bold),
        text(x + 12, y + 34, 11, theme.muted, facts.detail, 'start'),
        text(x + 12, y + 50, 11, theme.muted, facts.more, 'start'),
      );
      continue;
    }
    const { kind, title, detail } = model.flat.items[ref]!;
    const round = kind === 'input' || kind === 'output';
    out.push(
      rect(
        b,
        round ? h / 2 : 4,
        theme.box,
        round || kind === 'first' ? theme.stripe[kind] : theme.border,
        kind === 'first' ? 2 : 1,
      ),
    );
    if (!round)
      out.push(
        `<rect x="${num(x)}" y="${num(y + 1)}" width="5" height="${num(h - 2)}" fill="${escape(theme.stripe[kind])}"/>`,
      );
    out.push(text(x + w / 2 + 2, y + (detail === '' ? h / 2 : 16), 13, theme.text, title, 'middle', bold));
    if (detail !== '') out.push(text(x + w / 2 + 2, y + 33, 11, theme.muted, detail));
  }
  out.push('</svg>');
  return out.join('\n');
}

function num(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** XML text and attribute values. Characters that XML doesn't allow at all are dropped. */
function escape(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '')
    .replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
