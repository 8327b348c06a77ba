import { basename } from 'node:path';
import type { ChannelMap } from '../adapt/maps/channelMap.ts';

/** What the file name of a model adapted by `map` says about it. */
export function variantOf(map: ChannelMap): string {
  return map.matrix[0]?.length === 1 ? 'gray' : map.name.replace(/[^\w-]+/g, '-').replace(/^-+|-+$/g, '') || 'adapted';
}

/** The i-th file name to try for a variant of a model: `NAME.gray.onnx`, then `NAME.gray-2.onnx`, … */
export function variantName(path: string, variant: string, i = 0): string {
  return `${basename(path).replace(/\.onnx$/i, '')}.${variant}${i ? `-${i + 1}` : ''}.onnx`;
}
