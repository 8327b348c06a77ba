/** Which way the layers follow each other. */
export type Orientation = 'top-down' | 'left-right';

/**
 * Distances of a layout, in pixels. Rows follow each other from top to bottom; a picture from left to right is laid out
 * the same way and turned, so its "below" is "to the right of".
 */
export interface Spacing {
  /** Between rows that straight lines join: room for a label and an arrow. */
  readonly straight: number;
  /** Where lines bend or leave for a lane beside the rows. */
  readonly bend: number;
  /** A gap with nothing to label in it: lines that enter or leave a group, straight or bent. */
  readonly port: number;
  readonly portBend: number;
  /** Between the boxes of a row. */
  readonly column: number;
  /** Below a row, from its end: where lanes are left for, and the middles of labels on lines and on lanes. */
  readonly exit: number;
  readonly label: number;
  readonly laneLabel: number;
  /** Above a row, from its beginning: where lines bend, and where lanes come back. */
  readonly bendAt: number;
  readonly entry: number;
}

const DOWN: Spacing = {
  straight: 20,
  bend: 30,
  port: 6,
  portBend: 20,
  column: 28,
  exit: 3,
  label: 8,
  laneLabel: 14,
  bendAt: 13,
  entry: 9,
};

/** A label lies along its line here, so that the gap is as wide as most labels. */
const RIGHT: Spacing = {
  straight: 114,
  bend: 124,
  port: 20,
  portBend: 36,
  column: 22,
  exit: 6,
  label: 50,
  laneLabel: 58,
  bendAt: 16,
  entry: 12,
};

export const SPACING: Readonly<Record<Orientation, Spacing>> = { 'top-down': DOWN, 'left-right': RIGHT };
