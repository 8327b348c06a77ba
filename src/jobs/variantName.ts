import type { ChannelMap } from '../adapt/maps/channelMap.ts';
import { basename, extname } from '../files/paths.ts';
import { knownEnding } from '../formats/endings.ts';

/** What the file name of a model adapted by `map` says about it. */
export function variantOf(map: ChannelMap): string {
  return map.matrix[0]?.length === 1 ? 'gray' : map.name.replace(/[^\w-]+/g, '-').replace(/^-+|-+$/g, '') || 'adapted';
}

/**
 * The i-th file name to try for a variant of a model: `NAME.gray.onnx`, then `NAME.gray-2.onnx`, … Any other ending is
 * kept too, and a name without one has none.
 */
export function variantName(path: string, variant: string, i = 0): string {
  const name = basename(path);
  const ending = endingOf(name);
  const stem = name.slice(0, name.length - ending.length);
  return `${stem}.${variant}${numbered(i)}${ending}`;
}

/** The i-th name to try for a variant of a folder: `FOLDER-gray`, then `FOLDER-gray-2`, … */
export function folderVariantName(folder: string, variant: string, i = 0): string {
  return `${basename(folder)}-${variant}${numbered(i)}`;
}

/** What a variant's name keeps at its end: an ending that a format has, else the last one; '' without any. */
export function endingOf(fileName: string): string {
  return knownEnding(fileName) || extname(fileName);
}

function numbered(i: number): string {
  return i > 0 ? `-${i + 1}` : '';
}
