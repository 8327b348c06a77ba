import { besideTools, centreOn, filled, firstView } from '../../../draw/camera.ts';
import type { PageExtent, View } from '../../../draw/camera.ts';
import type { SelectionKey } from '../../../graph/graphModel.ts';
import type { Scene } from '../../../graph/scene.ts';
import { FRAME_TITLE } from '../../../layout/spacing.ts';

/** Where a box is brought to while the list of matches lies over the upper part, as a part of the height. */
const BELOW_MATCHES = 0.68;

/** A place in a picture or on the page. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** The corner in the picture where a thing begins; null where it isn't drawn. */
export function cornerOf(scene: Scene, key: SelectionKey): Place | null {
  const box = scene.boxOf(key);
  return box === undefined ? null : { x: scene.geometry.x[box]!, y: scene.geometry.y[box]! };
}

/** Where a card about a box begins on the page: under it, or under the title of an open group. */
export function below({ geometry }: Scene, box: number, view: View): Place {
  const { x, y, w, h, open } = geometry;
  const height = open[box] ? FRAME_TITLE : h[box]!;
  return { x: view.x + (x[box]! + w[box]! / 2) * view.scale, y: view.y + (y[box]! + height) * view.scale };
}

/** The view a graph is first seen in: its first input is on the page. */
export function firstViewOf(scene: Scene, page: PageExtent): View {
  const { geometry } = scene;
  const box = scene.boxOf('i0') ?? 0;
  const middle = (start: Float64Array, size: Float64Array): number => (start[box] ?? 0) + (size[box] ?? 0) / 2;
  const focus = { x: middle(geometry.x, geometry.w), y: middle(geometry.y, geometry.h) };
  return besideTools(firstView(geometry, page, focus, geometry.orientation), geometry);
}

/** What a box is revealed on: the page, how large the reader had the picture, and whether matches lie over it. */
export interface Reveal {
  readonly page: PageExtent;
  readonly scale: number;
  readonly covered: boolean;
}

/** The view with a box in the middle, as far as the picture reaches, and legible. */
export function revealed({ geometry }: Scene, box: number, { page, scale: before, covered }: Reveal): View {
  const scale = Math.min(1.2, Math.max(before, 0.75));
  const { x, y, w, h, open } = geometry;
  // Of an open group that is higher than the page, its beginning.
  const height = open[box] ? Math.min(h[box]!, (page.height * 0.8) / scale) : h[box]!;
  const shown = { x: x[box]!, y: y[box]!, w: w[box]!, h: height };
  if (covered) return centreOn(shown, page, scale, BELOW_MATCHES);
  return filled(centreOn(shown, page, scale), geometry, page);
}
