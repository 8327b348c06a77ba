import { asBinding } from '../../src/protocol/sizes.ts';
import type { PageBinding } from '../../src/protocol/sizes.ts';
import type { PlacedView } from '../draw/camera.ts';
import type { HeatSource } from '../graph/heat.ts';
import { asHeatSource } from './keptHeat.ts';
import type { TableState } from './tableState.ts';
import { asTab } from './tabs.ts';
import type { Tab } from './tabs.ts';

/**
 * What the page keeps for when its tab comes back. Plain data, checked when read: an older version may have written it.
 */
export interface Saved {
  file: string;
  nodes: number;
  tab: Tab;
  selected: string | null;
  open: string[];
  view: PlacedView | null;
  query: string;
  table: TableState;
  /** Numbers given for names of sizes. */
  bind: PageBinding;
  /** Width of the side panel in pixels, whether it is hidden, and which of its sections are folded. */
  panel: { width: number; hidden: boolean };
  folds: string[];
  /** Things the reader wants to find again. */
  bookmarks: string[];
  /** What the graph is coloured by in place of operators. */
  heat: HeatSource | null;
}

/** What of a kept value can be used; each part by itself, so that one that is damaged costs no other. */
export function asSaved(value: unknown): Partial<Saved> {
  if (typeof value !== 'object' || value === null) return {};
  const v = value as Record<string, unknown>;
  const saved: Partial<Saved> = {};
  if (typeof v.file === 'string') saved.file = v.file;
  if (typeof v.nodes === 'number') saved.nodes = v.nodes;
  const tab = asTab(v.tab);
  if (tab) saved.tab = tab;
  if (typeof v.selected === 'string') saved.selected = v.selected;
  if (typeof v.query === 'string') saved.query = v.query;
  const bind = asBinding(v.bind);
  if (bind) saved.bind = bind;
  const view = asView(v.view);
  if (view) saved.view = view;
  const panel = asPanel(v.panel);
  if (panel) saved.panel = panel;
  for (const list of ['open', 'folds', 'bookmarks'] as const) {
    const texts = v[list];
    if (isTexts(texts)) saved[list] = texts;
  }
  const heat = asHeatSource(v.heat);
  if (heat) saved.heat = heat;
  const table = asTable(v.table);
  if (table) saved.table = table;
  return saved;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

function asTable(value: unknown): Saved['table'] | null {
  if (typeof value !== 'object' || value === null) return null;
  const { sort, down, filter, columns = null, widths = {} } = value as Record<string, unknown>;
  if (typeof sort !== 'string' || typeof down !== 'boolean' || typeof filter !== 'string') return null;
  return { sort, down, filter, columns: isTexts(columns) ? columns : null, widths: asNumbers(widths) };
}

function asNumbers(value: unknown): Record<string, number> {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(entries.filter(([, number]) => typeof number === 'number' && Number.isFinite(number)));
}

function asPanel(value: unknown): Saved['panel'] | null {
  if (typeof value !== 'object' || value === null) return null;
  const { width, hidden } = value as Record<string, unknown>;
  return typeof width === 'number' && Number.isFinite(width) && typeof hidden === 'boolean' ? { width, hidden } : null;
}

function asView(value: unknown): PlacedView | null {
  if (typeof value !== 'object' || value === null) return null;
  const { x, y, scale, width, height } = value as Record<keyof PlacedView, unknown>;
  const areNumbers = [x, y, scale, width, height].every((n) => typeof n === 'number' && Number.isFinite(n));
  if (!areNumbers || [scale, width, height].some((n) => (n as number) <= 0)) return null;
  return { x, y, scale, width, height } as PlacedView;
}
