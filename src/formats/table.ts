import type { Format } from './format.ts';
import { kerasFormat } from './keras/format.ts';
import { onnxFormat } from './onnx/format.ts';
import { pytorchFormat } from './pytorch/format.ts';
import { safetensorsFormat } from './safetensors/format.ts';
import { shardedFormat } from './sharded/format.ts';

/** Every format there is. ONNX files have no mark of their own, so they come last. */
export const FORMATS: readonly Format[] = [safetensorsFormat, pytorchFormat, shardedFormat, kerasFormat, onnxFormat];

/** The format of a file by its first bytes. What none recognises is read as ONNX, whose reader says what it is not. */
export function formatOf(head: Uint8Array): Format {
  return FORMATS.find((format) => format.recognise(head)) ?? onnxFormat;
}
