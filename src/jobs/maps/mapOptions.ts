import {
  composeMaps,
  forPictures,
  mapFromJson,
  normalize,
  presetMap,
  type ChannelMap,
  type Normalisation,
} from '../../adapt/maps/channelMap.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import { parseJsonValue } from '../../bytes/json/jsonValue.ts';
import { readTextFile } from '../../files/textFile.ts';
import { messageOf } from '../../text/messageOf.ts';

export interface MapOptions {
  /** Names of presets, or paths that end in .json; several are applied to the new pixels from left to right. */
  readonly map?: string | readonly string[] | undefined;
  /** Lists of numbers, separated by commas or spaces; fractions like 1/255 are numbers too. */
  readonly mean?: string | undefined;
  readonly std?: string | undefined;
  readonly scale?: string | undefined;
  /** How many pictures lie in one input, one after the other; each takes the map. */
  readonly groups?: string | undefined;
}

/** What `--map` takes, for a sentence. */
const MAPS = 'gray, bgr, rgb-from-gray, bands:N, drop-alpha, normalize or a .json file';
/** Channels that an image model takes where nothing names another number. */
export const USUAL_CHANNELS = 3;

/**
 * The channel map that a command line names. With mean, std or scale, the normalisation comes behind it, inside the
 * model; or where `normalize` stands.
 */
export async function mapFromOptions(options: MapOptions): Promise<ChannelMap> {
  const names = typeof options.map === 'string' ? [options.map] : (options.map ?? []);
  const [first, ...more] = chainOf(names, givesNumbers(options));
  if (first === undefined) throw refused(`Say which map with --map: ${MAPS}.`);
  const numbers = normalisationOf(options);
  const named = async (name: string, channels: number): Promise<ChannelMap> =>
    name === 'normalize' ? normalize(numbers, channels) : oneMap(name);
  let map = await named(first, channelsOf(numbers));
  for (const name of more) map = composeMaps(await named(name, map.matrix.length), map);
  return options.groups === undefined ? map : forPictures(map, parseNumber(options.groups, 'groups'));
}

function givesNumbers({ mean, std, scale }: MapOptions): boolean {
  return mean !== undefined || std !== undefined || scale !== undefined;
}

/**
 * The numbers of a normalisation as they were typed; 0, 1 and 1 where one is absent. Throws `refused` for what is none.
 */
export function normalisationOf({
  mean = '0',
  std = '1',
  scale = '1',
}: Pick<MapOptions, 'mean' | 'std' | 'scale'>): Normalisation {
  return { mean: parseNumbers(mean, 'mean'), std: parseNumbers(std, 'std'), scale: parseNumber(scale, 'scale') };
}

/** The maps in their order; numbers that no `normalize` among them takes come behind all. */
function chainOf(names: readonly string[], hasNumbers: boolean): readonly string[] {
  const count = names.filter((name) => name === 'normalize').length;
  if (count > 1) throw refused('normalize can stand in a chain of maps once.');
  if (count === 1 && !hasNumbers) throw refused('normalize needs --mean, --std or --scale.');
  return names.length > 0 && hasNumbers && count === 0 ? [...names, 'normalize'] : names;
}

/** As many channels as there are numbers; three where one number stands for all. */
function channelsOf({ mean, std }: Normalisation): number {
  const given = Math.max(mean.length, std.length);
  return given > 1 ? given : USUAL_CHANNELS;
}

async function oneMap(name: string): Promise<ChannelMap> {
  const map = /\.json$/i.test(name) ? await mapFromFile(name) : presetMap(name, USUAL_CHANNELS);
  if (!map) throw refused(`There is no map \`${name}\`; use ${MAPS}.`);
  return map;
}

/** A list of numbers as a person types it. Throws `refused` for an empty one, and for what is no number. */
export function parseNumbers(text: string, what: string): number[] {
  const values = numbersIn(text);
  if (!values.length || !values.every(Number.isFinite))
    throw refused(`${what} must be numbers separated by commas, but is \`${text}\`.`);
  return values;
}

/** The numbers of a list; NaN for what is none. */
function numbersIn(text: string): number[] {
  // Between two commas a number is missing: leaving it out would move those behind it to other channels.
  const parts = text
    .replace(/[[\]]/g, ' ')
    .trim()
    .replace(/,$/, '')
    .split(/\s*,\s*|\s+/);
  return parts.map((part) => {
    const [top, bottom, ...more] = part.split('/');
    return more.length || top === '' || bottom === '' ? NaN : Number(top) / (bottom === undefined ? 1 : Number(bottom));
  });
}

/** Throws `refused` unless the text is exactly one number. */
export function parseNumber(text: string, what: string): number {
  const [value, ...more] = numbersIn(text);
  if (value === undefined || more.length || !Number.isFinite(value))
    throw refused(`${what} must be one number, but is \`${text}\`.`);
  return value;
}

/** A matrix of 1,000 channels by 1,000 takes less. */
const MAX_MAP_BYTES = 32 * 1024 * 1024;

/**
 * The map in a JSON file `{"matrix": M, "shift": b}`. Throws `io` where it can't be read, `refused` with what is wrong.
 */
export async function mapFromFile(path: string): Promise<ChannelMap> {
  const text = await readTextFile(path, { what: 'map file', limit: MAX_MAP_BYTES });
  const value = jsonOf(text, path);
  const map = mapFromJson(value, 'matrix');
  // A misspelt shift that is passed over would make another function of the model.
  const stranger = Object.keys(value as object).find((key) => key !== 'matrix' && key !== 'shift');
  if (stranger !== undefined)
    throw refused(`The map file ${path} has "${stranger}", but a map has only "matrix" and "shift".`);
  return map;
}

function jsonOf(text: string, path: string): unknown {
  try {
    return parseJsonValue(text, { maxLength: MAX_MAP_BYTES });
  } catch (error) {
    throw refused(`The map file ${path} can't be used: ${messageOf(error)}.`);
  }
}

function refused(message: string): ChannelwiseError {
  return new ChannelwiseError('refused', 'map', message);
}
