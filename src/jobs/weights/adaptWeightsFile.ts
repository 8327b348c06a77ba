import { basename, dirname, join, resolve } from 'node:path';
import { summary, type AdaptationPlan } from '../../adapt/report/plan.ts';
import { provenanceText, readProvenance } from '../../adapt/report/provenance.ts';
import { adaptWeights } from '../../adapt/weights/adaptWeights.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import type { Splice } from '../../bytes/splice.ts';
import { saveBeside } from '../../files/save/save.ts';
import { saveFolderBeside, type FolderFile } from '../../files/save/saveFolder.ts';
import { sourceDigest } from '../../files/sourceDigest.ts';
import { canWrite, type TensorWriter } from '../../formats/format.ts';
import { fileSize } from '../../files/besideFiles.ts';
import type { AdaptOptions, AdaptResult } from '../convert.ts';
import type { DataCopy } from '../dataCopies.ts';
import { withOpenFile, type OpenFile } from '../openFile.ts';
import { folderVariantName, variantName, variantOf } from '../variantName.ts';
import { VERSION } from '../version.ts';
import { besideWeights, configChanges, copiedFiles, hintsOf, type BesideWeights } from './besideWeights.ts';
import { indexWithSize } from './weightsIndex.ts';

const AVERAGED =
  'The config had a mean or std that differs by channel; the new one has their average, so images are normalised nearly but not exactly as before.';
const CONFIGS = 'Other files of weights in the folder hold the old network, so they are not copied.';

/**
 * Adapts a file of weights and writes it beside: `NAME.gray.safetensors`, or where a config beside it says how many
 * channels the network has, a folder `FOLDER-gray` with changed weights and configs and the rest copied. The original
 * is never touched. Throws ChannelwiseError: what can't be read, is refused, must be chosen (`choose-layer`), or can't
 * be written.
 */
export async function adaptWeightsFile(path: string, options: AdaptOptions): Promise<AdaptResult> {
  return withOpenFile(path, options.signal, async (open) => {
    const writer = writerOf(open);
    const beside = await besideWeights(path);
    const { map } = options;
    const adapted = await adaptWeights({
      tensors: open.file.tensors,
      map,
      // The page and the editor show the layers as a file's inputs.
      layers: options.layers ?? options.inputs ?? recordedLayers(writer),
      hints: hintsOf(beside),
    });
    const configs = configChanges(beside, map);
    const inFolder = options.out === undefined && (configs.size > 0 || beside.index !== null);
    const notes = [
      ...adapted.plan.notes,
      ...([...configs.values()].some(({ isAveraged }) => isAveraged) && inFolder ? [AVERAGED] : []),
      ...(inFolder ? [CONFIGS] : []),
    ];
    const plan = { ...adapted.plan, notes };
    const record = await recordOf(open, writer, plan);
    const splices = await writer.splices(adapted.changes, record);
    const result = { plan, summary: summary(plan), dataCopies: [] };
    if (options.dryRun) return { ...result, outPath: null };
    if (!inFolder) return { ...result, outPath: await writeFile(open, splices, options) };
    const texts = new Map([...configs].map(([name, { text }]) => [name, text]));
    if (beside.index) texts.set(beside.index.name, indexWithSize(beside.index, adapted.changes, open.file.tensors));
    return { ...result, ...(await writeFolder({ open, splices, beside, texts }, options)) };
  });
}

function writerOf({ file }: OpenFile): TensorWriter {
  if (canWrite(file.writer)) return file.writer;
  throw new ChannelwiseError('refused', 'no-writer', file.writer.refused);
}

/** The layers of the last step that the file records. */
function recordedLayers({ record }: TensorWriter): string[] | undefined {
  const layers = readProvenance(record)
    .at(-1)
    ?.folds.filter(({ opType }) => opType === 'layer');
  return layers?.length ? layers.map(({ tensor }) => tensor) : undefined;
}

async function recordOf({ path, source }: OpenFile, { record }: TensorWriter, plan: AdaptationPlan): Promise<string> {
  const from = { name: basename(path), size: source.size, digest: await sourceDigest(source) };
  return provenanceText(readProvenance(record), plan, { version: VERSION, source: from });
}

async function writeFile(open: OpenFile, splices: readonly Splice[], options: AdaptOptions): Promise<string> {
  const { path, source } = open;
  const out = options.out === undefined ? null : resolve(options.out);
  const { signal, onProgress } = options;
  return saveBeside({
    source,
    splices,
    directory: dirname(out ?? resolve(path)),
    candidates: (i) => {
      if (out === null) return variantName(path, variantOf(options.map), i);
      return i === 0 ? basename(out) : null;
    },
    signal,
    onProgress,
  });
}

interface FolderParts {
  readonly open: OpenFile;
  readonly splices: readonly Splice[];
  readonly beside: BesideWeights;
  /** Configs and the index, changed. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Writes the folder: the path of the weights in it, and its other files, which go with them when they are undone. */
async function writeFolder(
  { open, splices, beside, texts }: FolderParts,
  options: AdaptOptions,
): Promise<Pick<AdaptResult, 'outPath' | 'dataCopies'>> {
  const name = basename(open.path);
  const copied = await copiedFiles(beside, new Set([name, ...texts.keys()]));
  const files: FolderFile[] = [
    { name, source: open.source, splices },
    ...[...texts].map(([file, text]) => ({ name: file, text })),
    ...copied.map((file) => ({ name: file, copyOf: join(beside.folder, file) })),
  ];
  const { signal, onProgress } = options;
  const folder = await saveFolderBeside({
    folder: beside.folder,
    candidates: (i) => folderVariantName(beside.folder, variantOf(options.map), i),
    files,
    signal,
    onProgress,
  });
  const others = files.map((file) => file.name).filter((file) => file !== name);
  const dataCopies = await Promise.all(others.map((file) => copyIn(folder, beside.folder, file)));
  return { outPath: join(folder, name), dataCopies };
}

async function copyIn(folder: string, from: string, name: string): Promise<DataCopy> {
  const path = join(folder, name);
  return { location: name, from: join(from, name), path, size: await fileSize(path), present: false };
}
