import type { Orientation } from '../layout/spacing.ts';

type Corner = readonly [x: number, y: number];

/** The two corners of an arrow's foot, from its tip, by the way that lines arrive. */
export const ARROW: Readonly<Record<Orientation, readonly [Corner, Corner]>> = {
  'top-down': [
    [-4, -6],
    [4, -6],
  ],
  'left-right': [
    [-6, -4],
    [-6, 4],
  ],
};
