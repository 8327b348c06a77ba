import { entries, items, memberAt, type Json } from '../../bytes/json/json.ts';
import type { TextEdit } from '../../bytes/json/jsonEdit.ts';
import type { Splice } from '../../bytes/splice.ts';
import type { TensorChange } from '../format.ts';
import type { KerasFile } from './kerasFile.ts';
import { kerasSplices } from './writeKeras.ts';

/**
 * Splices of a file whose graph is code: the changed datasets, and the input shape that Keras builds the model with.
 */
export function weightsSplices(
  file: KerasFile,
  changes: readonly TensorChange[],
  record: string | null,
): Promise<Splice[]> {
  const datasets = new Map(changes.map(({ tensor, dims, bytes }) => [tensor, { dims, bytes }]));
  return kerasSplices(file, { datasets, config: builtShapes(file, changes), record: record ?? undefined });
}

interface Channels {
  readonly before: number;
  readonly after: number;
}

/** How many channels a kernel [kernel…, channels, outputs] had and has; null where no dims change. */
function changedChannels({ tree }: KerasFile, changes: readonly TensorChange[]): Channels | null {
  for (const { tensor, dims } of changes) {
    const old = tree.objects.get(tensor)?.dataset?.space.dims ?? [];
    const [before, after] = [old.at(-2), dims.at(-2)];
    if (before !== undefined && after !== undefined && before !== after) return { before, after };
  }
  return null;
}

/** A batch, two axes of pixels and the channels. */
const LEAST_AXES = 4;
/** How deep shapes lie in a build configuration. */
const MAX_DEPTH = 8;

/**
 * A model of a class of one's own is built from `build_config`, in one shape or several by name, before its weights are
 * read; a shape whose channels no longer fit would make kernels of the old size.
 */
function builtShapes(file: KerasFile, changes: readonly TensorChange[]): TextEdit[] {
  const channels = changedChannels(file, changes);
  return channels ? shapesIn(memberAt(file.config?.json, 'build_config'), channels, 0) : [];
}

function shapesIn(json: Json | undefined, channels: Channels, depth: number): TextEdit[] {
  if (!json || depth > MAX_DEPTH) return [];
  const list = items(json);
  const isShape = list.length >= LEAST_AXES && list.every(({ value }) => value === null || typeof value === 'number');
  const last = list.at(-1);
  if (isShape && last?.value === channels.before)
    return [{ start: last.start, end: last.end, text: String(channels.after) }];
  return [...list, ...entries(json).values()].flatMap((inner) => shapesIn(inner, channels, depth + 1));
}
