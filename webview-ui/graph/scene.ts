import type { SceneGeometry } from '../layout/geometry.ts';
import { FRAME_TITLE } from '../layout/spacing.ts';
import type { GraphModel, SelectionKey } from './graphModel.ts';

/** A laid-out picture with what drawing and pointing need: bounds of lines, and which lines carry which links. */
export class Scene {
  readonly model: GraphModel;
  readonly geometry: SceneGeometry;
  /** Left, top, right, bottom of each piece of a line. */
  readonly bounds: Float64Array;
  /** Frames of open groups by how deep they lie, outermost first; those of one depth don't overlap. */
  readonly framesByDepth: readonly (readonly number[])[];
  #boxOf = new Map<number, number>();
  #piecesOf: Map<number, number[]> | null = null;

  constructor(model: GraphModel, geometry: SceneGeometry) {
    this.model = model;
    this.geometry = geometry;
    geometry.box.forEach((ref, b) => this.#boxOf.set(ref, b));
    this.framesByDepth = framesByDepth(model, geometry);
    const { points, pieceStart } = geometry;
    this.bounds = new Float64Array((pieceStart.length - 1) * 4);
    for (let p = 0; p + 1 < pieceStart.length; p++) {
      let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
      for (let k = pieceStart[p]! * 2; k < pieceStart[p + 1]! * 2; k += 2) {
        const [x, y] = [points[k]!, points[k + 1]!];
        if (x < left) left = x;
        if (x > right) right = x;
        if (y < top) top = y;
        if (y > bottom) bottom = y;
      }
      this.bounds.set([left, top, right, bottom], p * 4);
    }
  }

  get pieceCount(): number {
    return this.geometry.pieceStart.length - 1;
  }

  /** The box that shows a thing, or the closed group around it; undefined when it isn't in the model. */
  boxOf(key: SelectionKey | null): number | undefined {
    const { model } = this;
    const item = model.itemOf(key);
    const group = item === undefined ? model.groupOf(key) : undefined;
    if (item === undefined && group === undefined) return undefined;
    const own = this.#boxOf.get(item ?? -1 - group!);
    if (own !== undefined || key === null) return own;
    for (const g of model.around(key).reverse()) {
      const box = this.#boxOf.get(-1 - g);
      if (box !== undefined && !this.geometry.open[box]) return box;
    }
    return undefined;
  }

  /** Boxes one after the other: the way the layers follow each other, then across. A frame comes where it begins. */
  readingOrder(): number[] {
    const { box, open, orientation, x, y, w, h } = this.geometry;
    const sideways = orientation === 'left-right';
    const [start, size, other] = sideways ? [x, w, y] : [y, h, x];
    const place = (b: number): number => start[b]! + (open[b] ? 0 : size[b]! / 2);
    return Array.from(box.keys()).sort((a, b) => place(a) - place(b) || other[a]! - other[b]!);
  }

  label(piece: number): string {
    const geometry = this.geometry;
    const first = geometry.links[geometry.linkStart[piece]!];
    return first === undefined ? '' : this.model.labels.of(this.model.flat.links[first]!);
  }

  /** Every piece that carries one of the links. */
  piecesOf(links: readonly number[]): number[] {
    if (!this.#piecesOf) {
      this.#piecesOf = new Map();
      const geometry = this.geometry;
      for (let p = 0; p < this.pieceCount; p++) {
        for (let k = geometry.linkStart[p]!; k < geometry.linkStart[p + 1]!; k++) {
          const list = this.#piecesOf.get(geometry.links[k]!);
          if (list) list.push(p);
          else this.#piecesOf.set(geometry.links[k]!, [p]);
        }
      }
    }
    return [...new Set(links.flatMap((link) => this.#piecesOf!.get(link) ?? []))];
  }

  linksOfPiece(piece: number): number[] {
    const geometry = this.geometry;
    return Array.from(geometry.links.subarray(geometry.linkStart[piece]!, geometry.linkStart[piece + 1]!));
  }

  /** The innermost box at a point. An open frame is hit along its upper edge only, so its inside stays open ground. */
  boxAt(x: number, y: number): number {
    const geometry = this.geometry;
    for (let b = geometry.box.length - 1; b >= 0; b--) {
      if (x < geometry.x[b]! || x > geometry.x[b]! + geometry.w[b]!) continue;
      const [above, below] = geometry.open[b] ? [FRAME_TITLE, FRAME_TITLE] : [0, geometry.h[b]!];
      if (y >= geometry.y[b]! - above && y <= geometry.y[b]! + below) return b;
    }
    return -1;
  }

  /** The nearest line within `reach` of a point, or -1. */
  pieceAt(x: number, y: number, reach: number): number {
    const geometry = this.geometry;
    let best = -1;
    let least = reach * reach;
    for (let p = 0; p < this.pieceCount; p++) {
      if (
        x < this.bounds[4 * p]! - reach ||
        x > this.bounds[4 * p + 2]! + reach ||
        y < this.bounds[4 * p + 1]! - reach ||
        y > this.bounds[4 * p + 3]! + reach
      )
        continue;
      for (let k = geometry.pieceStart[p]! * 2; k + 3 < geometry.pieceStart[p + 1]! * 2; k += 2) {
        const distance = squaredDistance(x, y, geometry.points.subarray(k, k + 4));
        if (distance < least) [least, best] = [distance, p];
      }
    }
    return best;
  }
}

function framesByDepth({ hierarchy }: GraphModel, { box, open }: SceneGeometry): number[][] {
  const levels: number[][] = [];
  const depth = new Int32Array(hierarchy.groups.length);
  for (let g = 1; g < depth.length; g++) depth[g] = depth[hierarchy.groups[g]!.parent]! + 1;
  box.forEach((ref, b) => {
    if (!open[b]) return;
    const level = depth[-1 - ref]! - 1;
    while (levels.length <= level) levels.push([]);
    levels[level]!.push(b);
  });
  return levels;
}

/** Of a point from a stretch of a line, given by its two ends. */
function squaredDistance(x: number, y: number, ends: Float64Array): number {
  const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = ends;
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - x0) * dx + (y - y0) * dy) / length));
  return (x - x0 - t * dx) ** 2 + (y - y0 - t * dy) ** 2;
}
