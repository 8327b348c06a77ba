/**
 * What a reader can do with a thing on the page: through its context menu, a command of VS Code or a button. A new
 * action goes here or below, into webview-ui/components/app/layerActions.ts and into package.json's commands and menus.
 */
const THING_ACTIONS = [
  'copyName',
  'copyLink',
  'saveWeights',
  'selectInputs',
  'selectOutputs',
  'traceToInputs',
  'traceToOutputs',
  'pathFromSelected',
  'toggleBookmark',
] as const;
export type ThingAction = (typeof THING_ACTIONS)[number];

/** What a reader can do with the graph as a whole, where a context menu opens over nothing in it. */
const GRAPH_ACTIONS = ['showWholeGraph', 'openAllGroups', 'closeAllGroups'] as const;
export type GraphAction = (typeof GRAPH_ACTIONS)[number];

export const PAGE_ACTIONS = [...THING_ACTIONS, ...GRAPH_ACTIONS] as const;
export type PageAction = ThingAction | GraphAction;

/**
 * What a context menu is for, as VS Code hands it to the menu's conditions and commands. `target` is the page's own
 * name of the thing: it is checked again when the command comes back.
 */
export interface MenuContext {
  readonly webviewSection: 'layer' | 'value' | 'group' | 'edge' | 'tensor' | 'graph';
  readonly target: string;
  readonly hasWeights: boolean;
  /** Whether a link can name it. */
  readonly hasLink: boolean;
  /** Whether there is another layer selected, from which a path may lead here. */
  readonly hasPath: boolean;
  /** Whether the graph has groups to open and close. */
  readonly hasGroups: boolean;
}

/** The action of that name; null where there is none. */
export function asPageAction(value: unknown): PageAction | null {
  return PAGE_ACTIONS.find((action) => action === value) ?? null;
}
