import { decodeConstant } from '../onnx/constant.ts';
import { ChannelwiseError } from '../onnx/errors.ts';
import type { Node } from '../onnx/model.ts';
import { decodeTensor } from '../onnx/tensorData.ts';
import { type Wiring } from './wiring.ts';

/** Operators that pass pixels on between an input and its normalisation. */
const PASSING = new Set(['Cast', 'Transpose', 'Identity', 'Resize', 'Squeeze', 'Unsqueeze']);
const ARITHMETIC = new Set(['Sub', 'Add', 'Mul', 'Div']);
/** Means of pixels in 0 to 1 lie below this; those of raw pixels around 100. */
const RAW_MEAN = 2;
/** No model normalises in more steps. */
const MAX_STEPS = 16;
/** A mean or std has one number per channel. */
const MAX_CONSTANT = 4096;

/** The preset a model's own first steps call for: `raw` or `zero-to-one` where it normalises by itself; null where it doesn't. */
export async function ownPreset(w: Wiring, input: string): Promise<'raw' | 'zero-to-one' | null> {
  const dtype = w.inputs.get(input)?.type;
  if (dtype?.kind === 'tensor' && [2, 3, 4, 5, 6, 7, 12].includes(dtype.dtype)) return 'raw';
  let tensor = input;
  let shifted = false;
  for (let i = 0; i < MAX_STEPS; i++) {
    const readers = w.order.filter((n) => n.inputs.includes(tensor));
    const [node] = readers;
    if (!node || readers.length > 1 || node.domain) break;
    if (ARITHMETIC.has(node.opType)) {
      const largest = await largestConstant(w, node, tensor);
      if (largest === null) break;
      if (node.opType === 'Div' ? largest >= RAW_MEAN : node.opType === 'Mul' ? largest <= 1 / 64 : largest >= RAW_MEAN) return 'raw';
      shifted ||= node.opType === 'Sub' || node.opType === 'Add';
    } else if (!PASSING.has(node.opType)) break;
    tensor = node.outputs[0] ?? '';
  }
  return shifted ? 'zero-to-one' : null;
}

async function largestConstant(w: Wiring, node: Node, tensor: string): Promise<number | null> {
  const other = node.inputs.find((name) => name !== tensor) ?? '';
  const stored = w.stored.get(other);
  const maker = w.makers.get(other);
  try {
    if (stored && stored.dims.reduce((n, d) => n * d, 1) > MAX_CONSTANT) return null;
    const value = stored ? await decodeTensor(w.file.ctx, stored, other) : maker?.opType === 'Constant' ? await decodeConstant(w.file.ctx, maker, other) : null;
    return value && value.values.reduce((n, v) => Math.max(n, Math.abs(v)), 0);
  } catch (error) {
    if (error instanceof ChannelwiseError && error.kind !== 'cancelled') return null;
    throw error;
  }
}
