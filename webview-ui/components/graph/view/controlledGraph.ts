import type { PageExtent } from '../../../draw/camera.ts';
import type { SelectionKey } from '../../../graph/graphModel.ts';
import type { Scene } from '../../../graph/scene.ts';
import type { Target } from '../../../graph/targets.ts';
import type { GraphCamera } from './graphCamera.ts';
import type { PointedThing } from './pointedThing.ts';

/** A box and a line by their numbers in the scene; -1 for none. */
export interface Under {
  readonly box: number;
  readonly piece: number;
}

/** The drawn graph, as its pointer and its keys move it. */
export interface ControlledGraph {
  readonly scene: Scene | null;
  readonly selected: SelectionKey | null;
  /** What the graph is shown in, in pixels. */
  readonly page: PageExtent;
  readonly camera: GraphCamera;
  readonly pointed: PointedThing;
  /** What lies under a place on the page. */
  under(px: number, py: number): Under;
  /** The box or the line under a place on the page, as an action takes it; null over open ground. */
  targetAt(px: number, py: number): Target | null;
  /** Asks the page to select a thing, or nothing; with `reveal`, to bring it into the middle. */
  select(key: SelectionKey | null, how: { readonly reveal: boolean }): void;
  /** Asks the page to open or close a group. */
  toggle(key: SelectionKey): void;
  /** Asks the page to take the keyboard to the details of what is selected. */
  readDetails(): void;
  /** Brings a thing into the middle, opening the groups that hide it. */
  reveal(key: SelectionKey): Promise<void>;
  /** Says what a context menu is about to open for. */
  askMenu(target: Target): void;
  /** Takes away what came last: the card, else the trace, else the selection. */
  goBack(): void;
}
