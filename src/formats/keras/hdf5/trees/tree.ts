import type { ByteSource } from '../../../../bytes/byteSource.ts';
import { isOfKind } from '../../../../bytes/errors.ts';
import { readAttributes, type Attribute } from '../attributes.ts';
import { checkStored, readDataset, type Dataset } from '../dataset/dataset.ts';
import { malformed } from '../errors.ts';
import type { Hdf5File } from '../file.ts';
import { MAX_OBJECTS, MAX_SOFT_LINKS } from '../limits.ts';
import { readLinks, type Link } from './links.ts';
import { readHeader } from '../objectHeader.ts';
import { openHdf5, type Superblock } from '../superblock.ts';

/** A group or dataset under its path; the root's is ''. */
export interface Hdf5Object {
  readonly path: string;
  readonly attributes: ReadonlyMap<string, Attribute>;
  /** Names in a group, in the file's order; null for what is no group. */
  readonly members: readonly string[] | null;
  /** null for what is no dataset, and for a dataset that can't be read. */
  readonly dataset: Dataset | null;
  /** Why a dataset, or what else it is, can't be read. */
  readonly trouble: string | null;
}

export interface Hdf5Tree {
  readonly superblock: Superblock;
  readonly file: Hdf5File;
  /**
   * Every object that links lead to, parents before children. A dataset under several names has each of them, a group
   * the first one.
   */
  readonly objects: ReadonlyMap<string, Hdf5Object>;
}

interface OpenObject {
  readonly path: string;
  readonly address: number;
}

/** Reads the structure of an HDF5 file: all groups, datasets and attributes; of the data nothing. */
export async function readTree(source: ByteSource, signal?: AbortSignal): Promise<Hdf5Tree> {
  const superblock = await openHdf5(source, signal);
  const { file } = superblock;
  const objects = new Map<string, Hdf5Object>();
  const soft: { path: string; target: string }[] = [];
  const groups = new Set<number>();
  const open: OpenObject[] = [{ path: '', address: superblock.root }];
  // Links are added while it goes on.
  for (const { path, address } of open) {
    // A group may hold itself, or stand in many places.
    if (groups.has(address)) continue;
    if (objects.has(path)) throw malformed(`two objects are called ${path}`, file.base + address);
    if (open.length > MAX_OBJECTS) throw malformed('the file has too many objects', 0);
    const { object, links } = await readObject(file, path, address);
    objects.set(path, object);
    if (object.members) groups.add(address);
    for (const link of links) {
      const name = path === '' ? link.name : `${path}/${link.name}`;
      if (link.kind === 'soft') soft.push({ path: name, target: absolute(link.path, path) });
      if (link.kind === 'hard') open.push({ path: name, address: link.address });
    }
  }
  followSoft(objects, soft);
  return { superblock, file, objects };
}

async function readObject(
  file: Hdf5File,
  path: string,
  address: number,
): Promise<{ object: Hdf5Object; links: Link[] }> {
  const messages = await readHeader(file, address, file.base);
  const links = await readLinks(file, messages);
  const attributes = await readAttributes(file, messages);
  const members = links?.map((link) => link.name) ?? null;
  const { dataset, trouble } = links ? { dataset: null, trouble: null } : tryDataset(file, messages);
  return { object: { path, attributes, members, dataset, trouble }, links: links ?? [] };
}

/** A dataset of a kind that networks don't use hides nothing else of the file. */
function tryDataset(
  file: Hdf5File,
  messages: Parameters<typeof readDataset>[0],
): Pick<Hdf5Object, 'dataset' | 'trouble'> {
  try {
    const dataset = readDataset(messages);
    if (dataset) checkStored(file, dataset);
    return { dataset, trouble: dataset ? null : 'It is neither a group nor a dataset.' };
  } catch (error) {
    if (isOfKind(error, 'unsupported')) return { dataset: null, trouble: error.message };
    throw error;
  }
}

function absolute(path: string, group: string): string {
  const whole = path.startsWith('/') ? path : `${group}/${path}`;
  return whole
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

/** Soft links to datasets count as names of these; what leads nowhere, or to a group, is left out. */
function followSoft(objects: Map<string, Hdf5Object>, links: readonly { path: string; target: string }[]): void {
  const targets = new Map(links.map((link) => [link.path, link.target]));
  for (const { path } of links) {
    let at: string | undefined = path;
    for (let i = 0; i < MAX_SOFT_LINKS && at !== undefined && targets.has(at); i++) at = targets.get(at);
    const found = at === undefined ? undefined : objects.get(at);
    if (found?.dataset) objects.set(path, { ...found, path });
  }
}
