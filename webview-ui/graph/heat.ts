import { countText, numberText, percentText, shortCount } from '../../src/text/numbers.ts';
import { bytesText, nodeLabel } from '../text/format.ts';
import type { GraphModel, SelectionKey } from './graphModel.ts';
import { nodeParameters } from './graphModel.ts';
import type { Scene } from './scene.ts';
import type { LayerNumbers } from './tables/layerNumbers.ts';

export type CostHeat = 'params' | 'macs' | 'memory';

/** What the numbers of a heat map are taken from: the model itself, or numbers that were read or measured. */
export type HeatSource = CostHeat | LayerNumbers;

/** A number for each layer, by which the picture is coloured. */
export interface Heat {
  readonly source: HeatSource;
  readonly title: string;
  /** By item; NaN where nothing is known. */
  readonly values: Float64Array;
  /** What a group of layers has: their sum, or, where numbers don't add up, the greatest of them. */
  readonly together: 'sum' | 'greatest';
  /** How the numbers came about; empty where there is nothing to say. */
  readonly note: string;
  text(value: number): string;
}

/** A layer among those with the greatest numbers. */
export interface Heaviest {
  readonly key: SelectionKey;
  readonly name: string;
  readonly value: number;
  /** Of the sum of all layers, 0 to 1. */
  readonly share: number;
}

export const COST_HEATS: Readonly<Record<CostHeat, { title: string; text(value: number): string }>> = {
  params: { title: 'Parameters', text: (value) => (value < 10_000 ? countText(value) : shortCount(value)) },
  macs: { title: 'Multiply-adds', text: shortCount },
  memory: { title: 'Activation memory', text: bytesText },
};

/** Heat by what a layer costs, as far as sizes are known. */
export function costHeat(model: GraphModel, by: CostHeat): Heat {
  const values = itemValues(model, (item) => {
    const node = model.flat.items[item]!.node;
    if (!node) return NaN;
    if (by === 'params') return nodeParameters(node);
    return node.cost?.[by] ?? NaN;
  });
  return { ...COST_HEATS[by], source: by, together: 'sum', note: '', values };
}

const NUMBER_TEXTS: Readonly<Record<NonNullable<LayerNumbers['unit']>, (value: number) => string>> = {
  microseconds: (value) => (value < 1000 ? `${numberText(value)} µs` : `${numberText(value / 1000)} ms`),
  part: percentText,
};

/** Heat by numbers from a file or a measurement, for layers by their names or by the tensors they make. */
function numbersHeat(model: GraphModel, source: LayerNumbers): Heat {
  const { title, numbers, unit, note = '' } = source;
  const values = itemValues(model, (item) => {
    const node = model.flat.items[item]!.node;
    if (!node) return NaN;
    return numbers.get(node.name) ?? firstKnown(node.outputs, numbers);
  });
  const text = unit ? NUMBER_TEXTS[unit] : numberText;
  return { source, title, values, together: unit === 'part' ? 'greatest' : 'sum', note, text };
}

function firstKnown(outputs: readonly { name: string }[], numbers: ReadonlyMap<string, number>): number {
  for (const { name } of outputs) {
    const value = numbers.get(name);
    if (value !== undefined) return value;
  }
  return NaN;
}

/** The heat map of a model from what it was taken from before; null where that names no layer of the model. */
export function heatFrom(model: GraphModel, source: HeatSource): Heat | null {
  if (typeof source === 'string') return costHeat(model, source);
  const heat = numbersHeat(model, source);
  return heat.values.every(Number.isNaN) ? null : heat;
}

/** What owns shown graphs counts what lies inside it, so it has no number of its own. */
function itemValues({ flat, page }: GraphModel, valueOf: (item: number) => number): Float64Array {
  const owners = new Set(page.inner?.graphs.map(({ owner }) => owner));
  return Float64Array.from(flat.items, ({ node }, item) => (node && owners.has(node.id) ? NaN : valueOf(item)));
}

/** How many layers have a number. */
export function knownCount({ values }: Heat): number {
  return values.reduce((count, value) => count + (Number.isNaN(value) ? 0 : 1), 0);
}

/** The layers with the greatest numbers, first ones first. */
export function heaviest(model: GraphModel, { values }: Heat, most: number): Heaviest[] {
  const items = Array.from(values.keys()).filter((item) => values[item]! > 0);
  const total = items.reduce((sum, item) => sum + values[item]!, 0);
  items.sort((a, b) => values[b]! - values[a]! || a - b);
  return items.slice(0, most).map((item) => {
    const key = model.keyOf(item);
    const value = values[item]!;
    const { node } = model.flat.items[item]!;
    return { key, name: node ? nodeLabel(node) : '', value, share: value / total };
  });
}

/** The number at which the colours begin: sums begin at nothing, what does not add up at the least there is. */
export function leastOf({ values, together }: Heat): number {
  if (together === 'sum') return 0;
  const least = values.reduce((least, value) => (value < least ? value : least), Infinity);
  return Number.isFinite(least) ? least : 0;
}

/**
 * Where a number stands between the least and the greatest, 0 to 1. The square root spreads small sums: costs of layers
 * differ by orders of magnitude.
 */
export function heatShare(heat: Heat, value: number, greatest: number): number {
  const least = leastOf(heat);
  if (!(greatest > least)) return 0;
  const share = Math.max(0, value - least) / (greatest - least);
  return heat.together === 'sum' ? Math.sqrt(share) : share;
}

/**
 * The share of each box in the picture, 0 to 1, or null where nothing is known. A closed group has the sum of its
 * layers, or the greatest of them.
 */
export function heatShares(scene: Scene, heat: Heat): (b: number) => number | null {
  const { geometry, model } = scene;
  const groups = groupValues(model, heat);
  const valueOf = (b: number): number => {
    const ref = geometry.box[b]!;
    return ref < 0 ? groups[-1 - ref]! : heat.values[ref]!;
  };
  let greatest = 0;
  for (let b = 0; b < geometry.box.length; b++) if (!geometry.open[b] && valueOf(b) > greatest) greatest = valueOf(b);
  return (b) => {
    const value = valueOf(b);
    return Number.isNaN(value) ? null : heatShare(heat, value, greatest);
  };
}

/** What lies in each group at any depth comes to; NaN where nothing there is known. */
function groupValues({ hierarchy }: GraphModel, { values, together }: Heat): Float64Array {
  const { groups, groupOf } = hierarchy;
  const found = new Float64Array(groups.length).fill(NaN);
  const add = (group: number, value: number): void => {
    const before = found[group]!;
    if (Number.isNaN(value)) return;
    if (Number.isNaN(before)) found[group] = value;
    else found[group] = together === 'sum' ? before + value : Math.max(before, value);
  };
  values.forEach((value, item) => add(groupOf[item]!, value));
  for (let group = groups.length - 1; group > 0; group--) add(groups[group]!.parent, found[group]!);
  return found;
}
