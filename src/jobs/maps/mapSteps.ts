import {
  composeMaps,
  forPictures,
  mapFromJson,
  normalize,
  presetMap,
  type ChannelMap,
} from '../../adapt/maps/channelMap.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import { countOf, numberText } from '../../text/numbers.ts';
import { mapFromFile, normalisationOf, parseNumbers, USUAL_CHANNELS } from './mapOptions.ts';

/** One choice of a person who composes a map, as plain data. Numbers are as they were typed. */
export type MapStep =
  | { readonly kind: 'preset'; readonly name: string }
  /** A preset for each of several RGB pictures that lie in one input, one after the other. */
  | { readonly kind: 'pictures'; readonly name: string }
  | { readonly kind: 'normalize'; readonly mean: string; readonly std: string; readonly scale: string }
  | { readonly kind: 'matrix'; readonly matrix: string; readonly shift: string }
  | { readonly kind: 'file'; readonly path: string };

/**
 * The map that the steps make, for a model of `channels` input channels (null where the file leaves that open): the
 * first step's rows are the model's channels, each further step stands in front of those before it, so the last one
 * meets the new pixels. Throws `refused` with the sentence to show.
 */
export async function mapFromSteps(steps: readonly MapStep[], channels: number | null): Promise<ChannelMap> {
  let all: ChannelMap | null = null;
  for (const step of steps) {
    const next = await mapOfStep(step, all?.matrix[0]?.length ?? channels);
    all = all ? composeMaps(all, next) : next;
  }
  if (!all) throw new ChannelwiseError('refused', 'map', 'Choose a map first.');
  return all;
}

async function mapOfStep(step: MapStep, channels: number | null): Promise<ChannelMap> {
  switch (step.kind) {
    case 'preset':
      return known(presetMap(step.name, channels ?? USUAL_CHANNELS), step.name);
    case 'pictures':
      return picturesMap(step.name, channels ?? USUAL_CHANNELS);
    case 'normalize':
      return normalize(normalisationOf(step), channels ?? USUAL_CHANNELS);
    case 'matrix':
      return matrixMap(step.matrix, step.shift, channels);
    case 'file':
      return mapFromFile(step.path);
  }
}

function picturesMap(name: string, channels: number): ChannelMap {
  const pictures = channels / USUAL_CHANNELS;
  if (!Number.isInteger(pictures))
    throw new ChannelwiseError('refused', 'map', `${channels} channels are no whole number of RGB pictures.`);
  return forPictures(known(presetMap(name, USUAL_CHANNELS), name), pictures);
}

function known(map: ChannelMap | null, name: string): ChannelMap {
  if (!map) throw new ChannelwiseError('refused', 'map', `There is no map \`${name}\`.`);
  return map;
}

/**
 * A typed matrix: rows between `;`, line breaks or brackets, one row per model channel. Numbers without any such mark
 * are dealt out evenly to the rows, as a pasted table loses its line breaks. The shift is empty, one number per row, or
 * one for all. Where the model's channel count is unknown (null), any number of rows will do.
 */
export function matrixMap(matrix: string, shift: string, channels: number | null): ChannelMap {
  const marked = matrix.replace(/\]\s*,?\s*\[/g, ';').replace(/[[\]]/g, ' ');
  let rows = marked
    .split(/[;\n\r]+/)
    .filter((row) => row.trim())
    .map((row) => parseNumbers(row, 'matrix'));
  const flat = rows[0] ?? [];
  if (rows.length === 1 && channels !== null && channels > 1 && flat.length % channels === 0) {
    const width = flat.length / channels;
    rows = Array.from({ length: channels }, (_, r) => flat.slice(r * width, (r + 1) * width));
  }
  if (channels !== null && rows.length !== channels)
    throw new ChannelwiseError(
      'refused',
      'map',
      `The matrix needs ${countOf(channels, 'row')}, one per channel of the model, separated by ` +
        `";", but has ${rows.length}.`,
    );
  const numbers = shift.trim() ? parseNumbers(shift, 'shift') : [0];
  return mapFromJson({ matrix: rows, shift: numbers.length === 1 ? rows.map(() => numbers[0]) : numbers }, 'matrix');
}

/** More terms than these say nothing in one line. */
const MAX_TERMS = 4;

/**
 * What a map does, in one line: `old₁ = 0.3·new₁ + 0.6·new₂ …`, with the lines of several channels after each other.
 */
export function mapWords(map: ChannelMap): string {
  const width = map.matrix[0]?.length ?? 0;
  const rows = map.matrix
    .slice(0, MAX_TERMS)
    .map((row, c) => `old${subscript(c)} = ${formula(row, map.shift[c] ?? 0)}`);
  return (
    `${width} → ${countOf(map.matrix.length, 'channel')}: ` +
    `${rows.join(', ')}${map.matrix.length > MAX_TERMS ? ', …' : ''}`
  );
}

function formula(row: readonly number[], shift: number): string {
  const terms = row.flatMap((value, k) =>
    value === 0 ? [] : [`${value === 1 ? '' : `${numberText(value)}·`}new${subscript(k)}`],
  );
  const shown = terms.length > MAX_TERMS ? [...terms.slice(0, MAX_TERMS), '…'] : terms;
  if (shift !== 0 || !shown.length) shown.push(numberText(shift));
  return shown.join(' + ').replace(/\+ -/g, '− ');
}

function subscript(i: number): string {
  return [...String(i + 1)].map((dim) => '₀₁₂₃₄₅₆₇₈₉'[Number(dim)]).join('');
}
