import { presetMap } from '../../adapt/maps/channelMap.ts';
import type { InputMaps, MappedInput } from './inputMap.ts';
import { matrixText } from './matrixText.ts';

/** Factors and shifts that were written as text and read again are the same to this. */
const SAME = 1e-12;

/**
 * Anybody can write a record, so a map's name may say something else than its numbers. Returns both where they differ,
 * ending a sentence, else null. Only names that Channelwise gives are known.
 */
export function misnamedMap({ steps }: InputMaps): string | null {
  for (const step of steps) {
    const [input] = step.inputs;
    if (!input) continue;
    const map: MappedInput['map'] = { m: input.matrix, b: input.shift };
    if (isAsNamed(step.map.name, map)) continue;
    return `its record calls the map \`${step.map.name}\`, but the matrix is ${matrixText(map)}`;
  }
  return null;
}

function isAsNamed(name: string, map: MappedInput['map']): boolean {
  const preset = presetOf(name, map.m.length);
  if (preset) return nearNumbers([preset.matrix.flat(), preset.shift], [map.m.flat(), map.b]);
  const parts = name.split(' + ');
  const isGray = !parts.includes('gray') || map.m.every((row) => row.length === 1 && row[0] !== 0);
  const isDiagonal =
    name !== 'normalize' || map.m.every((row, r) => row.every((value, c) => (value !== 0) === (r === c)));
  return isGray && isDiagonal;
}

function presetOf(name: string, channels: number): ReturnType<typeof presetMap> {
  try {
    return presetMap(name, channels);
  } catch {
    return null;
  }
}

function nearNumbers(wanted: readonly (readonly number[])[], found: readonly (readonly number[])[]): boolean {
  return wanted.every((list, i) => {
    const other = found[i] ?? [];
    return list.length === other.length && list.every((value, k) => Math.abs(value - (other[k] ?? NaN)) <= SAME);
  });
}
