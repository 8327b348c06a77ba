import type { ChannelMap } from '../../adapt/maps/channelMap.ts';
import { CONFIG_NAMES, changedConfig, configHints, type ChangedConfig } from '../../adapt/weights/configs.ts';
import type { LayerHints } from '../../adapt/weights/find/layerHints.ts';
import { hasCode, isTellable } from '../../bytes/errors.ts';
import { parseJson } from '../../bytes/json/json.ts';
import { listFiles, readBeside } from '../../files/besideFiles.ts';
import { basename, dirname, resolve } from '../../files/paths.ts';
import { knownEnding } from '../../formats/endings.ts';
import type { OpenedFile } from '../../formats/format.ts';
import { INDEX_END, readShardIndex, type ShardIndex } from '../../formats/sharded/shardIndex.ts';

/** What lies beside a file of weights and belongs to it. */
export interface BesideWeights {
  readonly folder: string;
  /** Configs by file name, as texts. */
  readonly configs: ReadonlyMap<string, string>;
  /** The index that names this file as a part of a network; null where it is whole. */
  readonly index: NamedIndex | null;
  /** What lies there and can't be read, a sentence each: the new file may not agree with it. */
  readonly faults: readonly string[];
}

/** An index under its file name. */
export interface NamedIndex extends ShardIndex {
  readonly name: string;
}

/** Reads the configs and the index beside a file of weights. */
export async function besideWeights(path: string): Promise<BesideWeights> {
  const folder = dirname(resolve(path));
  const faults: string[] = [];
  const told = async <T>(read: () => Promise<T | null>): Promise<T | null> => {
    try {
      return await read();
    } catch (error) {
      if (!isTellable(error)) throw error;
      faults.push(`Not looked at, and not changed: ${error.message}`);
      return null;
    }
  };
  const configs = new Map<string, string>();
  for (const name of CONFIG_NAMES) {
    const config = await told(() => configBeside(folder, name));
    if (config !== null) configs.set(name, config);
  }
  let index: NamedIndex | null = null;
  for (const name of (await listFiles(folder)).filter((other) => other.endsWith(INDEX_END))) {
    const found = await told(() => indexBeside(folder, name));
    if (found?.shards.includes(basename(path))) index ??= found;
  }
  return { folder, configs, index, faults };
}

/** Throws where it is no JSON. */
async function configBeside(folder: string, name: string): Promise<string | null> {
  const config = await readBeside(folder, name, 'config');
  if (config !== null) parseJson(config, name);
  return config;
}

/** null where the JSON is no index of weights. Throws where it is no JSON, or names files elsewhere. */
async function indexBeside(folder: string, name: string): Promise<NamedIndex | null> {
  const content = await readBeside(folder, name, 'index');
  if (content === null) return null;
  try {
    return { name, ...readShardIndex(name, content) };
  } catch (error) {
    if (hasCode(error, 'no-index')) return null;
    throw error;
  }
}

/** What configs beside a file and the network's own code in it say about the input layer. */
export function hintsOf({ configs }: BesideWeights, { imageUses }: Pick<OpenedFile, 'imageUses'>): LayerHints {
  return { inputLayers: [...configs].flatMap(([name, config]) => configHints(name, config).inputLayers), imageUses };
}

/** The configs that have to change with the weights. */
export function configChanges({ configs }: BesideWeights, map: ChannelMap): Map<string, ChangedConfig> {
  const changed = new Map<string, ChangedConfig>();
  for (const [name, config] of configs) {
    const change = changedConfig(name, config, map);
    if (change) changed.set(name, change);
  }
  return changed;
}

/**
 * Names of the files to copy into a variant of the folder: all but those that are written anew, and other files of
 * weights than `shards`, which hold the old network.
 */
export async function copiedFiles(
  folder: string,
  written: ReadonlySet<string>,
  shards: ReadonlySet<string>,
): Promise<string[]> {
  const names = await listFiles(folder);
  return names.filter((name) => !written.has(name) && (knownEnding(name) === '' || shards.has(name)));
}
