import { basename } from 'node:path';
import type { ChannelMap } from '../adapt/maps/channelMap.ts';
import { knownExtension } from '../formats/table.ts';

/** What the file name of a model adapted by `map` says about it. */
export function variantOf(map: ChannelMap): string {
  return map.matrix[0]?.length === 1 ? 'gray' : map.name.replace(/[^\w-]+/g, '-').replace(/^-+|-+$/g, '') || 'adapted';
}

/** The i-th file name to try for a variant of a model: `NAME.gray.onnx`, then `NAME.gray-2.onnx`, …; other formats keep their ending. */
export function variantName(path: string, variant: string, i = 0): string {
  const name = basename(path);
  const ending = knownExtension(name);
  const stem = name.slice(0, name.length - ending.length);
  return `${stem}.${variant}${i ? `-${i + 1}` : ''}${ending || '.onnx'}`;
}
