import { fieldsOf } from '../../../src/protocol/checked.ts';
import { asBinding } from '../../../src/protocol/sizes.ts';
import type { PageBinding } from '../../../src/protocol/sizes.ts';
import type { PlacedView } from '../../draw/camera.ts';
import type { HeatSource } from '../../graph/heat.ts';
import { asHeatSource } from './keptHeat.ts';
import type { TableState } from './tableState.ts';
import { asTab } from '../tabs.ts';
import type { Tab } from '../tabs.ts';

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
  const kept = fieldsOf(value);
  const saved: Partial<Saved> = {};
  if (typeof kept.file === 'string') saved.file = kept.file;
  if (typeof kept.nodes === 'number') saved.nodes = kept.nodes;
  const tab = asTab(kept.tab);
  if (tab) saved.tab = tab;
  if (typeof kept.selected === 'string') saved.selected = kept.selected;
  if (typeof kept.query === 'string') saved.query = kept.query;
  const bind = asBinding(kept.bind);
  if (bind) saved.bind = bind;
  const view = asView(kept.view);
  if (view) saved.view = view;
  const panel = asPanel(kept.panel);
  if (panel) saved.panel = panel;
  for (const list of ['open', 'folds', 'bookmarks'] as const) {
    const texts = kept[list];
    if (isTexts(texts)) saved[list] = texts;
  }
  const heat = asHeatSource(kept.heat);
  if (heat) saved.heat = heat;
  const table = asTable(kept.table);
  if (table) saved.table = table;
  return saved;
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isPositive(value: unknown): value is number {
  return isFiniteNumber(value) && value > 0;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

function asTable(value: unknown): Saved['table'] | null {
  const { sort, down, filter, columns, widths } = fieldsOf(value);
  if (typeof sort !== 'string' || typeof down !== 'boolean' || typeof filter !== 'string') return null;
  return { sort, down, filter, columns: isTexts(columns) ? columns : null, widths: asNumbers(widths) };
}

function asNumbers(value: unknown): Record<string, number> {
  const widths: Record<string, number> = {};
  for (const [name, width] of Object.entries(fieldsOf(value))) if (isFiniteNumber(width)) widths[name] = width;
  return widths;
}

function asPanel(value: unknown): Saved['panel'] | null {
  const { width, hidden } = fieldsOf(value);
  return isFiniteNumber(width) && typeof hidden === 'boolean' ? { width, hidden } : null;
}

function asView(value: unknown): PlacedView | null {
  const { x, y, scale, width, height } = fieldsOf(value);
  if (!isFiniteNumber(x) || !isFiniteNumber(y)) return null;
  if (!isPositive(scale) || !isPositive(width) || !isPositive(height)) return null;
  return { x, y, scale, width, height };
}
