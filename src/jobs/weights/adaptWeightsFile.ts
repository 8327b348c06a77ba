import { summary, type AdaptationPlan } from '../../adapt/report/plan.ts';
import { provenanceText, readProvenance } from '../../adapt/report/provenance.ts';
import { adaptWeights } from '../../adapt/weights/adaptWeights.ts';
import { layerText } from '../../adapt/weights/patchOrder.ts';
import { ChannelwiseError } from '../../bytes/errors.ts';
import { fileSize } from '../../files/besideFiles.ts';
import { basename, dirname, join, resolve } from '../../files/paths.ts';
import type { FolderFile } from '../../files/save/saveFolder.ts';
import { saveBeside, saveFolderBeside } from '../../files/writing.ts';
import { canWrite, type TensorChange, type TensorWriter } from '../../formats/format.ts';
import { grownBytes } from '../../formats/sharded/format.ts';
import { changedIndex } from '../../formats/sharded/shardIndex.ts';
import type { AdaptOptions, AdaptResult } from '../adaptOptions.ts';
import type { DataCopy } from '../dataCopies.ts';
import { withOpenFile, type OpenFile } from '../open/openFile.ts';
import { folderVariantName, variantName, variantOf } from '../variantName.ts';
import { VERSION } from '../version.ts';
import {
  besideWeights,
  configChanges,
  copiedFiles,
  hintsOf,
  type BesideWeights,
  type NamedIndex,
} from './besideWeights.ts';
import { changedFiles, type ChangedFile } from './changedFiles.ts';
import { originOf } from './originOf.ts';
import { layersOfStep } from './recordedStep.ts';

const AVERAGED =
  'The config had a mean or std that differs by channel; the new one has their average, so images are normalised ' +
  'nearly but not exactly as before.';
const CONFIGS = 'Other files of weights in the folder hold the old network, so they are not copied.';

/**
 * Adapts a file of weights and writes it beside: `NAME.gray.safetensors`, or where a config beside it says how many
 * channels the network has, or it lies in several files, a folder `FOLDER-gray` with changed weights, index and configs
 * and the rest copied. The original is never touched. Throws ChannelwiseError: what can't be read, is refused, must be
 * chosen (`choose-layer`), or can't be written.
 */
export async function adaptWeightsFile(path: string, options: AdaptOptions): Promise<AdaptResult> {
  refuseGraphOptions(options);
  return withOpenFile(path, options.signal, async (open) => {
    const writer = writerOf(open);
    const beside = await besideWeights(path);
    const { map } = options;
    const { plan: planned, changes } = await adaptWeights({
      tensors: open.file.tensors,
      map,
      // The page and the editor show the layers as a file's inputs.
      layers: options.layers ?? options.inputs ?? recordedLayers(writer),
      hints: hintsOf(beside, open.file),
    });
    const configs = configChanges(beside, map);
    const isAlone = configs.size === 0 && beside.index === null;
    const inFolder = open.shards.size > 0 || (options.out === undefined && !isAlone);
    const isAveraged = [...configs.values()].some((config) => config.isAveraged);
    const folderNotes = inFolder ? [...(isAveraged ? [AVERAGED] : []), CONFIGS] : [];
    const plan = { ...planned, notes: [...planned.notes, ...(writer.notes ?? []), ...folderNotes, ...beside.faults] };
    const record = await recordOf(open, { writer, plan, inFolder });
    const changed = await changedFiles(open, { writer, changes, record });
    const result = { plan, summary: summary(plan), dataCopies: [], madeFolders: [] };
    if (options.dryRun) return { ...result, outPath: null };
    if (!inFolder) return { ...result, outPath: await writeFile(open, changed, options) };
    const texts = new Map([...configs].map(([name, { text }]) => [name, text]));
    if (beside.index) texts.set(beside.index.name, indexText(beside.index, open, changes));
    return { ...result, ...(await writeFolder({ open, changed, beside, texts }, options)) };
  });
}

/** What names a part of a graph says nothing of weights alone. */
function refuseGraphOptions({ axis, keepIntegers, inputs, layers }: AdaptOptions): void {
  const refused = (code: string, message: string): ChannelwiseError => new ChannelwiseError('refused', code, message);
  if (axis !== undefined)
    throw refused('axis', 'Weights alone have no input, so there is no axis of it to name (`--axis`).');
  if (keepIntegers)
    throw refused('keep-integers', 'Quantised weights without a graph are never changed (`--keep-integers`).');
  if (inputs && layers)
    throw refused('inputs', 'Weights alone have no inputs; name their layers by `--layer`, without `--input`.');
}

function writerOf({ file }: OpenFile): TensorWriter {
  if (canWrite(file.writer)) return file.writer;
  throw new ChannelwiseError('refused', 'no-writer', file.writer.refused);
}

/** The layers of the last step that the file records. */
function recordedLayers({ record }: TensorWriter): string[] | undefined {
  const layers = layersOfStep(readProvenance(record).at(-1));
  return layers.length > 0 ? layers.map(layerText) : undefined;
}

interface Recorded {
  readonly writer: TensorWriter;
  readonly plan: AdaptationPlan;
  readonly inFolder: boolean;
}

async function recordOf(open: OpenFile, { writer, plan, inFolder }: Recorded): Promise<string> {
  const source = await originOf(open, inFolder);
  return provenanceText(readProvenance(writer.record), plan, { version: VERSION, source });
}

/** The index of a shard that is changed by itself. */
function indexText(index: NamedIndex, { file }: OpenFile, changes: readonly TensorChange[]): string {
  return changedIndex(index, { grown: grownBytes(changes, file.tensors), record: null });
}

async function writeFile(
  { path }: OpenFile,
  [changed]: readonly [ChangedFile, ...ChangedFile[]],
  options: AdaptOptions,
): Promise<string> {
  const out = options.out === undefined ? null : resolve(options.out);
  const { signal, onProgress, onWritten } = options;
  return saveBeside({
    source: changed.source,
    splices: changed.splices,
    directory: dirname(out ?? resolve(path)),
    candidates: (i) => {
      if (out === null) return variantName(path, variantOf(options.map), i);
      return i === 0 ? basename(out) : null;
    },
    signal,
    onProgress,
    onWritten,
  });
}

interface FolderParts {
  readonly open: OpenFile;
  readonly changed: readonly ChangedFile[];
  readonly beside: BesideWeights;
  /** Configs and the index, changed. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Writes the folder: the path of the weights in it, and its other files, which go with them when they are undone. */
async function writeFolder(
  { open, changed, beside, texts }: FolderParts,
  options: AdaptOptions,
): Promise<Pick<AdaptResult, 'outPath' | 'dataCopies' | 'madeFolders'>> {
  const name = basename(open.path);
  const written = new Set([...changed.map((file) => file.name), ...texts.keys()]);
  const shards = new Set([...open.shards.keys(), ...(beside.index?.shards ?? [])]);
  const copied = await copiedFiles(beside.folder, written, shards);
  const files: FolderFile[] = [
    ...changed,
    ...[...texts].map(([file, text]) => ({ name: file, text })),
    ...copied.map((file) => ({ name: file, copyOf: join(beside.folder, file) })),
  ];
  const out = options.out === undefined ? null : resolve(options.out);
  const { signal, onProgress } = options;
  const folder = await saveFolderBeside({
    files,
    signal,
    onProgress,
    directory: dirname(out ?? beside.folder),
    candidates: (i) => {
      if (out === null) return folderVariantName(beside.folder, variantOf(options.map), i);
      return i === 0 ? basename(out) : null;
    },
  });
  const others = files.map((file) => file.name).filter((file) => file !== name);
  const dataCopies = await Promise.all(others.map((file) => copyIn(folder, beside.folder, file)));
  return { outPath: join(folder, name), dataCopies, madeFolders: [folder] };
}

async function copyIn(folder: string, from: string, name: string): Promise<DataCopy> {
  const path = join(folder, name);
  return { location: name, from: join(from, name), path, size: await fileSize(path), present: false };
}
