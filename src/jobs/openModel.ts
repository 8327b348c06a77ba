import { storedTensors } from '../graph/storedTensors.ts';
import type { Model, SparseTensor, Tensor } from '../formats/onnx/model.ts';
import { scanModel } from '../formats/onnx/scan/scan.ts';
import type { TensorContext } from '../formats/onnx/tensors/tensorData.ts';
import { WireReader } from '../formats/onnx/scan/wire.ts';
import { externalReader } from '../files/external.ts';
import { openFileSource, type FileSource } from '../files/fileSource.ts';

/** A model file that is open for reading, as scanned. */
export interface OpenModel {
  readonly source: FileSource;
  readonly model: Model;
  readonly stored: ReadonlyMap<string, Tensor | SparseTensor>;
  readonly ctx: TensorContext;
}

interface Scanned {
  readonly source: FileSource;
  readonly model: Model;
  readonly stored: OpenModel['stored'];
}

/** A page asks for one weight after another of the same file, or of it and its original. */
const KEPT = 2;
/** The models scanned last. Their sources are closed and only tell whether the file changed. */
let last: Scanned[] = [];

/** Opens a model file, scans it unless that was done and the file is the same, and closes it when `use` is done. */
export async function withOpenModel<T>(
  path: string,
  signal: AbortSignal | undefined,
  use: (open: OpenModel) => Promise<T>,
): Promise<T> {
  const source = await openFileSource(path);
  try {
    const known = last.find((s) => s.source.path === path);
    const { model, stored } = known && (await known.source.unchanged()) ? known : await scanned(source, signal);
    return await use({
      source,
      model,
      stored,
      ctx: { wire: new WireReader(source, signal), external: externalReader(path) },
    });
  } finally {
    await source.close();
  }
}

async function scanned(source: FileSource, signal: AbortSignal | undefined): Promise<Scanned> {
  const model = await scanModel(source, signal);
  const now = { source, model, stored: storedTensors(model.graph) };
  last = [now, ...last.filter((s) => s.source.path !== source.path)].slice(0, KEPT);
  return now;
}
