import { promises as fs } from 'node:fs';
import { dirname, isAbsolute, relative, resolve, sep, win32 } from 'node:path';
import { ChannelwiseError } from '../onnx/errors.ts';
import type { ExternalReader } from '../onnx/externalData.ts';
import { errorCode, openFileSource } from './fileSource.ts';

/**
 * Reads the external data files of the model at `modelPath`. A location must name a regular file inside the model's folder:
 * absolute paths, `..` and links that lead out of it are refused, so that a model can't make us read other files.
 * Where the model file is itself a link (download caches do that), the folder it leads to counts as its folder too.
 */
export function externalReader(modelPath: string): ExternalReader {
  const folder = dirname(resolve(modelPath));
  return {
    async read(location, offset, length) {
      const source = await openFileSource(await safePath(modelPath, folder, location));
      try {
        const wanted = length ?? source.size - offset;
        if (wanted < 0 || offset + wanted > source.size) {
          throw new ChannelwiseError('io', 'external-short', `The data file ${location} has ${source.size} bytes, but the model needs ${offset + Math.max(wanted, 0)}; it was cut short or belongs to another model.`);
        }
        return await source.read(offset, wanted);
      } finally {
        await source.close();
      }
    },
  };
}

async function safePath(modelPath: string, folder: string, location: string): Promise<string> {
  const refuse = (why: string): ChannelwiseError =>
    new ChannelwiseError('refused', 'external-location', `The model wants data from "${location}", ${why}; only files in the model's own folder are read.`);
  if (location === '' || location.includes('\0')) throw refuse('which is no file name');
  if (isAbsolute(location) || win32.isAbsolute(location) || /^[a-zA-Z]:/.test(location)) throw refuse('an absolute path');
  if (location.split(/[\\/]/).includes('..')) throw refuse('which leads out of the folder');
  const path = await real(resolve(folder, location), location);
  const roots = [await real(folder, location)];
  if (!inside(roots[0] ?? '', path)) roots.push(dirname(await real(modelPath, location)));
  if (!roots.some((root) => inside(root, path))) throw refuse('a link that leads out of the folder');
  return path;
}

async function real(path: string, location: string): Promise<string> {
  try {
    return await fs.realpath(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new ChannelwiseError('io', 'external-missing', `The data file ${location} is missing; put it beside the model.`);
    throw new ChannelwiseError('io', 'external-failed', `The data file ${location} could not be opened (${code}).`);
  }
}

function inside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
