import { basename } from 'node:path';
import { dtypeName } from '../onnx/dtypes.ts';
import { ChannelwiseError } from '../onnx/errors.ts';
import type { Dim } from '../onnx/model.ts';
import { scanModel } from '../onnx/scan.ts';
import { WireReader } from '../onnx/wire.ts';
import { inferShapes, type Contradiction } from '../graph/shapes.ts';
import { steeringConstants } from '../graph/steering.ts';
import { openFileSource } from './fileSource.ts';

export interface ShapesReport {
  readonly file: string;
  readonly tensors: readonly { readonly name: string; readonly dtype: string | null; readonly dims: readonly Dim[] | null; readonly reason?: string }[];
  /** Why shapes stayed unknown, with how many tensors each reason concerns. */
  readonly unknown: Readonly<Record<string, number>>;
  readonly contradictions: readonly Contradiction[];
}

/** The shape of every tensor of the main graph. `bind` gives sizes to symbols. */
export async function shapesOfFile(path: string, bind: Readonly<Record<string, number>>, signal?: AbortSignal): Promise<ShapesReport> {
  const source = await openFileSource(path);
  try {
    const model = await scanModel(source, signal);
    const constants = await steeringConstants(model.graph, { wire: new WireReader(source, signal) });
    const { tensors, contradictions } = inferShapes(model, { constants, bind });
    const unknown: Record<string, number> = {};
    for (const { reason } of tensors.values()) if (reason) unknown[reason] = (unknown[reason] ?? 0) + 1;
    const list = [...tensors].map(([name, t]) => ({ name, dtype: t.dtype === null ? null : dtypeName(t.dtype), dims: t.dims, ...(t.reason ? { reason: t.reason } : {}) }));
    return { file: basename(path), tensors: list, unknown, contradictions };
  } finally {
    await source.close();
  }
}

export function shapesText(report: ShapesReport): string[] {
  const dims = (d: readonly Dim[] | null): string => (d ? `[${d.map((x) => x ?? '?').join(', ')}]` : 'unknown');
  return [
    ...report.tensors.map((t) => `${t.name}: ${t.dtype ?? 'unknown type'} ${dims(t.dims)}${t.reason ? ` (${t.reason})` : ''}`),
    ...report.contradictions.map((c) => `Contradiction at ${c.opType} ${c.node}: ${c.tensor} is declared ${dims(c.declared)}, but follows as ${dims(c.inferred)}`),
  ];
}

/** `--bind batch=1 --bind height=224`, also as one list with commas. */
export function parseBindings(texts: readonly string[]): Record<string, number> {
  const bind: Record<string, number> = {};
  for (const part of texts.flatMap((t) => t.split(','))) {
    const match = /^\s*(.+?)\s*=\s*(\d{1,15})\s*$/.exec(part);
    if (!match?.[1]) throw new ChannelwiseError('refused', 'bind', `A binding is NAME=NUMBER, such as batch=1, but \`${part}\` is not.`);
    bind[match[1]] = Number(match[2]);
  }
  return bind;
}
