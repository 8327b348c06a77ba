import type { NumberArray } from '../../values.ts';

/** How far activations moved, over all pictures of one layer so far. */
export interface Movement {
  /** Σ‖gray − colour‖² and Σ‖colour‖². */
  moved: number;
  size: number;
  worst: { readonly image: string; readonly relative: number } | null;
}

/** Squared distances of one picture's activations. */
export interface Squares {
  readonly moved: number;
  readonly size: number;
}

/** Of a layer that no image has gone through yet. */
export function noMovement(): Movement {
  return { moved: 0, size: 0, worst: null };
}

/** ‖gray − colour‖² and ‖colour‖² of one tensor; NaN where they hold different counts of numbers. */
export function squares(colour: NumberArray, gray: NumberArray): Squares {
  if (colour.length !== gray.length) return { moved: NaN, size: NaN };
  let moved = 0;
  let size = 0;
  for (let i = 0; i < colour.length; i++) {
    const c = colour[i] ?? 0;
    const difference = (gray[i] ?? 0) - c;
    moved += difference * difference;
    size += c * c;
  }
  return { moved, size };
}

/** Adds a picture's squares; the picture that moved most is kept. */
export function addPicture(movement: Movement, image: string, { moved, size }: Squares): void {
  movement.moved += moved;
  movement.size += size;
  const relative = relativeMovement({ moved, size });
  if (relative !== null && relative > (movement.worst?.relative ?? -1)) movement.worst = { image, relative };
}

/** ‖gray − colour‖ / ‖colour‖, the relative L2 distance; null where there is nothing to compare with. */
export function relativeMovement({ moved, size }: Squares): number | null {
  const relative = Math.sqrt(moved / size);
  return Number.isFinite(relative) ? relative : null;
}
