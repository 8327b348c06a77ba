import type { NestedInput, SceneGeometry } from './geometry.ts';
import type { Orientation } from './spacing.ts';

/** What the layout worker is told: a graph first, then one set of open groups after another. */
export type LayoutOrder =
  | { readonly type: 'graph'; readonly input: NestedInput }
  | {
      readonly type: 'layout';
      /** Says which order a reply belongs to. */
      readonly turn: number;
      readonly open: Uint8Array<ArrayBuffer>;
      readonly orientation: Orientation;
    };

export interface LayoutReply {
  readonly turn: number;
  readonly scene: SceneGeometry;
}
