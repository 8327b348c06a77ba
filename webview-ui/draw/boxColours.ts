import type { ItemKind } from '../graph/items.ts';
import type { Scene } from '../graph/scene.ts';
import { readableOn } from './theme/colour.ts';
import type { Theme } from './theme/theme.ts';

/** What the filled part of each box is coloured by: the kind of operator, or a number. */
export interface BoxColours {
  /** The ground of box `b`, and the text on it. */
  fill(b: number): string;
  text(b: number): string;
  /** Whether colours say a number. */
  readonly heated: boolean;
}

/** What box `b` shows; closed groups and frames are groups. */
export function kindOfBox(scene: Scene, b: number): ItemKind | 'group' {
  const ref = scene.geometry.box[b]!;
  return ref < 0 ? 'group' : scene.model.flat.items[ref]!.kind;
}

/** Colours by what operators do. */
export function kindColours(scene: Scene, theme: Theme): BoxColours {
  return {
    fill: (b) => theme.fill[kindOfBox(scene, b)],
    text: (b) => theme.onFill[kindOfBox(scene, b)],
    heated: false,
  };
}

/**
 * From cold to hot, evenly spaced. Each step is lighter or darker than its neighbour too, so that it can be told
 * without colour.
 */
const HEAT_STOPS: readonly (readonly [number, number, number])[] = [
  [38, 52, 92],
  [43, 102, 140],
  [62, 152, 136],
  [158, 196, 90],
  [246, 206, 78],
  [236, 110, 52],
];

/** The colour of a share of the greatest value, 0 to 1. */
export function heatColour(share: number): string {
  const place = Math.min(1, Math.max(0, share)) * (HEAT_STOPS.length - 1);
  const below = Math.min(HEAT_STOPS.length - 2, Math.floor(place));
  const part = place - below;
  const [low, high] = [HEAT_STOPS[below]!, HEAT_STOPS[below + 1]!];
  const mixed = low.map((value, i) => Math.round(value + (high[i]! - value) * part));
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

/** Colours by a number for each box; boxes without one are grey. `shareOf` gives 0 to 1, or null. */
export function heatColours(theme: Theme, shareOf: (b: number) => number | null): BoxColours {
  const ground = (b: number): string => {
    const share = shareOf(b);
    return share === null ? theme.fill.plain : heatColour(share);
  };
  return { fill: ground, text: (b) => readableOn(ground(b)), heated: true };
}
