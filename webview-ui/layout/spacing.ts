/** Which way the layers follow each other. */
export type Orientation = 'top-down' | 'left-right';

/**
 * Distances of a layout, in pixels. Rows follow each other from top to bottom; a picture from left to right is laid out
 * the same way and turned, so its "below" is "to the right of".
 */
export interface Spacing {
  /** Between rows that straight lines join, one of them labelled: room for a label and an arrow. */
  readonly straight: number;
  /** The same where a line bends before it arrives. */
  readonly bend: number;
  /** Between rows where no line is labelled: room for an arrow. */
  readonly quiet: number;
  readonly quietBend: number;
  /** Where lines enter or leave a group, straight or bent. */
  readonly port: number;
  readonly portBend: number;
  /** Between the boxes of a row. */
  readonly column: number;
  /** Below a row, from its end: where lanes are left for, and the middles of labels on lines and on lanes. */
  readonly exit: number;
  readonly label: number;
  /** How much further the labels of a row lie from which a lane leaves, so that they don't cover where it does. */
  readonly drop: number;
  readonly laneLabel: number;
  /** Above a row, from its beginning: where lines bend, and where lanes come back. */
  readonly bendAt: number;
  readonly entry: number;
  readonly frame: FrameSpacing;
}

/** Between an open group's edge and what lies in it: left and right, above, below. As on the page, not turned. */
export interface FrameSpacing {
  readonly side: number;
  readonly header: number;
  readonly foot: number;
}

/** How far a frame's title, which lies on its upper edge, reaches above and below that edge. */
export const FRAME_TITLE = 6;

const DOWN: Spacing = {
  straight: 19,
  bend: 27,
  quiet: 6,
  quietBend: 14,
  port: 4,
  portBend: 14,
  column: 26,
  exit: 3,
  label: 8,
  drop: 5,
  laneLabel: 14,
  bendAt: 11,
  entry: 7,
  frame: { side: 10, header: 10, foot: 2 },
};

/** A label lies along its line here, so that the gap is as wide as most labels. */
const RIGHT: Spacing = {
  straight: 114,
  bend: 124,
  quiet: 14,
  quietBend: 28,
  port: 12,
  portBend: 28,
  column: 20,
  exit: 6,
  label: 50,
  drop: 0,
  laneLabel: 58,
  bendAt: 16,
  entry: 12,
  frame: { side: 8, header: 14, foot: 10 },
};

export const SPACING: Readonly<Record<Orientation, Spacing>> = { 'top-down': DOWN, 'left-right': RIGHT };
