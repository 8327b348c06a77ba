/**
 * What a reader can do with a thing on the page: through its context menu, a command of VS Code or a button. A new
 * action goes here, into ACTIONS of webview-ui/components/app/layerActions.ts and into package.json's commands and
 * menus.
 */
export const PAGE_ACTIONS = [
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
export type PageAction = (typeof PAGE_ACTIONS)[number];

/**
 * What a context menu is for, as VS Code hands it to the menu's conditions and commands. `target` is the page's own
 * name of the thing: it is checked again when the command comes back.
 */
export interface MenuContext {
  readonly webviewSection: 'layer' | 'value' | 'group' | 'edge' | 'tensor';
  readonly target: string;
  readonly hasWeights: boolean;
  /** Whether a link can name it. */
  readonly hasLink: boolean;
  /** Whether there is another layer selected, from which a path may lead here. */
  readonly hasPath: boolean;
}

export function asPageAction(value: unknown): PageAction | null {
  return PAGE_ACTIONS.find((action) => action === value) ?? null;
}
