import type { BoxKind, Scene, SceneEdge } from './scene.ts';

export interface View {
  x: number;
  y: number;
  scale: number;
}

export interface Theme {
  background: string;
  box: string;
  text: string;
  muted: string;
  line: string;
  border: string;
  focus: string;
  contrast: boolean;
  font: string;
  stripe: Record<BoxKind, string>;
}

export function readTheme(element: Element): Theme {
  const style = getComputedStyle(element);
  const token = (...names: string[]): string => {
    for (const name of names) {
      const value = style.getPropertyValue(`--vscode-${name}`).trim();
      if (value !== '') return value;
    }
    return style.color;
  };
  const contrast = style.getPropertyValue('--vscode-contrastBorder').trim();
  const text = token('editor-foreground', 'foreground');
  const muted = token('descriptionForeground', 'editor-foreground');
  return {
    background: token('editor-background'),
    box: token('editorWidget-background', 'editor-background'),
    text,
    muted,
    line: contrast || token('editorLineNumber-foreground', 'descriptionForeground'),
    border: contrast || token('editorWidget-border', 'widget-border', 'panel-border', 'descriptionForeground'),
    focus: token('focusBorder', 'editor-foreground'),
    contrast: contrast !== '',
    font: style.fontFamily,
    stripe: {
      input: token('charts-green', 'foreground'),
      output: token('charts-purple', 'foreground'),
      weighted: token('charts-blue', 'foreground'),
      first: token('charts-orange', 'foreground'),
      plain: muted,
    },
  };
}

const LEGIBLE = 7;

export function drawScene(ctx: CanvasRenderingContext2D, scene: Scene, view: View, theme: Theme, width: number, height: number, ratio: number, selected: number | null): void {
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.fillStyle = theme.background;
  ctx.fillRect(0, 0, width, height);
  ctx.setTransform(ratio * view.scale, 0, 0, ratio * view.scale, ratio * view.x, ratio * view.y);
  const left = -view.x / view.scale;
  const top = -view.y / view.scale;
  const right = left + width / view.scale;
  const bottom = top + height / view.scale;
  // Lines never thinner than a device pixel, however far out the view is.
  const hair = Math.max(1, 0.8 / view.scale);

  const visible = scene.edges.filter((e) => e.points.length > 1 && e.right >= left && e.left <= right && e.bottom >= top && e.top <= bottom);
  const touches = (e: SceneEdge): boolean => selected !== null && (scene.boxes[e.from]!.nodeId === selected || scene.boxes[e.to]!.nodeId === selected);
  for (const marked of [false, true]) {
    ctx.strokeStyle = ctx.fillStyle = marked ? theme.focus : theme.line;
    ctx.lineWidth = marked ? hair * 2 : hair * 1.25;
    for (const edge of visible) {
      if (touches(edge) === marked) strokeEdge(ctx, edge, view.scale > 0.25);
    }
  }

  if (11 * view.scale >= LEGIBLE) {
    ctx.font = `11px ${theme.font}`;
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    for (const edge of visible) {
      const { x, y } = edge.labelAt;
      if (edge.label === '' || y < top - 12 || y > bottom + 12 || x < left - 200 || x > right + 200) continue;
      const w = ctx.measureText(edge.label).width + 8;
      ctx.fillStyle = theme.background;
      ctx.fillRect(x - w / 2, y - 8, w, 16);
      ctx.fillStyle = theme.muted;
      ctx.fillText(edge.label, x, y);
    }
  }

  for (const box of scene.boxes) {
    if (box.x > right || box.x + box.w < left || box.y > bottom || box.y + box.h < top) continue;
    const isSelected = box.nodeId !== null && box.nodeId === selected;
    const radius = box.nodeId === null ? box.h / 2 : 4;
    ctx.beginPath();
    ctx.roundRect(box.x, box.y, box.w, box.h, radius);
    ctx.fillStyle = theme.box;
    ctx.fill();
    if (box.nodeId !== null) {
      ctx.save();
      ctx.clip();
      ctx.fillStyle = theme.stripe[box.kind];
      ctx.fillRect(box.x, box.y, box.kind === 'first' ? 8 : 5, box.h);
      ctx.restore();
    }
    ctx.beginPath();
    ctx.roundRect(box.x, box.y, box.w, box.h, radius);
    ctx.strokeStyle = isSelected ? theme.focus : box.nodeId === null || box.kind === 'first' ? theme.stripe[box.kind] : theme.border;
    ctx.lineWidth = isSelected ? Math.max(3, 2 / view.scale) : hair * (box.kind === 'first' ? 2 : 1);
    ctx.stroke();
    if (13 * view.scale < LEGIBLE) continue;
    const middle = box.x + box.w / 2;
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    ctx.fillStyle = theme.text;
    ctx.font = `600 13px ${theme.font}`;
    ctx.fillText(box.title, middle, box.y + (box.detail === '' ? box.h / 2 : 17), box.w - 16);
    if (box.detail !== '' && 11 * view.scale >= LEGIBLE) {
      ctx.fillStyle = theme.contrast ? theme.text : theme.muted;
      ctx.font = `11px ${theme.font}`;
      ctx.fillText(box.detail, middle, box.y + 34, box.w - 16);
    }
  }
}

function strokeEdge(ctx: CanvasRenderingContext2D, edge: SceneEdge, arrow: boolean): void {
  const points = edge.points;
  const last = points[points.length - 1]!;
  ctx.beginPath();
  ctx.moveTo(points[0]!.x, points[0]!.y);
  for (let i = 1; i < points.length - 1; i++) {
    const before = points[i - 1]!;
    const corner = points[i]!;
    const after = points[i + 1]!;
    const room = Math.min(Math.hypot(corner.x - before.x, corner.y - before.y), Math.hypot(after.x - corner.x, after.y - corner.y)) / 2;
    ctx.arcTo(corner.x, corner.y, after.x, after.y, Math.min(7, room));
  }
  ctx.lineTo(last.x, last.y);
  ctx.stroke();
  if (!arrow) return;
  ctx.beginPath();
  ctx.moveTo(last.x, last.y);
  ctx.lineTo(last.x - 4, last.y - 7);
  ctx.lineTo(last.x + 4, last.y - 7);
  ctx.fill();
}
