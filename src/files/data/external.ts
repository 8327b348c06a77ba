import { ChannelwiseError, isTellable } from '../../bytes/errors.ts';
import { countOf } from '../../text/numbers.ts';
import { diskOf } from '../disk.ts';
import { errorCode, isMissing } from '../errorCode.ts';
import { dirname, resolve } from '../paths.ts';
import { inside } from '../realPath.ts';

/**
 * What keeps weights from being read: one sentence, and the file that would have to change where it is one that may be
 * read.
 */
export interface DataTrouble {
  readonly message: string;
  readonly path: string | null;
}

/** A model that names more data files is told about the first ones only: looking at each takes a moment. */
const MOST_FILES = 1000;
/** On any system: from the root, from another machine, or from a drive. */
const ABSOLUTE = /^(?:[\\/]|[a-zA-Z]:)/;
const CURABLE = new Set(['external-missing', 'external-short']);

/**
 * Looks whether the data files of the model at `modelPath` are there and long enough, by their names and sizes alone.
 * `files` says how many bytes of each location are needed. null where nothing is wrong, else the first that is.
 */
export async function dataTrouble(modelPath: string, files: ReadonlyMap<string, number>): Promise<DataTrouble | null> {
  const folder = dirname(resolve(modelPath));
  const looked = [...files].slice(0, MOST_FILES).map(([location, needed]) => lookAt(modelPath, location, needed));
  const wrong = (await Promise.all(looked)).filter((w) => w !== null);
  const [first] = wrong;
  if (!first) return null;
  const missing = wrong.filter(({ error }) => error.code === 'external-missing').length;
  const path = CURABLE.has(first.error.code) ? resolve(folder, first.location) : null;
  if (first.error.code !== 'external-missing' || missing === 1) return { message: first.error.message, path };
  const others = files.size > MOST_FILES ? 'others' : countOf(missing - 1, 'other');
  const allMissing = `The data file ${first.location} and ${others} are missing; put them beside the model.`;
  // An error’s message is one printable line, whatever the location holds.
  return { message: new ChannelwiseError('io', 'external-missing', allMissing).message, path };
}

async function lookAt(
  modelPath: string,
  location: string,
  needed: number,
): Promise<{ location: string; error: ChannelwiseError } | null> {
  try {
    const path = await dataFilePath(modelPath, location);
    const { kind, size } = await onDisk(location, () => diskOf(path).stat(path));
    if (kind !== 'file')
      throw new ChannelwiseError('io', 'external-failed', `The data file ${location} is no regular file.`);
    if (size < needed) throw tooShort(location, size, needed);
    return null;
  } catch (error) {
    if (isTellable(error)) return { location, error };
    throw error;
  }
}

/** What is wrong with a data file that ends before a weight does; sizes in bytes. */
export function tooShort(location: string, size: number, needed: number): ChannelwiseError {
  return new ChannelwiseError(
    'io',
    'external-short',
    `The data file ${location} has ${size} bytes, but the model needs ${needed}; it was cut short or belongs to ` +
      'another model.',
  );
}

/**
 * The path of a data file of the model at `modelPath`, links resolved. A location must name a file inside the model's
 * folder: absolute paths, `..` and links that lead out of it are refused, so that a model can't make us read other
 * files. Where the model file is itself a link (download caches do that), the folder it leads to counts as its folder
 * too.
 */
export async function dataFilePath(modelPath: string, location: string): Promise<string> {
  const folder = dirname(resolve(modelPath));
  const refuse = (why: string): ChannelwiseError =>
    new ChannelwiseError(
      'refused',
      'external-location',
      `The model wants data from "${location}", ${why}; only files in the model's own folder are read.`,
    );
  if (location === '' || location.includes('\0')) throw refuse('which is no file name');
  if (ABSOLUTE.test(location)) throw refuse('an absolute path');
  if (location.split(/[\\/]/).includes('..')) throw refuse('which leads out of the folder');
  const path = await real(resolve(folder, location), location);
  const roots = [await real(folder, location)];
  if (!inside(roots[0] ?? '', path)) roots.push(dirname(await real(modelPath, location)));
  if (!roots.some((root) => inside(root, path))) throw refuse('a link that leads out of the folder');
  return path;
}

function real(path: string, location: string): Promise<string> {
  return onDisk(location, () => diskOf(path).realPath(path));
}

/** Asks the file system about a data file; what it can't say becomes a sentence. */
async function onDisk<T>(location: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (isMissing(error))
      throw new ChannelwiseError(
        'io',
        'external-missing',
        `The data file ${location} is missing; put it beside the model.`,
      );
    throw new ChannelwiseError(
      'io',
      'external-failed',
      `The data file ${location} could not be opened (${errorCode(error)}).`,
    );
  }
}
