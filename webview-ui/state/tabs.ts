import type { PageModel } from '../../src/protocol/messages.ts';

/** The page's tabs, in their order: what each is called, and for which models it is there. A new tab goes here and into the panels of components/app.ts. */
interface TabKind {
  readonly label: string;
  has(model: PageModel): boolean;
}

const always = (): boolean => true;
/** Images have rows, columns and channels. */
const takesImages = (model: PageModel): boolean => model.inputs.some((i) => i.dims === null || i.dims.length === 4);

export const TABS = {
  graph: { label: 'Graph', has: always } as TabKind,
  layers: { label: 'Layers', has: always } as TabKind,
  first: { label: 'First layer', has: (model) => model.firstLayers.length > 0 } as TabKind,
  adaptation: { label: 'Adaptation', has: (model) => model.adaptation !== null } as TabKind,
  compare: { label: 'Compare', has: always } as TabKind,
  evaluate: { label: 'Evaluate', has: takesImages } as TabKind,
} as const;

export type Tab = keyof typeof TABS;

export function tabsOf(model: PageModel): Tab[] {
  return (Object.keys(TABS) as Tab[]).filter((tab) => TABS[tab].has(model));
}

export function asTab(value: unknown): Tab | null {
  return typeof value === 'string' && Object.hasOwn(TABS, value) ? (value as Tab) : null;
}
