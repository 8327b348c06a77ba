import type { PageModel } from '../../src/protocol/pageModel.ts';

/**
 * The page's tabs, in their order: what each is called, and for which models it is there. A new tab goes here and into
 * `TAB_PANELS` in components/app/tabPanels.ts.
 */
interface TabKind {
  readonly label: string;
  /** The panel beside it says more about what is selected. */
  readonly details: boolean;
  has(model: PageModel): boolean;
}

const withGraph = ({ hasGraph }: PageModel): boolean => hasGraph;
/** Whether some input may hold images. */
const takesImages = (model: PageModel): boolean => model.imageInputs.length > 0;
/** Weights alone can't be run. */
const runsOnImages = (model: PageModel): boolean => model.hasGraph && takesImages(model);

/** Whether all image inputs have one channel already: there is nothing left to make gray. */
export function takesOneChannel({ imageInputs }: PageModel): boolean {
  return imageInputs.length > 0 && imageInputs.every(({ channels }) => channels[0] === 1);
}

/** Whether Convert to Grayscale applies. */
export function canBecomeGray(model: PageModel): boolean {
  return takesImages(model) && !takesOneChannel(model);
}

export const TABS = {
  graph: { label: 'Graph', details: true, has: withGraph } as TabKind,
  tensors: { label: 'Tensors', details: true, has: ({ tensors }) => tensors !== null } as TabKind,
  layers: { label: 'Layers', details: true, has: withGraph } as TabKind,
  inputLayers: { label: 'Input layers', details: false, has: (model) => model.inputLayers.length > 0 } as TabKind,
  adaptation: { label: 'Adaptation', details: false, has: (model) => model.adaptation !== null } as TabKind,
  compare: { label: 'Compare', details: false, has: () => true } as TabKind,
  evaluate: { label: 'Evaluate', details: false, has: runsOnImages } as TabKind,
} as const;

export type Tab = keyof typeof TABS;

/** The tabs that a model has, in their order. */
export function tabsOf(model: PageModel): Tab[] {
  return (Object.keys(TABS) as Tab[]).filter((tab) => TABS[tab].has(model));
}

/** The tab of that name; null where there is none. */
export function asTab(value: unknown): Tab | null {
  return typeof value === 'string' && Object.hasOwn(TABS, value) ? (value as Tab) : null;
}
