import { encodeField, encodeNode } from '../../../formats/onnx/edit/encode.ts';
import { GRAPH_NODE } from '../../../formats/onnx/edit/edit.ts';
import { copyNode } from '../../../formats/onnx/edit/nodeCopy.ts';
import type { Node } from '../../../formats/onnx/model.ts';
import { inferShapes } from '../../../graph/shapes/shapes.ts';
import { DOUBLE, FLOAT } from '../../../tensors/dtypes.ts';
import type { Wiring } from '../../wiring.ts';

/** Operators that may sum up a whole image: https://onnx.ai/onnx/operators/ (Reduce…) */
const SUMS = new Set(['ReduceL1', 'ReduceL2', 'ReduceMean', 'ReduceSum', 'ReduceSumSquare']);

/**
 * The nodes among these that sum in float32. The runtime adds up one number after the other: for a picture of 224 by
 * 224 that is off by up to a thousandth, in another way for each order of channels. In double it is off by nothing that
 * shows.
 */
export function longSums(wiring: Wiring, nodes: readonly Node[]): ReadonlySet<Node> {
  const sums = nodes.filter((node) => node.domain === '' && SUMS.has(node.opType));
  if (!sums.length) return new Set();
  const { tensors } = inferShapes(wiring.file.model);
  return new Set(sums.filter((node) => tensors.get(node.inputs[0] ?? '')?.dtype === FLOAT));
}

/** Such a node between two Casts, as fields of a graph. */
export async function inDouble(wiring: Wiring, node: Node): Promise<readonly Uint8Array[]> {
  const [input = '', ...others] = node.inputs;
  const [output = ''] = node.outputs;
  const [wide, sum] = [free(wiring, `${output}/wide`), free(wiring, `${output}/sum`)];
  const cast = (from: string, to: string, dtype: number): Uint8Array =>
    encodeNode({ name: to, opType: 'Cast', inputs: [from], outputs: [to], attributes: [{ name: 'to', int: dtype }] });
  const copy = { name: sum, inputs: [wide, ...others], outputs: [sum], attributes: new Map() };
  const bodies = [
    cast(input, wide, DOUBLE),
    await copyNode(wiring.file.ctx.wire, node, copy),
    cast(sum, output, FLOAT),
  ];
  return bodies.map((body) => encodeField(GRAPH_NODE, body));
}

/** A name that no tensor of the model has. */
function free({ makers, stored, sparse, inputs }: Wiring, wanted: string): string {
  let name = wanted;
  while (makers.has(name) || stored.has(name) || sparse.has(name) || inputs.has(name)) name += '_';
  return name;
}
