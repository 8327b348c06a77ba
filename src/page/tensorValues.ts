import { ChannelwiseError } from '../bytes/errors.ts';
import { dirname, resolve } from '../files/paths.ts';
import { sameFile } from '../files/realPath.ts';
import { writeFileWhole } from '../files/writing.ts';
import { datasetTensor } from '../formats/keras/datasetTensor.ts';
import type { OpenedNetwork } from '../formats/keras/openNetwork.ts';
import { storedTensor } from '../formats/onnx/tensors/storedTensor.ts';
import { fileFormat, withOpenFile } from '../jobs/open/openFile.ts';
import { withOpenModel } from '../jobs/open/openModel.ts';
import type { PageRange, PageStatistics, TensorFormat } from '../protocol/weights.ts';
import type { CallContext } from '../rpc/messages.ts';
import { streamCsv } from '../tensors/csv.ts';
import { elementTexts, numberText } from '../tensors/elementText.ts';
import { npyNote, streamNpy } from '../tensors/npy.ts';
import { readStatistics } from '../tensors/statistics.ts';
import type { StoredTensor } from '../tensors/storedTensor.ts';
import { readBlock } from '../tensors/tensorBlock.ts';
import { cutText } from '../text/cutText.ts';

interface Named {
  readonly tensor: StoredTensor;
  /** The file beside the model that holds its data; null where it lies in the model. */
  readonly dataFile: string | null;
}

/** A name can be as long as a file; a sentence should not. */
const LONGEST_LABEL = 120;
/** A text on the page; longer ones are cut. */
const LONGEST_TEXT = 1000;

/**
 * Statistics of one stored tensor, in one pass over its bytes. Throws as readStatistics does, and `refused` where there
 * is no such tensor.
 */
export async function tensorStatistics(
  path: string,
  name: string,
  { signal, onProgress }: CallContext,
): Promise<PageStatistics> {
  return withTensor(path, name, signal, async ({ tensor }) => {
    const statistics = await readStatistics(tensor, { onProgress });
    const text = (value: number | bigint | null): string | null => (value === null ? null : shownNumber(tensor, value));
    return { ...statistics, min: text(statistics.min), max: text(statistics.max) };
  });
}

function shownNumber({ dtype }: StoredTensor, value: number | bigint): string {
  return typeof value === 'bigint' ? String(value) : numberText(dtype, value);
}

/** The elements of a block as texts. Throws as readBlock does; a range outside the tensor is `refused`. */
export async function tensorBlock(
  path: string,
  name: string,
  ranges: readonly PageRange[],
  { signal }: CallContext,
): Promise<string[]> {
  return withTensor(path, name, signal, async ({ tensor }) => {
    try {
      return elementTexts(tensor.dtype, await readBlock(tensor, ranges)).map((elementText) =>
        cutText(elementText, LONGEST_TEXT),
      );
    } catch (error) {
      if (error instanceof RangeError)
        throw new ChannelwiseError('refused', 'bad-range', `${tensor.name} has no elements there (${error.message}).`, {
          tensor: tensor.name,
        });
      throw error;
    }
  });
}

/**
 * Writes one tensor as a file, that of a Keras layer in Keras's order of axes. Never onto the model or the file that
 * holds its data. Returns a note on the element type, or null.
 */
export async function saveTensor(
  path: string,
  name: string,
  { format, outPath }: { readonly format: TensorFormat; readonly outPath: string },
  { signal, onProgress }: CallContext,
): Promise<string | null> {
  return withTensor(path, name, signal, async ({ tensor, dataFile }) => {
    for (const source of dataFile === null ? [path] : [path, dataFile]) {
      if (await sameFile(source, outPath))
        throw new ChannelwiseError(
          'refused',
          'own-source',
          `${outPath} holds the model's own data; choose another file.`,
        );
    }
    const stream = format === 'npy' ? streamNpy : streamCsv;
    await writeFileWhole(outPath, (write) => stream(tensor, write, { onProgress }));
    return format === 'npy' ? npyNote(tensor.dtype) : null;
  });
}

async function withTensor<T>(
  path: string,
  name: string,
  signal: AbortSignal,
  use: (named: Named) => Promise<T>,
): Promise<T> {
  const label = cutText(name, LONGEST_LABEL) || 'The tensor without a name';
  const format = await fileFormat(path);
  const graphTensor = (): Promise<T> => withGraphTensor(path, { name, label }, signal, use);
  if (format.id === 'onnx') return graphTensor();
  return withOpenFile(path, signal, async ({ file }) => {
    // A graph shows its weights under its own names.
    if (file.graph) return graphTensor();
    const tensor = file.tensors.find((stored) => stored.name === name);
    if (!tensor) throw noTensor(label);
    return use({ tensor, dataFile: null });
  });
}

/** Constants of the graph count as stored tensors too, and data may lie in files beside the model. */
async function withGraphTensor<T>(
  path: string,
  { name, label }: { readonly name: string; readonly label: string },
  signal: AbortSignal,
  use: (named: Named) => Promise<T>,
): Promise<T> {
  return withOpenModel(path, signal, async ({ ctx, stored, keras }) => {
    const tensor = stored.get(name);
    if (!tensor) throw noTensor(label);
    const inKeras = keras && kerasTensor(keras, name);
    if (inKeras) return use({ tensor: inKeras, dataFile: null });
    const { storage } = 'indices' in tensor ? tensor.values : tensor;
    const dataFile = storage.kind === 'external' ? resolve(dirname(path), storage.location) : null;
    return use({ tensor: storedTensor(ctx, tensor, label), dataFile });
  });
}

/** A weight as its Keras layer has it, where the graph reads it with its axes in another order. */
function kerasTensor({ file, presented }: OpenedNetwork, name: string): StoredTensor | null {
  const view = presented.weights.get(name);
  const object = view && file.tree.objects.get(view.dataset);
  return object ? datasetTensor(file.tree, object) : null;
}

function noTensor(label: string): ChannelwiseError {
  return new ChannelwiseError('refused', 'no-tensor', `The file stores no tensor ${label}.`, { tensor: label });
}
