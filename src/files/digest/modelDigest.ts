import { isTellable } from '../../bytes/errors.ts';
import { externalFiles } from '../../formats/onnx/allTensors.ts';
import type { Model } from '../../formats/onnx/model.ts';
import { dataFilePath } from '../data/external.ts';
import type { FileSource } from '../diskPort.ts';
import { openFileSource } from '../fileSource.ts';
import { sha256 } from './sha256.ts';
import { sourceDigest } from './sourceDigest.ts';

/** A model that names more data files is told from others by the first ones. */
const MAX_FILES = 1000;

/** A model's fingerprint, as `sourceDigest` takes it: of its file, and where it has data files, of these too. */
export async function modelDigest(source: FileSource, model: Model): Promise<string> {
  const own = await sourceDigest(source);
  const locations = [...externalFiles(model).keys()].slice(0, MAX_FILES);
  if (!locations.length) return own;
  const lines = [`${own}\n`];
  for (const location of locations) lines.push(`${location}\n${await dataDigest(source.path, location)}\n`);
  return sha256(lines);
}

/** The data files of a model that are there to be read, by path. */
export async function dataFilePaths(modelPath: string, model: Model): Promise<string[]> {
  const locations = [...externalFiles(model).keys()].slice(0, MAX_FILES);
  const paths = await Promise.all(locations.map((location) => dataFilePath(modelPath, location).catch(() => null)));
  return paths.filter((path) => path !== null);
}

/** What can't be read has a fingerprint too: its reason. */
async function dataDigest(modelPath: string, location: string): Promise<string> {
  try {
    const data = await openFileSource(await dataFilePath(modelPath, location));
    try {
      return await sourceDigest(data);
    } finally {
      await data.close();
    }
  } catch (error) {
    if (isTellable(error)) return error.code;
    throw error;
  }
}
