import type { ReactiveControllerHost } from 'lit';
import type { PageAction } from '../../../src/protocol/actions.ts';
import { messageOf } from '../../../src/text/messageOf.ts';
import type { GraphModel, SelectionKey } from '../../graph/graphModel.ts';
import type { Target } from '../../graph/targets.ts';
import type { Trace } from '../../graph/trace.ts';
import { toggled } from '../../state/kept/bookmarks.ts';
import { SelectionHistory } from '../../state/history.ts';
import type { Saved } from '../../state/kept/saved.ts';
import type { Tab } from '../../state/tabs.ts';
import { shapeText } from '../../text/format.ts';
import { actOn } from './layerActions.ts';
import type { ActionPage, WholeGraph } from './layerActions.ts';

/** The page whose reader this is. */
export interface ReadingHost extends Pick<ReactiveControllerHost, 'requestUpdate' | 'updateComplete'> {
  readonly graphModel: GraphModel | null;
  readonly graphPanel: WholeGraph | null;
  tab: Tab;
  /** Brings a thing into the middle of the picture. */
  reveal(key: SelectionKey): Promise<void>;
  /** Called after another thing was selected. */
  selectionChanged(): void;
}

/** What the reader has selected, found, followed and marked, and what the page says about it. */
export class Reading implements ActionPage {
  selected: SelectionKey | null = null;
  found: readonly SelectionKey[] = [];
  trace: Trace | null = null;
  /** Where a path begins whose end the reader is to select. */
  pathFrom: SelectionKey | null = null;
  bookmarks: readonly SelectionKey[] = [];
  /** What screen readers say. */
  announcement = '';
  /** What went wrong, for everyone; '' for nothing. */
  notice = '';
  readonly #host: ReadingHost;
  #history = new SelectionHistory();

  constructor(host: ReadingHost) {
    this.#host = host;
  }

  get graphModel(): GraphModel | null {
    return this.#host.graphModel;
  }

  get graphPanel(): WholeGraph | null {
    return this.#host.graphPanel;
  }

  get canGoBack(): boolean {
    return this.#history.canGoBack;
  }

  get canGoForward(): boolean {
    return this.#history.canGoForward;
  }

  /** Begins on a model; `place` is where the reader was in it. */
  begin(model: GraphModel, { selected = null, bookmarks = [] }: Partial<Saved>): void {
    this.#history = new SelectionHistory();
    this.notice = '';
    this.found = [];
    this.trace = null;
    this.pathFrom = null;
    this.bookmarks = bookmarks.filter((key) => model.has(key));
    this.#select(selected !== null && model.has(selected) ? selected : null);
  }

  say(sentence: string): void {
    this.announcement = sentence;
    this.#host.requestUpdate();
  }

  fail(error: unknown): void {
    this.notice = messageOf(error);
    this.#host.requestUpdate();
  }

  mark(keys: readonly SelectionKey[]): void {
    this.found = keys;
    this.#host.requestUpdate();
  }

  #select(key: SelectionKey | null): void {
    this.#host.requestUpdate();
    if (this.selected === key) return;
    this.selected = key;
    if (key !== null) this.#history.visit(key);
    this.#host.selectionChanged();
  }

  /**
   * Selects what was pressed, or ends the path that begins elsewhere. Things that are not in the model select nothing.
   */
  async choose(key: SelectionKey | null, { reveal }: { reveal: boolean }): Promise<void> {
    const model = this.graphModel;
    const start = this.pathFrom;
    if (start !== null && key !== null && key !== start) return this.#endPath(start, key);
    const chosen = key !== null && model?.has(key) ? key : null;
    this.#select(chosen);
    this.say(chosen && model ? `Selected ${model.nameOf(chosen)}${outputText(model, chosen)}` : 'Nothing selected');
    await this.#host.updateComplete;
    if (chosen && (reveal || this.#host.tab === 'layers')) await this.#host.reveal(chosen);
  }

  /** Selects a thing that something else than the picture has led to. */
  async goTo(key: SelectionKey): Promise<void> {
    this.#select(key);
    this.say(`Selected ${this.graphModel?.nameOf(key) ?? ''}`);
    await this.#host.updateComplete;
    if (this.#host.tab === 'graph') await this.#host.reveal(key);
  }

  async showNamed(name: string): Promise<void> {
    const key = this.graphModel?.named(name) ?? null;
    if (key === null) return this.fail(`The model holds nothing named ${name}.`);
    this.#host.tab = 'graph';
    this.notice = '';
    await this.goTo(key);
  }

  async showAll(keys: readonly SelectionKey[], sentence: string): Promise<void> {
    const [first] = keys;
    if (first === undefined) return;
    this.found = keys.length > 1 ? keys : [];
    this.#select(first);
    this.say(sentence);
    await this.#host.updateComplete;
    await this.#host.reveal(first);
  }

  /** Selects what was selected before or after. */
  async travel(step: -1 | 1): Promise<void> {
    const key = this.#history.go(step);
    if (key !== null && this.graphModel?.has(key)) await this.goTo(key);
  }

  async act(action: PageAction, target: Target | null): Promise<void> {
    await actOn(this, action, target);
  }

  follow(trace: Trace, sentence: string): void {
    this.trace = trace;
    this.#host.tab = 'graph';
    this.say(sentence);
  }

  endTrace(): void {
    this.trace = null;
    this.say('Trace ended');
  }

  toggleBookmark(key: SelectionKey): void {
    const before = this.bookmarks;
    this.bookmarks = toggled(before, key);
    this.say(this.bookmarks.length > before.length ? 'Bookmark set' : 'Bookmark removed');
  }

  /** The next layer that is selected is the end of a path from here; the same again gives that up. */
  askForPath(): void {
    this.pathFrom = this.pathFrom === null ? this.selected : null;
    this.say(this.pathFrom === null ? 'No path' : 'Select the layer at the other end of the path');
  }

  /** What is selected stays, and the path to what was meant stands out. */
  async #endPath(start: SelectionKey, end: SelectionKey): Promise<void> {
    this.pathFrom = null;
    this.#select(start);
    await this.act('pathFromSelected', end);
  }
}

function outputText(model: GraphModel, key: SelectionKey): string {
  const shape = shapeText(model.flat.items[model.itemOf(key) ?? -1]?.node?.outputs[0]?.dims ?? null);
  return shape ? `, output ${shape}` : '';
}
