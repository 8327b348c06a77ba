import { dirname, resolve } from 'node:path';
import { streamCsv } from '../formats/onnx/tensors/csv.ts';
import { elementTexts, numberText } from '../formats/onnx/tensors/elementText.ts';
import { ChannelwiseError } from '../bytes/errors.ts';
import type { SparseTensor, Tensor } from '../formats/onnx/model.ts';
import { npyNote, streamNpy } from '../formats/onnx/tensors/npy.ts';
import { readStatistics } from '../formats/onnx/tensors/statistics.ts';
import { readBlock } from '../formats/onnx/tensors/tensorBlock.ts';
import type { TensorContext } from '../formats/onnx/tensors/tensorData.ts';
import type { PageRange, PageStatistics, TensorFormat } from '../protocol/weights.ts';
import { withOpenModel } from '../jobs/openModel.ts';
import type { CallContext } from '../jobs/rpc.ts';
import { sameFile } from '../files/realPath.ts';
import { writeFileWhole } from '../files/save/wholeFile.ts';

interface Named {
  readonly ctx: TensorContext;
  readonly tensor: Tensor | SparseTensor;
  readonly dtype: number;
  readonly label: string;
}

/** A name can be as long as a file; a sentence should not. */
const LONGEST_LABEL = 120;
/** A text on the page; longer ones are cut. */
const LONGEST_TEXT = 1000;

/** Statistics of one stored tensor, in one pass over its bytes. Throws as readStatistics does, and `refused` where there is no such tensor. */
export async function tensorStatistics(
  path: string,
  name: string,
  { signal, onProgress }: CallContext,
): Promise<PageStatistics> {
  return withTensor(path, name, signal, async ({ ctx, tensor, dtype, label }) => {
    const s = await readStatistics(ctx, tensor, label, { onProgress });
    const text = (value: number | bigint | null): string | null =>
      value === null ? null : typeof value === 'bigint' ? String(value) : numberText(dtype, value);
    return { ...s, min: text(s.min), max: text(s.max) };
  });
}

/** The elements of a block as texts. Throws as readBlock does; a range outside the tensor is `refused`. */
export async function tensorBlock(
  path: string,
  name: string,
  ranges: readonly PageRange[],
  { signal }: CallContext,
): Promise<string[]> {
  return withTensor(path, name, signal, async ({ ctx, tensor, dtype, label }) => {
    try {
      return elementTexts(dtype, await readBlock(ctx, tensor, ranges, label)).map((t) =>
        t.length > LONGEST_TEXT ? `${t.slice(0, LONGEST_TEXT)}…` : t,
      );
    } catch (error) {
      if (error instanceof RangeError)
        throw new ChannelwiseError('refused', 'bad-range', `${label} has no elements there (${error.message}).`, {
          tensor: label,
        });
      throw error;
    }
  });
}

/** Writes one tensor as a file. Never onto the model or the file that holds its data. Returns a note on the element type, or null. */
export async function saveTensor(
  path: string,
  name: string,
  { format, outPath }: { readonly format: TensorFormat; readonly outPath: string },
  { signal, onProgress }: CallContext,
): Promise<string | null> {
  return withTensor(path, name, signal, async ({ ctx, tensor, dtype, label }) => {
    const { storage } = 'indices' in tensor ? tensor.values : tensor;
    const sources = [path, ...(storage.kind === 'external' ? [resolve(dirname(path), storage.location)] : [])];
    for (const source of sources) {
      if (await sameFile(source, outPath))
        throw new ChannelwiseError(
          'refused',
          'own-source',
          `${outPath} holds the model's own data; choose another file.`,
        );
    }
    const stream = format === 'npy' ? streamNpy : streamCsv;
    await writeFileWhole(outPath, (write) => stream(ctx, tensor, label, write, { onProgress }));
    return format === 'npy' ? npyNote(dtype) : null;
  });
}

async function withTensor<T>(
  path: string,
  name: string,
  signal: AbortSignal,
  use: (named: Named) => Promise<T>,
): Promise<T> {
  return withOpenModel(path, signal, async ({ ctx, stored }) => {
    const tensor = stored.get(name);
    const label =
      name.length > LONGEST_LABEL ? `${name.slice(0, LONGEST_LABEL)}…` : name || 'The tensor without a name';
    if (!tensor)
      throw new ChannelwiseError('refused', 'no-tensor', `The model stores no tensor ${label}.`, { tensor: label });
    return use({ ctx, tensor, label, dtype: 'indices' in tensor ? tensor.values.dtype : tensor.dtype });
  });
}
