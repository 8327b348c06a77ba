import { ChannelwiseError } from '../../bytes/errors.ts';
import { parseJsonValue } from '../../bytes/json/jsonValue.ts';
import { messageOf } from '../../text/messageOf.ts';
import { readTextFile } from '../textFile.ts';
import { listFolders, listImages } from './imageFolder.ts';
import { basename, join } from '../paths.ts';

export interface LabelledFile {
  readonly path: string;
  /** Path inside the folder. */
  readonly name: string;
  /** The sub-folder it lies in; null for images directly in the folder. */
  readonly folder: string | null;
}

/** The longest lists have some ten thousand classes. */
const MAX_LABEL_BYTES = 16 * 1024 * 1024;

/** Images in a folder: those of its sub-folders, one per class, or its own where it has none with images. */
export async function imageFiles(dir: string): Promise<LabelledFile[]> {
  const found: LabelledFile[] = [];
  for (const folder of await listFolders(dir)) {
    for (const path of await listImages(join(dir, folder)))
      found.push({ path, name: `${folder}/${basename(path)}`, folder });
  }
  if (!found.length) for (const path of await listImages(dir)) found.push({ path, name: basename(path), folder: null });
  if (!found.length)
    throw new ChannelwiseError('refused', 'no-images', `There is no PNG or JPEG image in ${dir} or its sub-folders.`);
  return found;
}

/** Where labels come from: a JSON file, or what a person typed: JSON too, or folder names in class order. */
export type LabelSource = { readonly file: string } | { readonly typed: string };

export type ClassIndex = (folder: string) => number | null;

/**
 * Which class each sub-folder stands for: from a JSON file (`{"folder": index}` or a list in class order), else
 * `classes.txt` in the folder (one folder name a line, in class order), else from names that are all numbers, else in
 * sorted order where there are as many folders as classes. null, with a reason, where none of these holds.
 */
export async function classIndex(
  dir: string,
  labels: LabelSource | undefined,
  folders: readonly string[],
  classes: number,
): Promise<{ index: ClassIndex; how: string } | { index: null; how: string }> {
  const given = labels === undefined ? await optional(join(dir, 'classes.txt')) : null;
  if (labels !== undefined && 'typed' in labels)
    return fromMap(typedLabels(labels.typed), folders, classes, 'what was typed');
  if (labels !== undefined) {
    const name = basename(labels.file);
    return fromMap(jsonLabels(await text(labels.file), name), folders, classes, name);
  }
  if (given !== null)
    return fromMap(
      new Map(
        given
          .split(/\r?\n/)
          .map((line) => line.trim())
          .filter(Boolean)
          .map((name, i) => [name, i]),
      ),
      folders,
      classes,
      'classes.txt',
    );
  if (folders.every((folder) => /^\d{1,9}$/.test(folder)))
    return fromMap(new Map(folders.map((folder) => [folder, Number(folder)])), folders, classes, 'folder names');
  if (folders.length === classes)
    return fromMap(
      new Map([...folders].sort().map((folder, i) => [folder, i])),
      folders,
      classes,
      'sorted folder names',
    );
  return {
    index: null,
    how:
      `There are ${folders.length} sub-folders but ${classes} classes; to count right answers, put a classes.txt ` +
      'into the folder (one folder name a line, in class order).',
  };
}

function fromMap(
  map: ReadonlyMap<string, number>,
  folders: readonly string[],
  classes: number,
  how: string,
): { index: ClassIndex; how: string } {
  for (const [name, i] of map)
    if (folders.includes(name) && i >= classes)
      throw refused(`${how} gives ${name} the class ${i}, but the model has ${classes} classes.`);
  if (!folders.some((folder) => map.has(folder))) throw refused(`${how} names none of the sub-folders.`);
  return { index: (folder) => map.get(folder) ?? null, how };
}

function typedLabels(typed: string): Map<string, number> {
  if (/^\s*[[{]/.test(typed)) return jsonLabels(typed, 'What was typed');
  const names = typed
    .split(/[,\r\n]+/)
    .map((name) => name.trim())
    .filter(Boolean);
  return new Map(names.map((name, index) => [name, index]));
}

function jsonOf(content: string, name: string): unknown {
  try {
    return parseJsonValue(content);
  } catch (error) {
    throw refused(`${name} can't be used: ${messageOf(error)}.`);
  }
}

function jsonLabels(content: string, name: string): Map<string, number> {
  const value = jsonOf(content, name);
  if (Array.isArray(value) && value.every((v) => typeof v === 'string'))
    return new Map(value.map((folder, i) => [folder, i]));
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const entries = Object.entries(value as Record<string, unknown>);
    if (entries.every(([, v]) => Number.isSafeInteger(v) && (v as number) >= 0))
      return new Map(entries as [string, number][]);
  }
  throw refused(`${name} must be a list of folder names in class order, or an object from folder name to class index.`);
}

async function optional(path: string): Promise<string | null> {
  try {
    return await text(path);
  } catch (error) {
    if (error instanceof ChannelwiseError && error.code === 'missing') return null;
    throw error;
  }
}

async function text(path: string): Promise<string> {
  return readTextFile(path, { what: 'labels file', limit: MAX_LABEL_BYTES });
}

function refused(message: string): ChannelwiseError {
  return new ChannelwiseError('refused', 'labels', message);
}
