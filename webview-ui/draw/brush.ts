import type { Scene } from '../graph/scene.ts';
import type { BoxColours } from './boxColours.ts';
import type { View } from './camera.ts';
import type { Difference } from './difference.ts';
import type { Theme } from './theme/theme.ts';

/** What a reader follows through the graph; everything else is drawn faintly. */
export interface Followed {
  readonly boxes: ReadonlySet<number>;
  readonly pieces: readonly number[];
}

/** How strongly what is not followed is drawn. */
export const FAINT = 0.3;

/** What stands out: the selected box, found boxes, boxes that differ, and lines that enter, leave or are traced. */
export interface Marks {
  selected: number;
  hovered: number;
  found: ReadonlySet<number>;
  differing: ReadonlyMap<number, Difference>;
  bookmarked: ReadonlySet<number>;
  into: readonly number[];
  out: readonly number[];
  traced: readonly number[];
  followed: Followed | null;
}

/** Boxes on their way from where they were to where they are; lines fade in meanwhile. */
export interface Motion {
  t: number;
  dx: Float64Array;
  dy: Float64Array;
}

export interface Brush {
  ctx: CanvasRenderingContext2D;
  scene: Scene;
  view: View;
  theme: Theme;
  colours: BoxColours;
  /** What is in view, in the picture's own units. */
  left: number;
  top: number;
  right: number;
  bottom: number;
  /** A line of one device pixel, in the picture's units. */
  hair: number;
  motion: Motion | null;
}

/** The smallest text drawn, in pixels of the page; below it text is grain. */
const LEGIBLE = 6.5;

/** Whether text of so many pixels can be read at a scale. */
export function legible(size: number, scale: number): boolean {
  return size * scale >= LEGIBLE;
}
