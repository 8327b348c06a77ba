import { ChannelwiseError, hasCode } from '../../bytes/errors.ts';
import { parseJsonValue } from '../../bytes/json/jsonValue.ts';
import { messageOf } from '../../text/messageOf.ts';
import { basename, join } from '../paths.ts';
import { readTextFile } from '../textFile.ts';
import { listFolders, listImages } from './imageFolder.ts';

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

/** The folder, what says which class each sub-folder is, and how many there are. */
export interface Labelled {
  readonly dir: string;
  readonly labels: LabelSource | undefined;
  readonly folders: readonly string[];
  /** Of the model. */
  readonly classes: number;
}

/** The class of a sub-folder; null where the images of none are labelled, and `how` says why. */
export interface FoundClasses {
  readonly index: ((folder: string) => number | null) | null;
  readonly how: string;
}

/**
 * Which class each sub-folder stands for: from a JSON file (`{"folder": index}` or a list in class order), else
 * `classes.txt` in the folder (one folder name a line, in class order), else from names that are all numbers, else in
 * sorted order where there are as many folders as classes. null, with a reason, where none of these holds.
 */
export async function classIndex({ dir, labels, folders, classes }: Labelled): Promise<FoundClasses> {
  const named = await namedClasses(dir, labels, folders);
  if (named) {
    checkClasses(named, folders, classes);
    return { index: (folder) => named.classes.get(folder) ?? null, how: named.how };
  }
  if (folders.length === classes) {
    const sorted = inOrder([...folders].sort());
    return { index: (folder) => sorted.get(folder) ?? null, how: 'sorted folder names' };
  }
  return {
    index: null,
    how:
      `There are ${folders.length} sub-folders but ${classes} classes; to count right answers, put a classes.txt ` +
      'into the folder (one folder name a line, in class order).',
  };
}

/** Classes by the name of their sub-folder, and what says so. */
interface NamedClasses {
  readonly classes: ReadonlyMap<string, number>;
  readonly how: string;
}

/** What labels, a list in the folder or the names themselves say; null where none of these does. */
async function namedClasses(
  dir: string,
  labels: LabelSource | undefined,
  folders: readonly string[],
): Promise<NamedClasses | null> {
  if (labels) return 'typed' in labels ? typedClasses(labels.typed) : classesOfFile(labels.file);
  const list = await optional(join(dir, 'classes.txt'));
  if (list !== null) return { classes: inOrder(namesIn(list, /\r?\n/)), how: 'classes.txt' };
  if (!folders.every((folder) => /^\d{1,9}$/.test(folder))) return null;
  return { classes: new Map(folders.map((folder) => [folder, Number(folder)])), how: 'folder names' };
}

/** Throws `refused` where no sub-folder is named, or one has a class that the model lacks. */
function checkClasses({ classes: named, how }: NamedClasses, folders: readonly string[], classes: number): void {
  for (const [name, index] of named)
    if (folders.includes(name) && index >= classes)
      throw refused(`${how} gives ${name} the class ${index}, but the model has ${classes} classes.`);
  if (!folders.some((folder) => named.has(folder))) throw refused(`${how} names none of the sub-folders.`);
}

function typedClasses(typed: string): NamedClasses {
  const isJson = /^\s*[[{]/.test(typed);
  const classes = isJson ? jsonLabels(typed, 'What was typed') : inOrder(namesIn(typed, /[,\r\n]+/));
  return { classes, how: 'what was typed' };
}

async function classesOfFile(path: string): Promise<NamedClasses> {
  const name = basename(path);
  return { classes: jsonLabels(await text(path), name), how: name };
}

function namesIn(list: string, separator: RegExp): string[] {
  return list
    .split(separator)
    .map((name) => name.trim())
    .filter(Boolean);
}

function inOrder(names: readonly string[]): Map<string, number> {
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
  if (Array.isArray(value) && value.every((v) => typeof v === 'string')) return inOrder(value);
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
    if (hasCode(error, 'missing')) return null;
    throw error;
  }
}

async function text(path: string): Promise<string> {
  return readTextFile(path, { what: 'labels file', limit: MAX_LABEL_BYTES });
}

function refused(message: string): ChannelwiseError {
  return new ChannelwiseError('refused', 'labels', message);
}
