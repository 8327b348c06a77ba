import { moduleOf } from '../../adapt/weights/tensorNames.ts';
import { basename, dirname, join, resolve } from '../../files/paths.ts';
import type { StoredTensor } from '../../tensors/storedTensor.ts';
import { readCost, withOpenFile, type OpenFile } from '../open/openFile.ts';
import { endingOf } from '../variantName.ts';

/** A tensor that has other sizes than in the original. */
export interface ResizedTensor {
  readonly name: string;
  readonly module: string;
  readonly oldDims: readonly number[];
  readonly newDims: readonly number[];
}

/** The file that a file without a record was probably made from, by both their names and tensors. */
export interface LikelyOriginal {
  readonly path: string;
  readonly size: number;
  readonly resized: readonly ResizedTensor[];
}

/**
 * For `NAME.gray.pth` the `NAME.pth` beside it, for a file in `FOLDER-gray` the one in `FOLDER`: if that has the same
 * tensors by name, and some of other sizes. null where there is none.
 */
export async function likelyOriginal({ path, file }: OpenFile): Promise<LikelyOriginal | null> {
  for (const candidate of namesBefore(path)) {
    const found = await withOpenFile(candidate, undefined, async (original) => ({
      path: candidate,
      size: readCost(original).fileSize,
      resized: resizedTensors(original.file.tensors, file.tensors),
    })).catch(() => null);
    if (found && found.resized.length > 0) return found;
  }
  return null;
}

/** Words of the longest name of a variant: a chain of maps, and a number. */
const MOST_WORDS = 8;

/** The paths that the original of a variant may have, by how `variantName` and `folderVariantName` name it. */
function namesBefore(path: string): string[] {
  const [folder, name] = [dirname(resolve(path)), basename(path)];
  const ending = endingOf(name);
  const plain = /^(.+)\.[\w-]+$/.exec(name.slice(0, name.length - ending.length))?.[1];
  return [
    ...(plain === undefined || ending === '' ? [] : [join(folder, plain + ending)]),
    ...foldersBefore(basename(folder)).map((before) => join(dirname(folder), before, name)),
  ];
}

/** `swin-tiny` of `swin-tiny-drop-alpha`: either part may hold hyphens, so that each of them may end the first. */
function foldersBefore(variant: string): string[] {
  const words = variant.split('-');
  const most = Math.min(MOST_WORDS, words.length - 1);
  return Array.from({ length: most }, (_, i) => words.slice(0, words.length - 1 - i).join('-')).filter(Boolean);
}

/** None where the two do not have the same tensors by name and rank. */
function resizedTensors(original: readonly StoredTensor[], adapted: readonly StoredTensor[]): ResizedTensor[] {
  const now = new Map(adapted.map((tensor) => [tensor.name, tensor.dims]));
  const isTwin = ({ name, dims }: StoredTensor): boolean => now.get(name)?.length === dims.length;
  if (original.length !== adapted.length || !original.every(isTwin)) return [];
  return original.flatMap(({ name, dims }) => {
    const newDims = now.get(name) ?? dims;
    return newDims.join() === dims.join() ? [] : [{ name, module: moduleOf(name), oldDims: dims, newDims }];
  });
}
