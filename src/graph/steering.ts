import type { Graph, Node, Tensor } from '../onnx/model.ts';
import { decodeTensor, type TensorContext } from '../onnx/tensorData.ts';
import { MAX_STEERING, type Integers } from './integers.ts';

const INT32 = 6;
const INT64 = 7;
const FLOAT = 1;
/** Where an operator's float input steers a shape. */
const SCALES: Readonly<Record<string, number>> = { Resize: 2, Upsample: 1 };

/** Reads the small constants that steer shapes: integers, and the scales of Resize. What can't be read is left out. */
export async function steeringConstants(graph: Graph, ctx: TensorContext): Promise<Map<string, Integers>> {
  const found = new Map<string, Integers>();
  const scales = new Set(graph.nodes.flatMap((n) => scaleNames(n)));
  const wanted = (name: string, t: Tensor): boolean => {
    const small = t.storage.kind !== 'external' && t.dims.reduce((n, d) => n * d, 1) <= MAX_STEERING;
    return small && (t.dtype === INT32 || t.dtype === INT64 || (t.dtype === FLOAT && scales.has(name)));
  };
  const read = async (name: string, t: Tensor): Promise<void> => {
    if (wanted(name, t)) found.set(name, [...(await decodeTensor(ctx, t, name)).values]);
  };
  for (const t of graph.initializers) await read(t.name, t).catch(ignoreMalformed);
  for (const node of graph.nodes) {
    const output = node.outputs[0];
    if (node.opType !== 'Constant' || node.domain !== '' || !output) continue;
    for (const a of node.attributes) {
      if (a.tensor) await read(output, a.tensor).catch(ignoreMalformed);
      if (a.name === 'value_int' && a.int !== undefined) found.set(output, [Number(a.int)]);
      if (a.name === 'value_ints' && a.ints && a.ints.length <= MAX_STEERING) found.set(output, a.ints.map(Number));
    }
  }
  return found;
}

function scaleNames(node: Node): string[] {
  const at = SCALES[node.opType];
  const names = at === undefined ? [] : [node.inputs[at], node.opType === 'Resize' ? node.inputs[1] : undefined];
  return names.filter((n): n is string => Boolean(n));
}

/** A damaged constant leaves one shape unknown; whoever needs its values reports the damage. A cancel goes on. */
function ignoreMalformed(error: unknown): void {
  const kind = (error as { kind?: unknown }).kind;
  if (kind !== 'malformed' && kind !== 'unsupported' && kind !== 'refused') throw error;
}
