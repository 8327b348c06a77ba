import { entries, items, member, memberAt, numbers, parseJson, text, type Json } from '../../bytes/json/json.ts';
import { editText, type TextEdit } from '../../bytes/json/jsonEdit.ts';
import type { ChannelMap } from '../maps/channelMap.ts';
import type { LayerHints } from './find/layerHints.ts';
import { newChannels } from '../maps/channelMap.ts';

/** Keys that say how many channels a network's image has: transformers, timm, diffusers. */
const CHANNEL_KEYS = new Set(['num_channels', 'in_chans', 'in_channels']);
/** Keys of one number for each channel: transformers' preprocessor, timm. */
const PER_CHANNEL_KEYS = new Set(['image_mean', 'image_std', 'mean', 'std']);
/** Files beside the weights that say such things. */
export const CONFIG_NAMES: readonly string[] = ['config.json', 'preprocessor_config.json'];

/** A config that was changed to agree with the new weights. */
export interface ChangedConfig {
  readonly text: string;
  /** Numbers that differ by channel became their average. */
  readonly isAveraged: boolean;
}

/** What a config says about the input layer. Throws `malformed` for what is no JSON. */
export function configHints(name: string, config: string): LayerHints {
  const first = memberAt(parseJson(config, name), 'pretrained_cfg', 'first_conv');
  const one = text(first);
  const layers = one === undefined ? items(first).flatMap((item) => text(item) ?? []) : [one];
  return { inputLayers: layers };
}

/**
 * The config for the new number of channels; null where it does not say how many there are. Everything else in it stays
 * as it was written.
 */
export function changedConfig(name: string, config: string, map: ChannelMap): ChangedConfig | null {
  const json = parseJson(config, name);
  const edits: TextEdit[] = [];
  let isAveraged = false;
  const open: Json[] = [json];
  for (let at = open.pop(); at; at = open.pop()) {
    for (const [key, entry] of entries(at)) {
      const perChannel = perChannelEdit(key, entry, map);
      const edit = perChannel?.edit ?? channelEdit(key, entry, map);
      if (edit) edits.push(edit);
      isAveraged ||= perChannel?.isAveraged ?? false;
      open.push(entry);
    }
  }
  const model = memberAt(json, 'pretrained_cfg') && edits.length > 0 ? modelArguments(json, map) : null;
  if (model) edits.push(model);
  return edits.length === 0 ? null : { text: editText(config, edits), isAveraged };
}

function replaced({ start, end }: Json, text: string): TextEdit {
  return { start, end, text };
}

function channelEdit(key: string, entry: Json, map: ChannelMap): TextEdit | null {
  const old = map.matrix.length;
  if (CHANNEL_KEYS.has(key) && entry.value === old) return replaced(entry, String(newChannels(map)));
  const [first] = items(entry);
  const isSize = key === 'input_size' && items(entry).length === 3 && first?.value === old;
  return isSize ? replaced(first, String(newChannels(map))) : null;
}

function perChannelEdit(
  key: string,
  entry: Json,
  map: ChannelMap,
): { readonly edit: TextEdit; readonly isAveraged: boolean } | null {
  const old = numbers(entry);
  if (!PER_CHANNEL_KEYS.has(key) || old?.length !== map.matrix.length) return null;
  const columns = Array.from({ length: newChannels(map) }, (_, k) =>
    old.filter((_value, c) => (map.matrix[c]?.[k] ?? 0) !== 0),
  );
  const average = (values: readonly number[]): number =>
    values.every((value) => value === values[0])
      ? (values[0] ?? 0)
      : values.reduce((sum, value) => sum + value, 0) / values.length;
  const isAveraged = columns.some((values) => values.some((value) => value !== values[0]));
  return { edit: replaced(entry, `[${columns.map(average).join(', ')}]`), isAveraged };
}

/** timm builds the network from its `model_args`; without one it would be built for three channels. */
function modelArguments(json: Json, map: ChannelMap): TextEdit | null {
  const given = member(json, 'model_args');
  if (member(given, 'in_chans')) return null;
  const argument = `"in_chans": ${newChannels(map)}`;
  if (!given) return { start: json.start + 1, end: json.start + 1, text: `"model_args": {${argument}}, ` };
  const comma = entries(given).size > 0 ? ', ' : '';
  return { start: given.start + 1, end: given.start + 1, text: argument + comma };
}
