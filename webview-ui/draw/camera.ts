import type { Orientation } from '../layout/spacing.ts';

/** Where the reader looks: a point (X, Y) of the picture is drawn at (X·scale + x, Y·scale + y). */
export interface View {
  x: number;
  y: number;
  scale: number;
}

export interface Extent {
  width: number;
  height: number;
}

/** A view, and the size of the page that it was chosen in. */
export type PlacedView = View & Extent;

/** What a picture is shown in. */
export interface PageExtent extends Extent {
  /** Room above the picture; that of the tools when absent. */
  readonly top?: number;
}

const MARGIN = 24;
/** Room for the tools that lie over the picture's upper edge, from the left. */
const TOP = 48;
const TOOLS_WIDTH = 430;
/** On a narrower page the tools take two rows. */
const LEAST_FOR_ONE_ROW = 354;
const TOP_BELOW_TWO_ROWS = 80;
/** Where a picture begins that lies beside the tools, or has none over it. */
export const BESIDE_TOOLS = 14;
const MAX_SCALE = 4;
/** A first view makes its text no smaller than this; what doesn't fit so is shown in full size from its beginning. */
const LEAST_FIRST_SCALE = 0.85;

/** Where a picture begins that has the tools over it. */
export function topBelowTools(width: number): number {
  return width < LEAST_FOR_ONE_ROW ? TOP_BELOW_TWO_ROWS : TOP;
}

/** All of the picture, below the tools. */
export function fitView(picture: Extent, page: PageExtent): View {
  const { top = TOP } = page;
  const scale = Math.min(
    1.25,
    (page.width - 2 * MARGIN) / Math.max(1, picture.width),
    (page.height - top - MARGIN) / Math.max(1, picture.height),
  );
  return {
    scale,
    x: (page.width - picture.width * scale) / 2,
    y: Math.max(top, (page.height - picture.height * scale) / 2),
  };
}

/**
 * The first view is readable: as wide as is legible, from the top, with `focus` (the first input's middle) on the page.
 * From left to right it is as tall as is legible, from the left.
 */
export function firstView(
  picture: Extent,
  page: PageExtent,
  focus: { readonly x: number; readonly y: number },
  orientation: Orientation,
): View {
  const whole = fitView(picture, page);
  if (whole.scale >= LEAST_FIRST_SCALE) return whole;
  const { top = TOP } = page;
  const sideways = orientation === 'left-right';
  const [size, room] = sideways ? [picture.height, page.height - top] : [picture.width, page.width];
  const fitting = (room - 2 * MARGIN) / Math.max(1, size);
  const scale = fitting >= LEAST_FIRST_SCALE ? Math.min(1, fitting) : 1;
  const wanted = sideways ? focus.y : focus.x;
  const centre = size * scale <= room ? size / 2 : wanted;
  if (sideways) return { scale, x: MARGIN, y: top + room / 2 - centre * scale };
  return { scale, x: page.width / 2 - centre * scale, y: top };
}

/** A first view, moved up beside the tools where nothing would come to lie under them. */
export function besideTools(view: View, boxes: { readonly x: Float64Array; readonly y: Float64Array }): View {
  const rise = TOP - BESIDE_TOOLS;
  if (view.y !== TOP) return view;
  const isUnder = (b: number): boolean =>
    boxes.y[b]! * view.scale < rise && boxes.x[b]! * view.scale + view.x < TOOLS_WIDTH;
  for (let b = 0; b < boxes.x.length; b++) if (isUnder(b)) return view;
  return { ...view, y: BESIDE_TOOLS };
}

/** A zoom about a place on the page; `least` is the smallest scale. */
export interface Zoom {
  readonly factor: number;
  readonly px: number;
  readonly py: number;
  readonly least: number;
}

/** The view with the same place of the picture under the same place of the page. */
export function zoomAt(view: View, { factor, px, py, least }: Zoom): View {
  const scale = Math.min(MAX_SCALE, Math.max(least, view.scale * factor));
  const k = scale / view.scale;
  return { scale, x: px - (px - view.x) * k, y: py - (py - view.y) * k };
}

/**
 * The view moved so that no part of the page stays empty that the picture could fill: what is near an end of the
 * picture isn't brought to the middle.
 */
export function filled(view: View, picture: Extent, page: PageExtent): View {
  const [width, height] = [picture.width * view.scale, picture.height * view.scale];
  return {
    scale: view.scale,
    x: within(view.x, page.width - MARGIN - width, MARGIN),
    y: within(view.y, page.height - MARGIN - height, page.top ?? TOP),
  };
}

/** A picture that was seen in its whole width is made no smaller than this where its page becomes narrower. */
const LEAST_KEPT_SCALE = 0.7;

/**
 * The view in a page of another size: what was in the middle from left to right stays there, and a picture that was
 * seen in its whole width or height still is.
 */
export function resized(view: View, picture: Extent, before: PageExtent, after: PageExtent): View {
  const kept: View = {
    scale: view.scale,
    x: view.x + (after.width - before.width) / 2,
    y: resizedTop(view, picture, before, after),
  };
  const width = picture.width * view.scale;
  const wasWhole = view.x >= 0 && view.x + width <= before.width;
  if (!wasWhole || after.width >= before.width) return kept;
  const fitting = (after.width - 2 * MARGIN) / picture.width;
  const scale = Math.min(view.scale, Math.max(LEAST_KEPT_SCALE, fitting));
  const top = after.top ?? TOP;
  const [left, right] = [after.width - MARGIN - picture.width * scale, MARGIN];
  const x = scale === view.scale ? kept.x : (after.width - picture.width * scale) / 2;
  return {
    scale,
    x: within(x, Math.min(left, right), Math.max(left, right)),
    y: top + ((kept.y - top) * scale) / view.scale,
  };
}

/** The top of a picture in a page of another height: in the middle of it where all of its height was seen. */
function resizedTop({ y, scale }: View, picture: Extent, before: PageExtent, after: PageExtent): number {
  const height = picture.height * scale;
  const top = after.top ?? TOP;
  const wasWhole = y >= 0 && y + height <= before.height;
  if (!wasWhole || after.height === before.height) return y;
  return Math.max(top, within(y + (after.height - before.height) / 2, 0, after.height - height));
}

/** A picture's beginning between two places; in their middle where the picture is smaller than the page. */
function within(value: number, least: number, most: number): number {
  return least > most ? (least + most) / 2 : Math.min(most, Math.max(least, value));
}

/** Shows a box in the middle (or at another part of the height), at a scale at which its text can be read. */
export function centreOn(
  box: { x: number; y: number; w: number; h: number },
  page: Extent,
  scale: number,
  height = 0.5,
): View {
  return {
    scale,
    x: page.width / 2 - (box.x + box.w / 2) * scale,
    y: page.height * height - (box.y + box.h / 2) * scale,
  };
}

/** The view on the way from one to another; `t` goes from 0 to 1. */
export function between(a: View, b: View, t: number): View {
  // The scale moves by ratio and the middle by distance; without this a long move swings.
  const scale = a.scale * (b.scale / a.scale) ** t;
  const k = Math.abs(b.scale - a.scale) < 1e-9 ? t : (scale - a.scale) / (b.scale - a.scale);
  return { scale, x: a.x + (b.x - a.x) * k, y: a.y + (b.y - a.y) * k };
}

/** How far a movement is that begins fast and ends slowly; both 0 to 1. */
export function easeOut(t: number): number {
  return 1 - (1 - t) ** 3;
}
