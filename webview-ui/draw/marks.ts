import type { SelectionKey } from '../graph/graphModel.ts';
import type { Scene } from '../graph/scene.ts';
import { linksAt } from '../graph/targets.ts';
import type { Trace } from '../graph/trace.ts';
import type { Followed, Marks } from './brush.ts';
import type { Difference } from './difference.ts';

const NO_BOXES: ReadonlySet<number> = new Set();

/** A picture in which nothing stands out. */
export const NO_MARKS: Marks = {
  selected: -1,
  hovered: -1,
  found: NO_BOXES,
  differing: new Map(),
  bookmarked: NO_BOXES,
  into: [],
  out: [],
  traced: [],
  followed: null,
};

/** What a reader has selected, found and followed, by the model's keys. */
export interface Marked {
  readonly selected: SelectionKey | null;
  readonly found: readonly SelectionKey[];
  readonly differing: ReadonlyMap<SelectionKey, Difference>;
  readonly bookmarks: readonly SelectionKey[];
  readonly trace: Trace | null;
}

/** The boxes and lines of a scene that stand out. */
export function marksOf(scene: Scene, { selected, found, differing, bookmarks, trace }: Marked): Marks {
  const { model } = scene;
  const lit = selected !== null && model.has(selected) ? linksAt(model, selected) : { into: [], out: [] };
  return {
    ...NO_MARKS,
    selected: scene.boxOf(selected) ?? -1,
    found: boxesOf(scene, found),
    differing: differingBoxes(scene, differing),
    bookmarked: boxesOf(scene, bookmarks),
    into: scene.piecesOf(lit.into),
    out: scene.piecesOf(lit.out),
    followed: trace && followedOf(scene, trace),
  };
}

function boxesOf(scene: Scene, keys: readonly SelectionKey[]): Set<number> {
  return new Set(keys.flatMap((key) => scene.boxOf(key) ?? []));
}

/** Boxes and lines of the trace, as far as they are in the picture. */
function followedOf(scene: Scene, { items, links }: Trace): Followed {
  const keys = [...items].map((item) => scene.model.keyOf(item));
  return { boxes: boxesOf(scene, keys), pieces: scene.piecesOf(links) };
}

/** A closed group that hides differences is changed itself. */
function differingBoxes(scene: Scene, differing: Marked['differing']): Map<number, Difference> {
  const boxes = new Map<number, Difference>();
  for (const [key, kind] of differing) {
    const box = scene.boxOf(key);
    if (box !== undefined) boxes.set(box, scene.geometry.box[box]! < 0 ? 'changed' : kind);
  }
  return boxes;
}
