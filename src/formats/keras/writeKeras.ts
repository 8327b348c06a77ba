import type { Splice } from '../../bytes/splice.ts';
import { SplicedSource } from '../../bytes/splicedSource.ts';
import { RECORD_KEY } from '../format.ts';
import { zipSplices, type EntryChange } from '../zip/zipEdit.ts';
import { entries, member } from '../../bytes/json/json.ts';
import { fitJson, editText, type TextEdit } from '../../bytes/json/jsonEdit.ts';
import { Hdf5Patch } from './hdf5/edit/patch.ts';
import type { ByteRange } from './hdf5/trees/globalHeap.ts';
import { putRootText } from './hdf5/edit/newAttribute.ts';
import { appendText } from './hdf5/edit/newText.ts';
import { replaceDataset, type NewData } from './hdf5/edit/replaceDataset.ts';
import { malformed } from './hdf5/errors.ts';
import { readTree, type Hdf5Tree } from './hdf5/trees/tree.ts';
import type { KerasArchive, KerasFile, StoredConfig } from './kerasFile.ts';

/** What changes in a Keras file; everything else stays byte for byte. */
export interface KerasChange {
  /** New dims and data by the path of the dataset. */
  readonly datasets: ReadonlyMap<string, NewData>;
  readonly config: readonly TextEdit[];
  /** What the file is to tell of its adaptation. */
  readonly record?: string | undefined;
}

/**
 * Splices of the file. In an archive the entries' checksums follow; in HDF5 the configuration keeps its length, or
 * moves where it may. Throws `refused` where there is no room, `malformed` where bytes have two uses.
 */
export async function kerasSplices(file: KerasFile, change: KerasChange): Promise<Splice[]> {
  const patch = new Hdf5Patch(file.tree);
  for (const [path, data] of change.datasets) replaceDataset(patch, file.tree, path, data);
  const { archive, config } = file;
  if (config?.range && change.config.length > 0) {
    putConfig(patch, file.tree, { config, range: config.range, text: editText(config.text, change.config) });
  }
  // A file without room for the record goes without it; the change is the same.
  if (!archive && change.record !== undefined) await putRootText(patch, file.tree, RECORD_KEY, change.record);
  const weights = await patch.splices();
  await checkStructure(file.tree, weights);
  if (!archive || !config) return weights;
  const changes: EntryChange[] = [];
  if (weights.length > 0) changes.push({ entry: archive.weights, splices: weights });
  if (change.config.length > 0) {
    const bytes = new TextEncoder().encode(editText(config.text, change.config));
    changes.push({ entry: archive.config, splices: [{ start: 0, end: archive.config.size, bytes }] });
  }
  const told = change.record === undefined ? null : metadataChange(archive, change.record);
  return zipSplices(archive.zip, told ? [...changes, told] : changes);
}

/** Throws `malformed` where other objects stand in the changed file: bytes that had two uses. */
async function checkStructure(tree: Hdf5Tree, splices: readonly Splice[]): Promise<void> {
  if (splices.length === 0) return;
  const changed = await readTree(new SplicedSource(tree.file.source, splices));
  const isSame =
    changed.objects.size === tree.objects.size && [...tree.objects.keys()].every((path) => changed.objects.has(path));
  if (!isSame) throw malformed('some of its bytes are data and structure at once', splices[0]?.start ?? 0);
}

/**
 * The record under its own name in the metadata. Loading opens config.json and model.weights.h5 by name and never the
 * metadata; a further entry of the archive would be safe only by luck, because more than three make Keras unpack them
 * all as assets (keras/src/saving/saving_lib.py, _load_model_from_fileobj).
 */
function metadataChange({ metadata }: KerasArchive, record: string): EntryChange | null {
  if (!metadata || !(metadata.json.value instanceof Map)) return null;
  const { json, text } = metadata;
  const value = JSON.stringify(record);
  const old = member(json, RECORD_KEY);
  const comma = entries(json).size > 0 ? ', ' : '';
  const edit = old
    ? { start: old.start, end: old.end, text: value }
    : { start: json.end - 1, end: json.end - 1, text: `${comma}${JSON.stringify(RECORD_KEY)}: ${value}` };
  const bytes = new TextEncoder().encode(editText(text, [edit]));
  return { entry: metadata.entry, splices: [{ start: 0, end: metadata.entry.size, bytes }] };
}

interface NewConfig {
  readonly config: StoredConfig;
  readonly range: ByteRange;
  readonly text: string;
}

/** A text in a global heap moves behind the end where it has grown; any other must fit into its place. */
function putConfig(patch: Hdf5Patch, tree: Hdf5Tree, { config, range, text }: NewConfig): void {
  const room = storedLength(config.text, range.end - range.start);
  const bytes = new TextEncoder().encode(text);
  if (config.reference && bytes.length > room) appendText(patch, tree.file.widths, bytes, config.reference);
  else patch.put(range.start, fitJson(text, room), config.block);
}

/** The bytes of a text, without the zeros that fill an attribute of fixed length. */
function storedLength(text: string, room: number): number {
  return Math.min(room, new TextEncoder().encode(text).length);
}
