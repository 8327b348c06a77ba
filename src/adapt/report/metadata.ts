import { removeMessage, replaceField, type Edit } from '../../formats/onnx/edit/edit.ts';
import { RECORD_KEY } from '../../formats/format.ts';
import { encodeEntry } from '../../formats/onnx/edit/encode.ts';
import type { MetadataEntry, Model, ValueInfo } from '../../formats/onnx/model.ts';
import { cutText } from '../../text/cutText.ts';
import { isSelection, type Affine } from '../maps/affine.ts';
import { affine, rgbFromGray, type ChannelMap, newChannels } from '../maps/channelMap.ts';
import { MODEL } from '../../formats/onnx/fields.ts';

/** What an adaptation does to the model's metadata: the edits, and sentences about them and about what stays. */
export interface MetadataChange {
  readonly edits: readonly Edit[];
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

/** The new value of an entry; null takes the entry out, because it has no true value any more. */
interface NewValue {
  readonly value: string | null;
  readonly why?: string;
}

interface KnownKey {
  /** Where readers of this key say what it means. */
  readonly source: string;
  matches(entry: MetadataEntry, model: Model): boolean;
  /** The entry's value under the map; null where it stays. */
  change(value: string, map: ChannelMap): NewValue | null;
}

/** Keys and values of these are case-insensitive. */
const ONNX_IMAGE = 'https://github.com/onnx/onnx/blob/main/docs/MetadataProps.md';
const ULTRALYTICS = 'https://github.com/ultralytics/ultralytics/blob/main/ultralytics/engine/exporter.py';

const KNOWN: readonly KnownKey[] = [
  { source: ONNX_IMAGE, matches: named('image.bitmappixelformat'), change: pixelFormat },
  { source: ONNX_IMAGE, matches: named('image.nominalpixelrange'), change: pixelRange },
  { source: ONNX_IMAGE, matches: named('image.colorspacegamma'), change: () => null },
  { source: ULTRALYTICS, matches: isUltralyticsChannels, change: channelCount },
];

/** Names by which an entry may tell of channels. */
const TELLS_OF_CHANNELS = /channel|colou?r|rgb|bgr|gr[ae]y|pixel|normali[sz]|(^|[^a-z])(mean|std)([^a-z]|$)/i;
/** Values that may. */
const NAMES_ORDER = /(^|[^a-z])(rgb|bgr|rgba|bgra)([^a-z]|$)/i;
/** More of a key or value says nothing in a sentence. */
const MAX_SHOWN = 60;
/** A longer value tells of more than channels. */
const MAX_VALUE = 200;

/** The known metadata keys of a model under a map. `adapted` are the inputs that take it. */
export function changeMetadata(model: Model, map: ChannelMap, adapted: ReadonlySet<string>): MetadataChange {
  const edits: Edit[] = [];
  const notes: string[] = [];
  let formatChanges = false;
  for (const entry of model.metadata) {
    // The record of earlier adaptations is ours, and gets one more.
    if (entry.key === RECORD_KEY) continue;
    const known = KNOWN.find((knownKey) => knownKey.matches(entry, model));
    if (!known) {
      if (mayTell(entry)) notes.push(`\`${short(entry.key)}\` may tell of the channels; it stays as it is.`);
      continue;
    }
    const made = known.change(entry.value.trim(), map);
    if (!made || made.value === entry.value) continue;
    if (known.change === pixelFormat) formatChanges = true;
    if (made.value === null) {
      edits.push(removeMessage(entry.ref));
      notes.push(
        `\`${entry.key.trim()}\` (${short(entry.value)}) goes: ${made.why ?? 'no value of it is true any more'}.`,
      );
    } else {
      edits.push(replaceField(entry.ref, MODEL.metadata, encodeEntry(entry.key, made.value)));
      notes.push(`\`${entry.key.trim()}\`: ${short(entry.value)} → ${made.value}.`);
    }
  }
  return { edits, notes, warnings: formatChanges ? otherImages(model, map, adapted) : [] };
}

function short(text: string): string {
  return cutText(text, MAX_SHOWN);
}

function named(key: string): KnownKey['matches'] {
  return (entry) => entry.key.trim().toLowerCase() === key;
}

function mayTell({ key, value }: MetadataEntry): boolean {
  return TELLS_OF_CHANNELS.test(key.slice(0, MAX_VALUE)) || (value.length <= MAX_VALUE && NAMES_ORDER.test(value));
}

/** The channels of each pixel format, in its order. */
const FORMATS: Readonly<Record<string, string>> = {
  Gray8: 'y',
  Rgb8: 'rgb',
  Bgr8: 'bgr',
  Rgba8: 'rgba',
  Bgra8: 'bgra',
};

function pixelFormat(value: string, map: ChannelMap): NewValue | null {
  const old = Object.entries(FORMATS).find(([name]) => name.toLowerCase() === value.toLowerCase())?.[1];
  const columns = newChannels(map);
  if (columns === 1) return { value: 'Gray8' };
  const letters = old?.length === map.matrix.length ? newLetters(old, map) : null;
  const [name, order] = Object.entries(FORMATS).find(([, l]) => l === letters) ?? [];
  if (name === undefined) return { value: null, why: 'the new channels have no pixel format' };
  return order === old ? null : { value: name };
}

/**
 * The letters of the new channels: of the old channel that each goes to, `a` for one that goes nowhere. Null where
 * channels are mixed.
 */
function newLetters(old: string, map: ChannelMap): string | null {
  const columns = newChannels(map);
  if (old === 'y') return JSON.stringify(map.matrix) === JSON.stringify(rgbFromGray().matrix) ? 'rgb' : null;
  const letters = new Array<string>(columns).fill('a');
  for (const [c, row] of map.matrix.entries()) {
    const used = row.flatMap((value, k) => (value === 0 ? [] : [k]));
    const [k = 0] = used;
    if (used.length !== 1 || letters[k] !== 'a') return null;
    letters[k] = old[c] ?? '';
  }
  return letters.join('');
}

/** Smallest and largest pixel that a reader feeds. */
const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  NominalRange_0_255: [0, 255],
  Normalized_0_1: [0, 1],
  Normalized_1_1: [-1, 1],
  NominalRange_16_235: [16, 235],
};
/** Means and deviations are written with a few digits. */
const RANGE_WITHIN = 1e-3;

function pixelRange(value: string, map: ChannelMap): NewValue | null {
  const gone = { value: null, why: 'the model takes pixels of another range, which has no name' };
  if (isSelection(affine(map))) return null;
  const old = Object.entries(RANGES).find(([name]) => name.toLowerCase() === value.toLowerCase())?.[1];
  if (!old) return gone;
  const ends = old.map((end) => valueBefore(affine(map), end));
  const near = (a: number | null | undefined, b: number): boolean =>
    typeof a === 'number' && Math.abs(a - b) <= RANGE_WITHIN * Math.max(1, Math.abs(b));
  const found = Object.entries(RANGES).find(([, [low, high]]) => near(ends[0], low) && near(ends[1], high));
  if (!found) return gone;
  return found[0].toLowerCase() === value.toLowerCase() ? null : { value: found[0] };
}

/** The number that all new channels must have for all old ones to have `value`; null where there is none. */
function valueBefore(map: Affine, value: number): number | null {
  const each = map.m.map((row, c) => (value - (map.b[c] ?? 0)) / row.reduce((sum, v) => sum + v, 0));
  const [first = NaN] = each;
  return each.every((v) => Math.abs(v - first) <= RANGE_WITHIN * Math.max(1, Math.abs(first))) ? first : null;
}

function isUltralyticsChannels(entry: MetadataEntry, model: Model): boolean {
  const from = (key: string): string => model.metadata.find((m) => m.key === key)?.value ?? '';
  return (
    entry.key === 'channels' && (/^ultralytics/i.test(from('author')) || /^ultralytics/i.test(from('description')))
  );
}

function channelCount(value: string, map: ChannelMap): NewValue | null {
  const [old, now] = [map.matrix.length, newChannels(map)];
  return value === String(old) && old !== now ? { value: String(now) } : null;
}

/** The pixel format holds for all images of a model, also for those that stay as they were. */
function otherImages(model: Model, map: ChannelMap, adapted: ReadonlySet<string>): string[] {
  const channels = map.matrix.length;
  const isImage = ({ type }: ValueInfo): boolean =>
    type?.kind === 'tensor' && type.dims?.length === 4 && (type.dims[1] === channels || type.dims[3] === channels);
  const others = [
    ...model.graph.inputs.filter((i) => !adapted.has(i.name) && isImage(i)).map((i) => `input \`${i.name}\``),
    ...model.graph.outputs.filter(isImage).map((output) => `output \`${output.name}\``),
  ];
  if (!others.length) return [];
  return [
    `The pixel format in the metadata holds for all images of the model, also for ${others.join(' and ')} of ` +
      `${channels} channels, which stays as it was.`,
  ];
}
