import { fieldsOf } from '../../../src/protocol/checked.ts';
import { COST_HEATS } from '../../graph/heat.ts';
import type { CostHeat, HeatSource } from '../../graph/heat.ts';
import type { LayerNumbers } from '../../graph/tables/layerNumbers.ts';

/** What the graph is coloured by, as plain data: a cost by its name, or numbers with the names of their layers. */
export type KeptHeat = CostHeat | KeptNumbers;

interface KeptNumbers extends Omit<LayerNumbers, 'numbers'> {
  readonly numbers: readonly (readonly [string, number])[];
}

/** The page's state is written anew whenever its reader moves; more numbers than these would be felt. */
const MOST_NUMBERS = 20_000;

/** Null where there is nothing to keep, or too much. */
export function keptHeat(source: HeatSource | null): KeptHeat | null {
  if (source === null || typeof source === 'string') return source;
  return source.numbers.size > MOST_NUMBERS ? null : { ...source, numbers: [...source.numbers] };
}

/** What was kept, checked; null for anything else. */
export function asHeatSource(value: unknown): HeatSource | null {
  if (typeof value === 'string') return Object.hasOwn(COST_HEATS, value) ? (value as CostHeat) : null;
  const { title, numbers, unit, note } = fieldsOf(value);
  if (typeof title !== 'string' || !Array.isArray(numbers) || !numbers.every(isNumberOfLayer)) return null;
  return {
    title,
    numbers: new Map(numbers),
    ...(unit === 'microseconds' || unit === 'part' ? { unit } : {}),
    ...(typeof note === 'string' ? { note } : {}),
  };
}

function isNumberOfLayer(entry: unknown): entry is [string, number] {
  return Array.isArray(entry) && entry.length === 2 && typeof entry[0] === 'string' && Number.isFinite(entry[1]);
}
