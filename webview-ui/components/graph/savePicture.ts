import { NO_MARKS } from '../../draw/marks.ts';
import { paint } from '../../draw/paint.ts';
import { sceneSvg, wholeRegion } from '../../draw/svg.ts';
import type { Region } from '../../draw/svg.ts';
import { saveBlob } from '../../state/download.ts';
import type { MenuEntry } from '../menuButton.ts';
import type { GraphView } from './view/graphView.ts';

/** The longest side of a saved picture, in pixels: browsers refuse larger canvases. */
const MOST_PIXELS = 12_000;
/** Pixels of a saved picture for each of the page's, so that it can be printed. */
const DENSITY = 2;

/** What of the graph is saved. */
type Part = 'whole' | 'visible';

/**
 * What a menu offers to save a graph as a picture, as it is when it is asked for. `fileName` is that of the model.
 */
export function pictureEntries(graph: () => GraphView | null, fileName: string): MenuEntry[] {
  const name = fileName.replace(/\.[^.]*$/, '');
  return [
    { label: 'SVG, whole graph', act: () => saveSvg(graph(), name, 'whole') },
    { label: 'SVG, visible part', act: () => saveSvg(graph(), name, 'visible') },
    { label: 'PNG, whole graph', act: () => savePng(graph(), name, 'whole') },
    { label: 'PNG, visible part', act: () => savePng(graph(), name, 'visible') },
  ];
}

/** In the picture's own units. */
function regionOf({ scene, view, page }: GraphView, part: Part): Region | null {
  if (!scene) return null;
  if (part === 'whole') return wholeRegion(scene);
  const { x, y, scale } = view;
  return { x: -x / scale, y: -y / scale, width: page.width / scale, height: page.height / scale };
}

function saveSvg(view: GraphView | null, name: string, part: Part): void {
  const region = view && regionOf(view, part);
  if (!region || !view.scene || !view.colours) return;
  const { scene, theme, colours } = view;
  saveBlob(`${name}.svg`, new Blob([sceneSvg({ scene, theme, colours, region })], { type: 'image/svg+xml' }));
}

function savePng(view: GraphView | null, name: string, part: Part): void {
  const region = view && regionOf(view, part);
  if (!region || !view.scene || !view.colours) return;
  const wanted = part === 'visible' ? DENSITY * view.view.scale : DENSITY;
  const scale = Math.min(wanted, MOST_PIXELS / region.width, MOST_PIXELS / region.height);
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(region.width * scale));
  canvas.height = Math.max(1, Math.round(region.height * scale));
  const ctx = canvas.getContext('2d', { alpha: false });
  if (!ctx) return;
  const { scene, theme, colours } = view;
  const from = { x: -region.x * scale, y: -region.y * scale, scale };
  paint(ctx, { scene, view: from, theme, colours, page: canvas, ratio: 1, motion: null }, NO_MARKS);
  canvas.toBlob((blob) => {
    if (blob) saveBlob(`${name}.png`, blob);
  }, 'image/png');
}
