import type { Model, Node, Tensor } from '../../formats/onnx/model.ts';
import { BOOL, DOUBLE, FLOAT, INT32, INT64 } from '../../tensors/dtypes.ts';
import { decodeTensor, elementCount, type TensorContext } from '../../formats/onnx/tensors/tensorData.ts';
import { connectionsOf } from '../connections.ts';
import { allGraphs, allNodeLists } from '../nested.ts';
import { unambiguous } from '../storedTensors.ts';
import { EVALUATE } from '../values/evaluate.ts';
import { MAX_ENTRIES, small, type SmallTensor } from '../values/smallTensor.ts';

/** The small stored tensors whose numbers steer shapes, by the tensor of the scan. */
export type SteeringConstants = ReadonlyMap<Tensor, SmallTensor>;

const INTEGERS = new Set([INT32, INT64, BOOL]);
const FLOATS = new Set([FLOAT, DOUBLE]);
/** Scales have an entry for each axis. */
const MAX_SCALES = 8;
/**
 * Inputs that steer an output's shape and may be floats, by operator. Everything evaluated on the way to them counts
 * too.
 */
const FLOAT_STEERED: Readonly<Record<string, readonly number[]>> = {
  Resize: [1, 2],
  Upsample: [1],
  Range: [0, 1, 2],
  Cast: [0],
};

/**
 * Reads the small constants that steer shapes, in all graphs and functions: integers, and floats on the way to a scale
 * or a size. What can't be read is left out. Other weights are not touched.
 */
export async function steeringConstants(model: Model, ctx: TensorContext): Promise<SteeringConstants> {
  const found = new Map<Tensor, SmallTensor>();
  const floats = steeringFloats(model);
  const steers = (t: Tensor, name: string): boolean =>
    INTEGERS.has(t.dtype) || (FLOATS.has(t.dtype) && floats.has(name));
  const read = async (t: Tensor, name: string): Promise<void> => {
    if (
      (t.storage.kind === 'external' && !ctx.external) ||
      elementCount(t) > (INTEGERS.has(t.dtype) ? MAX_ENTRIES : MAX_SCALES)
    )
      return;
    const value = small(t.dims, [...(await decodeTensor(ctx, t, name || 'a constant')).values]);
    if (value) found.set(t, value);
  };
  const all: [Tensor, string][] = [];
  for (const graph of allGraphs(model))
    for (const t of unambiguous(graph).initializers) if (steers(t, t.name)) all.push([t, t.name]);
  for (const nodes of allNodeLists(model)) {
    for (const node of nodes)
      for (const a of node.attributes)
        if (a.tensor && steers(a.tensor, node.outputs[0] ?? '')) all.push([a.tensor, node.outputs[0] ?? '']);
  }
  for (const [t, name] of all) await read(t, name).catch((error: unknown) => ignoreUnreadable(error, t));
  return found;
}

/**
 * Names of floats from which a shape is computed: backwards from where they are used, through what can be evaluated.
 */
function steeringFloats(model: Model): Set<string> {
  const wanted = new Set<string>();
  // Inner graphs first: they read what the graphs around them make.
  for (const nodes of allNodeLists(model).toReversed()) {
    for (const node of connectionsOf(nodes).order.toReversed())
      for (const name of wantedInputs(node, wanted)) wanted.add(name);
  }
  return wanted;
}

function wantedInputs(node: Node, wanted: ReadonlySet<string>): readonly string[] {
  if (node.domain !== '') return [];
  const direct =
    Object.hasOwn(FLOAT_STEERED, node.opType) && (node.opType !== 'Cast' || toInteger(node))
      ? FLOAT_STEERED[node.opType]
      : undefined;
  if (direct) return direct.flatMap((i) => node.inputs[i] ?? []);
  return Object.hasOwn(EVALUATE, node.opType) && node.outputs.some((o) => wanted.has(o)) ? node.inputs : [];
}

function toInteger(node: Node): boolean {
  return INTEGERS.has(Number(node.attributes.find((a) => a.name === 'to')?.int ?? 0n));
}

/**
 * A damaged constant, or a file beside the model that is missing, leaves one shape unknown; whoever needs the values
 * reports it. A cancel goes on.
 */
function ignoreUnreadable(error: unknown, t: Tensor): void {
  const kind = (error as { kind?: unknown }).kind;
  if (
    kind !== 'malformed' &&
    kind !== 'unsupported' &&
    kind !== 'refused' &&
    !(kind === 'io' && t.storage.kind === 'external')
  )
    throw error;
}
