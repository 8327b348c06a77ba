import type { GraphAction, PageAction, ThingAction } from '../../../src/protocol/actions.ts';
import { countOf, countText } from '../../../src/text/numbers.ts';
import type { GraphModel, SelectionKey } from '../../graph/graphModel.ts';
import { isTarget, neighbours, targetName, traceFrom, weightsOf } from '../../graph/targets.ts';
import type { Target } from '../../graph/targets.ts';
import { shortestPath } from '../../graph/trace.ts';
import type { Direction, Trace } from '../../graph/trace.ts';
import { request } from '../../state/host/host.ts';

/** What is done with all of the graph. */
export interface WholeGraph {
  fit(): void;
  setAllOpen(open: boolean): Promise<void>;
}

const WHOLE: { readonly [A in GraphAction]: (graph: WholeGraph) => Promise<void> | void } = {
  showWholeGraph: (graph) => graph.fit(),
  openAllGroups: (graph) => graph.setAllOpen(true),
  closeAllGroups: (graph) => graph.setAllOpen(false),
};

function isOfWhole(action: PageAction): action is GraphAction {
  return Object.hasOwn(WHOLE, action);
}

/** The page that actions act on. */
export interface ActionPage {
  readonly graphModel: GraphModel | null;
  readonly selected: SelectionKey | null;
  /** The graph as a whole; null where the file has none. */
  readonly graphPanel: WholeGraph | null;
  /** Selects the first of some things, and marks all. */
  showAll(keys: readonly SelectionKey[], sentence: string): Promise<void>;
  /** Lets a part of the graph stand out. */
  follow(trace: Trace, sentence: string): void;
  toggleBookmark(key: SelectionKey): void;
  say(sentence: string): void;
  fail(error: unknown): void;
}

interface Action {
  readonly page: ActionPage;
  readonly model: GraphModel;
  readonly target: Target;
}

const ACTIONS: { readonly [A in ThingAction]: (action: Action) => Promise<void> | void } = {
  copyName: async ({ page, model, target }) => {
    const name = targetName(model, target);
    if (name === '') return page.say('This layer has no name');
    await request('copyText', { text: name });
    page.say('Copied the name');
  },
  copyLink: async ({ page, model, target }) => {
    const node = model.linkName(target);
    if (node === '') return page.say('No link can name this');
    await request('copyLink', { node });
    page.say('Copied a link to this layer');
  },
  saveWeights: async ({ page, model, target }) => {
    const weights = weightsOf(model, target);
    if (weights.length === 0) return page.say('This layer has no weights to save');
    const saved = await saveEach(weights);
    page.say(saved.length === 0 ? 'Nothing was saved' : `Saved ${saved.join(', ')}`);
  },
  selectInputs: (action) => select(action, 'inputs'),
  selectOutputs: (action) => select(action, 'outputs'),
  traceToInputs: (action) => trace(action, 'inputs'),
  traceToOutputs: (action) => trace(action, 'outputs'),
  pathFromSelected: ({ page, model, target }) => {
    const [start, end] = [model.itemOf(page.selected), model.itemOf(target)];
    if (start === undefined || end === undefined || start === end) return page.say('Select another layer first');
    const path = shortestPath(model.flat, start, end);
    if (!path) return page.say('No path leads from one of these layers to the other');
    page.follow(path, `Shortest path: ${countOf(path.items.size - 2, 'layer')} in between`);
  },
  toggleBookmark: ({ page, target, model }) => {
    if (model.has(target)) page.toggleBookmark(target);
  },
};

/** Acts on a thing, on what is selected, or on the whole graph; what can't be done is said. */
export async function actOn(page: ActionPage, action: PageAction, target: Target | null): Promise<void> {
  if (isOfWhole(action)) {
    if (page.graphPanel) await WHOLE[action](page.graphPanel);
    return;
  }
  const model = page.graphModel;
  const thing = target ?? page.selected;
  if (!model || thing === null || !isTarget(model, thing)) return page.say('Select a layer first');
  try {
    await ACTIONS[action]({ page, model, target: thing });
  } catch (error) {
    page.fail(error);
  }
}

/** Asks where to save one weight after the other; leaving one dialog leaves the rest. */
async function saveEach(weights: readonly string[]): Promise<string[]> {
  const saved: string[] = [];
  for (const tensor of weights) {
    const { name } = await request('saveTensor', { tensor, format: 'npy' });
    if (name === null) break;
    saved.push(name);
  }
  return saved;
}

async function select({ page, model, target }: Action, direction: Direction): Promise<void> {
  const keys = neighbours(model, target, direction);
  const feeds = direction === 'inputs' ? 'feeds this' : 'is fed by this';
  if (keys.length === 0) return page.say(`Nothing ${feeds}`);
  const names = keys.map((key) => model.nameOf(key));
  await page.showAll(keys, `Selected ${names[0]}${keys.length > 1 ? `, the first of ${countText(keys.length)}` : ''}`);
}

function trace({ page, model, target }: Action, direction: Direction): void {
  const found = traceFrom(model, target, direction);
  page.follow(found, `${countOf(found.between, 'layer')} between here and the ${direction}`);
}
