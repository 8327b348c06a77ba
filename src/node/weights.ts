import { promises as fs } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { streamCsv } from '../onnx/csv.ts';
import { elementTexts, numberText } from '../onnx/elementText.ts';
import { ChannelwiseError } from '../onnx/errors.ts';
import type { SparseTensor, Tensor } from '../onnx/model.ts';
import { npyNote, streamNpy } from '../onnx/npy.ts';
import { readStatistics } from '../onnx/statistics.ts';
import { readBlock } from '../onnx/tensorBlock.ts';
import type { TensorContext } from '../onnx/tensorData.ts';
import type { PageRange, PageStatistics, TensorFormat } from '../protocol/weights.ts';
import type { JobContext } from './jobs.ts';
import { withOpenModel } from './openModel.ts';
import { writeFileWhole } from './tensorFile.ts';

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
  { signal, onProgress }: JobContext,
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
  { signal }: JobContext,
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
  format: TensorFormat,
  outPath: string,
  { signal, onProgress }: JobContext,
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

async function sameFile(a: string, b: string): Promise<boolean> {
  try {
    const [x, y] = await Promise.all([fs.stat(a, { bigint: true }), fs.stat(b, { bigint: true })]);
    return x.dev === y.dev && x.ino === y.ino;
  } catch {
    // One of them does not exist.
    return false;
  }
}
