import { basename } from 'node:path';
import { CountingSource } from '../bytes/byteSource.ts';
import { inferShapes } from '../graph/shapes.ts';
import { scanModel } from '../onnx/scan.ts';
import type { PageFirstLayer, PageValue } from '../protocol/messages.ts';
import { openFileSource } from './fileSource.ts';
import { pageModel } from './pageModel.ts';

export interface Inspection {
  readonly file: string;
  readonly producer: string;
  readonly irVersion: number;
  readonly opsets: readonly string[];
  readonly inputs: readonly PageValue[];
  readonly outputs: readonly PageValue[];
  readonly nodeCount: number;
  readonly parameterCount: number;
  readonly firstLayers: readonly PageFirstLayer[];
  /** What reading cost. */
  readonly io: { readonly bytesRead: number; readonly fileSize: number; readonly reads: number };
}

/** What a model is, without reading its weights. */
export async function inspectFile(path: string, signal?: AbortSignal): Promise<Inspection> {
  const source = await openFileSource(path);
  try {
    const counting = new CountingSource(source);
    const model = await scanModel(counting, signal);
    const page = pageModel(model, basename(path), source.size, inferShapes(model));
    const { producer, irVersion, opsets, inputs, outputs, parameterCount, firstLayers } = page;
    return {
      file: page.fileName, producer, irVersion, opsets, inputs, outputs, nodeCount: page.nodes.length, parameterCount, firstLayers,
      io: { bytesRead: counting.bytesRead, fileSize: source.size, reads: counting.reads },
    };
  } finally {
    await source.close();
  }
}

export function inspectText(i: Inspection): string[] {
  const value = (v: PageValue): string => `${v.name}: ${v.dtype}${v.dims ? `[${v.dims.join(', ')}]` : ''}`;
  return [
    `${i.file}: ${i.producer || 'unknown producer'}, IR ${i.irVersion}, ${i.opsets.join(', ')}`,
    ...i.inputs.map((v) => `input ${value(v)}`),
    ...i.outputs.map((v) => `output ${value(v)}`),
    `${i.nodeCount} nodes, ${i.parameterCount} parameters, ${i.io.fileSize} bytes (${i.io.bytesRead} read)`,
    ...i.firstLayers.map((l) => `first layer ${l.opType} ${l.node}: ${l.weight} ${l.dtype}[${l.dims.join(', ')}] as ${l.layout}, strides ${l.strides.join('×')}, pads ${l.pads.join(' ')}${l.autoPad === 'NOTSET' ? '' : ` (${l.autoPad})`}, group ${l.group}`),
  ];
}
