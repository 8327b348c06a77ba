import type { PageModel } from '../../src/protocol/pageModel.ts';
import { GraphModel } from '../graph/graphModel.ts';
import type { SelectionKey } from '../graph/graphModel.ts';
import { Scene } from '../graph/scene.ts';
import { Layouter } from '../layout/layouter.ts';
import { settings } from './settings.ts';

/** One model on the page: which groups are open, and the picture laid out for that. */
export class GraphSession {
  readonly model: GraphModel;
  open: Uint8Array;
  scene: Scene | null = null;
  #layouter: Layouter;

  constructor(page: PageModel, openPaths: readonly string[] | null) {
    const { titles, batchSize } = settings();
    this.model = new GraphModel(page, titles);
    this.model.labels.showBatch = batchSize;
    this.open = openPaths ? this.model.openFrom(openPaths) : this.model.initiallyOpen();
    this.#layouter = new Layouter(this.model.input);
  }

  get openPaths(): string[] {
    return this.model.openPaths(this.open);
  }

  isOpen(group: number): boolean {
    return this.open[group] === 1;
  }

  /** Lays out what is open now. Null when another call has overtaken this one. */
  async layout(): Promise<Scene | null> {
    const geometry = await this.#layouter.layout(Uint8Array.from(this.open), settings().orientation);
    if (!geometry) return null;
    this.scene = new Scene(this.model, geometry);
    return this.scene;
  }

  /** Opens or closes groups; true when that changed anything. */
  set(groups: readonly number[], open: boolean): boolean {
    let changed = false;
    for (const group of groups) {
      if (group <= 0 || this.isOpen(group) === open) continue;
      this.open[group] = open ? 1 : 0;
      changed = true;
    }
    return changed;
  }

  setAll(open: boolean): boolean {
    return this.set(
      this.model.hierarchy.groups.map((_, g) => g),
      open,
    );
  }

  /** Opens what hides a thing. */
  uncover(key: SelectionKey): boolean {
    return this.set(this.model.around(key), true);
  }

  close(): void {
    this.#layouter.close();
  }
}
