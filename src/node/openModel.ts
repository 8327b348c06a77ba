import { storedTensors } from '../graph/storedTensors.ts';
import type { Model, SparseTensor, Tensor } from '../onnx/model.ts';
import { scanModel } from '../onnx/scan.ts';
import type { TensorContext } from '../onnx/tensorData.ts';
import { WireReader } from '../onnx/wire.ts';
import { externalReader } from './external.ts';
import { openFileSource, type FileSource } from './fileSource.ts';

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

/** The model scanned last: a page asks for one weight after another of the same file. Its source is closed and only tells whether the file changed. */
let last: Scanned | null = null;

/** Opens a model file, scans it unless that was done and the file is the same, and closes it when `use` is done. */
export async function withOpenModel<T>(path: string, signal: AbortSignal | undefined, use: (open: OpenModel) => Promise<T>): Promise<T> {
  const source = await openFileSource(path);
  try {
    const known = last?.source.path === path && await last.source.unchanged() ? last : null;
    const { model, stored } = known ?? await scanned(source, signal);
    return await use({ source, model, stored, ctx: { wire: new WireReader(source, signal), external: externalReader(path) } });
  } finally {
    await source.close();
  }
}

async function scanned(source: FileSource, signal: AbortSignal | undefined): Promise<Scanned> {
  const model = await scanModel(source, signal);
  last = { source, model, stored: storedTensors(model.graph) };
  return last;
}
