import { bytesText, countText, numberText, shortCount } from '../text/format.ts';
import type { GraphModel, SelectionKey } from './graphModel.ts';
import { nodeParameters } from './graphModel.ts';
import type { Scene } from './scene.ts';

/** A number for each layer, by which the picture is coloured. */
export interface Heat {
  readonly title: string;
  /** By item; NaN where nothing is known. */
  readonly values: Float64Array;
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

export type CostHeat = 'params' | 'macs' | 'memory';

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
  return { ...COST_HEATS[by], values };
}

/** Heat by numbers from a file, for layers by their names or by the tensors they make. */
export function numbersHeat(model: GraphModel, title: string, numbers: ReadonlyMap<string, number>): Heat {
  const values = itemValues(model, (item) => {
    const node = model.flat.items[item]!.node;
    if (!node) return NaN;
    return numbers.get(node.name) ?? firstKnown(node.outputs, numbers);
  });
  return { title, values, text: numberText };
}

function firstKnown(outputs: readonly { name: string }[], numbers: ReadonlyMap<string, number>): number {
  for (const { name } of outputs) {
    const value = numbers.get(name);
    if (value !== undefined) return value;
  }
  return NaN;
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
    return { key, name: model.nameOf(key), value, share: value / total };
  });
}

/**
 * The share of each box of the greatest box in the picture, 0 to 1, or null where nothing is known. A closed group has
 * the sum of its layers. The square root spreads the small ones: costs of layers differ by orders of magnitude.
 */
export function heatShares(scene: Scene, { values }: Heat): (b: number) => number | null {
  const { geometry: geometry, model } = scene;
  const sums = groupSums(model, values);
  const valueOf = (b: number): number => {
    const ref = geometry.box[b]!;
    return ref < 0 ? sums[-1 - ref]! : values[ref]!;
  };
  let greatest = 0;
  for (let b = 0; b < geometry.box.length; b++) if (!geometry.open[b] && valueOf(b) > greatest) greatest = valueOf(b);
  return (b) => {
    const value = valueOf(b);
    if (Number.isNaN(value)) return null;
    return greatest > 0 ? Math.sqrt(Math.max(0, value) / greatest) : 0;
  };
}

/** Sums over what lies in each group at any depth; NaN where nothing there is known. */
function groupSums({ hierarchy }: GraphModel, values: Float64Array): Float64Array {
  const { groups, groupOf } = hierarchy;
  const sums = new Float64Array(groups.length).fill(NaN);
  const add = (group: number, value: number): void => {
    if (!Number.isNaN(value)) sums[group] = (Number.isNaN(sums[group]!) ? 0 : sums[group]!) + value;
  };
  values.forEach((value, item) => add(groupOf[item]!, value));
  for (let group = groups.length - 1; group > 0; group--) add(groups[group]!.parent, sums[group]!);
  return sums;
}
