import type { ReadCounts } from '../../bytes/byteSource.ts';
import { DataFiles } from '../../files/data/dataFiles.ts';
import type { FileSource } from '../../files/diskPort.ts';
import { openFileSource } from '../../files/fileSource.ts';
import { dirname, resolve } from '../../files/paths.ts';
import { realPath } from '../../files/realPath.ts';
import { HEAD_BYTES } from '../../formats/format.ts';
import { openKerasFile } from '../../formats/keras/kerasFile.ts';
import { openNetwork, type OpenedNetwork } from '../../formats/keras/openNetwork.ts';
import type { Model, SparseTensor, Tensor } from '../../formats/onnx/model.ts';
import { scanModel } from '../../formats/onnx/scan/scan.ts';
import { WireReader } from '../../formats/onnx/scan/wire.ts';
import { formatOf } from '../../formats/table.ts';
import { storedTensors } from '../../graph/storedTensors.ts';
import type { ModelFile } from '../../verify/wiring.ts';
import { misnamed } from './misnamed.ts';

/** A model file that is open for reading, as scanned. */
export interface OpenModel extends ModelFile {
  readonly path: string;
  readonly source: FileSource;
  /** The files beside it that hold weights. */
  readonly data: DataFiles;
  /** Every tensor of the main graph that is stored under a name. */
  readonly stored: ReadonlyMap<string, Tensor | SparseTensor>;
  /** What reading has cost so far, the scan with it, also where that was done before. */
  cost(): ReadCounts;
  /**
   * The file behind the graph where that is a Keras network; `model` and `ctx` are then the graph that it is presented
   * as.
   */
  readonly keras: OpenedNetwork | null;
}

interface Scanned {
  readonly version: string;
  readonly model: Model;
  readonly stored: OpenModel['stored'];
  readonly cost: ReadCounts;
}

/** A page asks for one weight after another of the same file, or of it and its original. */
const KEPT = 2;
/** The models scanned last, the newest first. */
let kept: Scanned[] = [];

/**
 * The one way to open a model file: opens it, scans it unless that was done and the file is the same, and closes it
 * when `use` is done. Throws ChannelwiseError for what can't be read, and what `use` throws.
 */
export async function withOpenModel<T>(
  path: string,
  signal: AbortSignal | undefined,
  use: (open: OpenModel) => Promise<T>,
): Promise<T> {
  const source = await openFileSource(path);
  const data = new DataFiles(path);
  try {
    const keras = await openKeras(source, signal);
    if (keras) return await use(presented(path, { source, data, keras }));
    const { model, stored, cost } = await scanned(source, signal).catch((error: unknown) => {
      throw misnamed(error, path);
    });
    const before = { bytesRead: source.bytesRead, reads: source.reads };
    return await use({
      keras: null,
      path,
      source,
      data,
      model,
      stored,
      cost: () => ({
        bytesRead: cost.bytesRead + source.bytesRead - before.bytesRead,
        reads: cost.reads + source.reads - before.reads,
      }),
      ctx: { wire: new WireReader(source, signal), external: data },
      letGo: async () => source.letGo?.(),
      identity: (location) => realPath(resolve(dirname(resolve(path)), location)),
    });
  } finally {
    await data.close();
    await source.close();
  }
}

/** The network of a Keras file; null for other files. */
async function openKeras(source: FileSource, signal: AbortSignal | undefined): Promise<OpenedNetwork | null> {
  const head = await source.read(0, Math.min(HEAD_BYTES, source.size));
  return formatOf(head).id === 'keras' ? openNetwork(await openKerasFile(source, signal), signal) : null;
}

/**
 * A Keras network, open as the graph that it is presented as. Its weights lie in its own file, so no place stands for
 * the same bytes in two files.
 */
function presented(
  path: string,
  open: Pick<OpenModel, 'source' | 'data'> & { readonly keras: OpenedNetwork },
): OpenModel {
  const { model } = open.keras.presented;
  const { source } = open;
  const cost = (): ReadCounts => ({ bytesRead: source.bytesRead, reads: source.reads });
  return { ...open, path, model, cost, stored: storedTensors(model.graph), ctx: open.keras.ctx };
}

/** Two models, open at the same time. */
export async function withOpenModels<T>(
  [first, second]: readonly [string, string],
  signal: AbortSignal | undefined,
  use: (first: OpenModel, second: OpenModel) => Promise<T>,
): Promise<T> {
  return withOpenModel(first, signal, (one) => withOpenModel(second, signal, (two) => use(one, two)));
}

async function scanned(source: FileSource, signal: AbortSignal | undefined): Promise<Scanned> {
  const known = kept.find(({ version }) => version === source.version);
  if (known) return known;
  const model = await scanModel(source, signal);
  const cost = { bytesRead: source.bytesRead, reads: source.reads };
  const now = { version: source.version, model, stored: storedTensors(model.graph), cost };
  kept = [now, ...kept].slice(0, KEPT);
  return now;
}
