import type { Orientation } from './spacing.ts';

/** A graph with groups, to be laid out. Plain arrays, so it can cross to a worker. */
export interface NestedInput {
  itemW: Float64Array;
  itemH: Float64Array;
  /** The group each item lies in directly; group 0 is the whole graph. */
  groupOf: Int32Array;
  /** Each group's parent, which has a lower number; -1 for group 0. */
  groupParent: Int32Array;
  /** A closed group's box; when open it is at least this wide. */
  groupW: Float64Array;
  groupH: Float64Array;
  linkFrom: Int32Array;
  linkTo: Int32Array;
  /** Which tensor the link carries; links of one tensor share their way out. */
  linkTensor: Int32Array;
  /** Where the link leaves its source's box: -1 one edge, 0 the middle, 1 the other edge. */
  linkSlot: Float64Array;
  /** 1 where the reader hands the shape on, so that a line between the two boxes needs no label. */
  linkQuiet: Uint8Array;
  /** How many tensors there are. */
  tensors: number;
}

/** A graph that is laid out: where its boxes and lines lie. Plain arrays too. */
export interface SceneGeometry {
  orientation: Orientation;
  /** What each box is: an item, or -1 - group. Frames of open groups come first, outer ones before inner ones. */
  box: Int32Array;
  open: Uint8Array;
  x: Float64Array;
  y: Float64Array;
  w: Float64Array;
  h: Float64Array;
  /** Piece p of a line has points `pieceStart[p]` to `pieceStart[p + 1] - 1`, two numbers each. */
  pieceStart: Int32Array;
  points: Float64Array;
  labels: Float64Array;
  /** 1 where a shape label is drawn; 1 where the piece ends in an arrow. */
  labelled: Uint8Array;
  arrow: Uint8Array;
  /** Links a piece carries: `links[linkStart[p]]` onwards. */
  linkStart: Int32Array;
  links: Int32Array;
  width: number;
  height: number;
}
