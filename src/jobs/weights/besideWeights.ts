import { CONFIG_NAMES, changedConfig, configHints, type ChangedConfig } from '../../adapt/weights/configs.ts';
import type { ConfigHints } from '../../adapt/weights/imageTensors.ts';
import type { ChannelMap } from '../../adapt/maps/channelMap.ts';
import { listFiles, readSmallFile } from '../../files/besideFiles.ts';
import { basename, dirname, join, resolve } from '../../files/paths.ts';
import { knownEnding } from '../../formats/endings.ts';
import { parseJson } from '../../bytes/json/json.ts';
import { INDEX_END, readShardIndex, type ShardIndex } from '../../formats/sharded/shardIndex.ts';

/** What lies beside a file of weights and belongs to it. */
export interface BesideWeights {
  readonly folder: string;
  /** Configs by file name, as texts. */
  readonly configs: ReadonlyMap<string, string>;
  /** The index that names this file as a part of a network; null where it is whole. */
  readonly index: NamedIndex | null;
}

/** An index under its file name. */
export interface NamedIndex extends ShardIndex {
  readonly name: string;
}

/** Reads the configs and the index beside a file of weights. What can't be read counts as absent. */
export async function besideWeights(path: string): Promise<BesideWeights> {
  const folder = dirname(resolve(path));
  const configs = new Map<string, string>();
  for (const name of CONFIG_NAMES) {
    const found = await readSmallFile(join(folder, name));
    if (found !== null && isJson(name, found)) configs.set(name, found);
  }
  return { folder, configs, index: await indexOf(folder, basename(path)) };
}

function isJson(name: string, content: string): boolean {
  try {
    parseJson(content, name);
    return true;
  } catch {
    return false;
  }
}

async function indexOf(folder: string, file: string): Promise<NamedIndex | null> {
  for (const name of (await listFiles(folder)).filter((other) => other.endsWith(INDEX_END))) {
    const content = await readSmallFile(join(folder, name));
    const index = content === null ? null : indexFrom(name, content);
    if (index?.shards.includes(file)) return index;
  }
  return null;
}

/** null for what is no index. */
function indexFrom(name: string, content: string): NamedIndex | null {
  try {
    return { name, ...readShardIndex(name, content) };
  } catch {
    return null;
  }
}

/** What the configs say about the first layer. */
export function hintsOf({ configs }: BesideWeights): ConfigHints {
  return { firstLayers: [...configs].flatMap(([name, config]) => configHints(name, config).firstLayers) };
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
