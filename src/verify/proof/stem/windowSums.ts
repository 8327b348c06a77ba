import { intOf, intsOf, textOf } from '../../../formats/onnx/attributes.ts';
import type { Node } from '../../../formats/onnx/model.ts';
import { DOUBLE } from '../../../tensors/dtypes.ts';
import type { WideNodes } from './wideNodes.ts';
import { product } from '../../../tensors/dims.ts';

/** CumSum, and Pad with its sizes as an input, are there from this opset on. */
const RUNNING_SUMS = 11;
/** Windows of fewer pixels round by less than the tolerance. */
const LONG_WINDOW = 64;
/** Behind the end of any axis. */
const END = Number.MAX_SAFE_INTEGER;

/** Whether an AveragePool has long windows, of the plain kind that `averageOfWindows` writes. */
export function hasLongWindows(node: Node, opset: number): boolean {
  const size = product(intsOf(node, 'kernel_shape') ?? []);
  const isPlain =
    ['NOTSET', 'VALID'].includes(textOf(node, 'auto_pad', 'NOTSET')) &&
    intOf(node, 'ceil_mode', 0) === 0 &&
    (intsOf(node, 'dilations') ?? []).every((dilation) => dilation === 1);
  return opset >= RUNNING_SUMS && size >= LONG_WINDOW && isPlain;
}

/** AveragePool in double: the sum of each window over the number of its pixels. */
export function averageOfWindows(nodes: WideNodes): string {
  const { node } = nodes;
  const image = nodes.wide(node.inputs[0] ?? '');
  const sums = windowSums(nodes, image);
  const pads = intsOf(node, 'pads') ?? [];
  if (intOf(node, 'count_include_pad', 0) === 1 || pads.every((pad) => pad === 0))
    return nodes.add('Div', [sums, nodes.double(product(intsOf(node, 'kernel_shape') ?? []))]);
  const one = { name: '', dtype: DOUBLE, dims: [1], values: [1] };
  const ones = nodes.add('ConstantOfShape', [nodes.add('Shape', [image])], [{ name: 'value', tensor: one }]);
  return nodes.add('Div', [sums, windowSums(nodes, ones)]);
}

/** Along each axis, the running sum at a window's end less that in front of the window. */
function windowSums(nodes: WideNodes, image: string): string {
  const { node, rank } = nodes;
  const kernel = intsOf(node, 'kernel_shape') ?? [];
  const strides = intsOf(node, 'strides') ?? [];
  const pads = intsOf(node, 'pads') ?? [];
  let sums = image;
  for (const [i, size] of kernel.entries()) {
    const axis = nodes.integers([i + 2]);
    const step = nodes.integers([strides[i] ?? 1]);
    const around = Array<number>(2 * rank).fill(0);
    around[i + 2] = (pads[i] ?? 0) + 1;
    around[rank + i + 2] = pads[i + kernel.length] ?? 0;
    const padded = nodes.add('Pad', [sums, nodes.integers(around)]);
    const running = nodes.add('CumSum', [padded, axis]);
    const ends = nodes.add('Slice', [running, nodes.integers([size]), nodes.integers([END]), axis, step]);
    const starts = nodes.add('Slice', [running, nodes.integers([0]), nodes.integers([-size]), axis, step]);
    sums = nodes.add('Sub', [ends, starts]);
  }
  return sums;
}
