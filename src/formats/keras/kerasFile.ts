import type { ByteSource } from '../../bytes/byteSource.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import { openZip, type ZipArchive } from '../zip/zipArchive.ts';
import type { ZipEntry } from '../zip/centralDirectory.ts';
import { RECORD_KEY } from '../format.ts';
import { textRanges, texts, type Attribute } from './hdf5/attributes.ts';
import type { ChecksumBlock } from './hdf5/checksum.ts';
import type { ByteRange } from './hdf5/trees/globalHeap.ts';
import type { TextReference } from './hdf5/edit/newText.ts';
import { MAX_TEXT_BYTES } from './hdf5/limits.ts';
import { isHdf5 } from './hdf5/superblock.ts';
import { readTree, type Hdf5Tree } from './hdf5/trees/tree.ts';
import { member, parseJson, text, type Json } from '../../bytes/json/json.ts';

const CONFIG_ENTRY = 'config.json';
const METADATA_ENTRY = 'metadata.json';
const WEIGHTS_ENTRY = 'model.weights.h5';
const ZIP_HEAD = [0x50, 0x4b, 0x03, 0x04];

/** The configuration of a network as a file holds it. */
export interface StoredConfig {
  readonly text: string;
  readonly json: Json;
  /**
   * In HDF5 files: where the text lies, whose length must stay. In archives it is an entry of its own, and null here.
   */
  readonly range: ByteRange | null;
  /** The block with a checksum around it. */
  readonly block: ChecksumBlock | null;
  /** What points to the text where it lies in a global heap, and so may move; null for a text that stays. */
  readonly reference: TextReference | null;
}

/** The entries of a `.keras` archive; older ones have no metadata. */
export interface KerasArchive {
  readonly zip: ZipArchive;
  readonly config: ZipEntry;
  readonly weights: ZipEntry;
  readonly metadata: { readonly entry: ZipEntry; readonly text: string; readonly json: Json } | null;
}

/** A `.keras` archive, or the HDF5 file that `.h5` and `.weights.h5` are. */
export interface KerasFile {
  readonly source: ByteSource;
  readonly archive: KerasArchive | null;
  readonly tree: Hdf5Tree;
  readonly config: StoredConfig | null;
  /** What the file says of who wrote it; '' where it says nothing. */
  readonly version: string;
  readonly backend: string;
  /** What an adapted file tells of its adaptation: in the archive's metadata, or an attribute of the root. */
  readonly record: string | null;
}

/**
 * True when these first bytes are those of an HDF5 file, or of an archive whose first entry is one that Keras writes.
 */
export function isKerasHead(head: Uint8Array): boolean {
  if (isHdf5(head)) return true;
  const name = new TextDecoder().decode(head.subarray(30, 30 + (head[26] ?? 0)));
  const isZip = ZIP_HEAD.every((byte, i) => head[i] === byte);
  return isZip && [METADATA_ENTRY, CONFIG_ENTRY, WEIGHTS_ENTRY].some((entry) => entry.startsWith(name) && name !== '');
}

/** Opens what Keras writes. Throws ChannelwiseError where it can't be read. */
export async function openKerasFile(source: ByteSource, signal?: AbortSignal): Promise<KerasFile> {
  const head = await source.read(0, Math.min(ZIP_HEAD.length, source.size));
  return ZIP_HEAD.every((byte, i) => head[i] === byte) ? openArchive(source, signal) : openPlain(source, signal);
}

async function openArchive(source: ByteSource, signal?: AbortSignal): Promise<KerasFile> {
  const zip = await openZip(source);
  const [config, weights] = [zip.entry(CONFIG_ENTRY), zip.entry(WEIGHTS_ENTRY)];
  if (!config || !weights)
    throw new ChannelwiseError(
      'unsupported',
      'keras-archive',
      `This archive is no Keras model: it has no ${config ? WEIGHTS_ENTRY : CONFIG_ENTRY}.`,
    );
  const written = await entryText(zip, config);
  const metadata = await metadataOf(zip);
  return {
    source,
    archive: { zip, config, weights, metadata },
    tree: await readTree(await zip.data(weights), signal),
    config: { text: written, json: parseJson(written, CONFIG_ENTRY), range: null, block: null, reference: null },
    version: text(member(metadata?.json, 'keras_version')) ?? '',
    backend: '',
    record: text(member(metadata?.json, RECORD_KEY)) ?? null,
  };
}

async function metadataOf(zip: ZipArchive): Promise<KerasArchive['metadata']> {
  const entry = zip.entry(METADATA_ENTRY);
  if (!entry) return null;
  const written = await entryText(zip, entry);
  return { entry, text: written, json: parseJson(written, METADATA_ENTRY) };
}

async function entryText(zip: ZipArchive, entry: ZipEntry): Promise<string> {
  if (entry.size > MAX_TEXT_BYTES)
    throw new ChannelwiseError(
      'unsupported',
      'keras-config-size',
      `${entry.name} has ${entry.size} bytes, more than any model needs.`,
    );
  const data = await zip.data(entry);
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(await data.read(0, data.size));
}

async function openPlain(source: ByteSource, signal?: AbortSignal): Promise<KerasFile> {
  const tree = await readTree(source, signal);
  const attributes = tree.objects.get('')?.attributes ?? new Map<string, Attribute>();
  const weights = tree.objects.get('model_weights')?.attributes ?? new Map<string, Attribute>();
  const about = async (name: string): Promise<string> => {
    const attribute = attributes.get(name) ?? weights.get(name);
    return attribute ? ((await texts(tree.file, attribute))[0] ?? '') : '';
  };
  return {
    source,
    archive: null,
    tree,
    config: await plainConfig(tree, attributes.get('model_config')),
    version: await about('keras_version'),
    backend: await about('backend'),
    record: (await about(RECORD_KEY)) || null,
  };
}

async function plainConfig(tree: Hdf5Tree, attribute: Attribute | undefined): Promise<StoredConfig | null> {
  if (!attribute) return null;
  const [range] = await textRanges(tree.file, attribute);
  if (!range) return null;
  // Texts of any length lie in a global heap, which has no checksum.
  const inPlace = attribute.datatype.kind === 'text';
  const [written = ''] = await texts(tree.file, attribute);
  const reference = { at: attribute.value.start, block: attribute.block };
  return {
    text: written,
    json: parseJson(written, 'model_config'),
    range,
    block: inPlace ? attribute.block : null,
    reference: inPlace ? null : reference,
  };
}
