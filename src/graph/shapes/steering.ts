import { isOfKind } from '../../bytes/errors.ts';
import { intOf } from '../../formats/onnx/attributes.ts';
import type { Model, Node, Tensor } from '../../formats/onnx/model.ts';
import { BOOL, DOUBLE, FLOAT, INT32, INT64 } from '../../tensors/dtypes.ts';
import type { TensorContext } from '../../formats/onnx/tensors/tensorContext.ts';
import { decodeTensor } from '../../formats/onnx/tensors/tensorData.ts';
import { elementCount } from '../../tensors/storedTensor.ts';
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
  const steers = (tensor: Tensor, name: string): boolean =>
    INTEGERS.has(tensor.dtype) || (FLOATS.has(tensor.dtype) && floats.has(name));
  const read = async (tensor: Tensor, name: string): Promise<void> => {
    const most = INTEGERS.has(tensor.dtype) ? MAX_ENTRIES : MAX_SCALES;
    const isOutOfReach = tensor.storage.kind === 'external' && !ctx.external;
    if (isOutOfReach || elementCount(tensor) > most) return;
    const value = small(tensor.dims, [...(await decodeTensor(ctx, tensor, name || 'a constant')).values]);
    if (value) found.set(tensor, value);
  };
  const all = namedTensors(model).filter(({ tensor, name }) => steers(tensor, name));
  for (const { tensor, name } of all)
    await read(tensor, name).catch((error: unknown) => ignoreUnreadable(error, tensor));
  return found;
}

/** Initializers whose numbers are known, and tensors in attributes under the name of what their node makes. */
function namedTensors(model: Model): { tensor: Tensor; name: string }[] {
  const all: { tensor: Tensor; name: string }[] = [];
  for (const graph of allGraphs(model))
    for (const tensor of unambiguous(graph).initializers) all.push({ tensor, name: tensor.name });
  for (const { attributes, outputs } of allNodeLists(model).flat())
    for (const { tensor } of attributes) if (tensor) all.push({ tensor, name: outputs[0] ?? '' });
  return all;
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
  return Object.hasOwn(EVALUATE, node.opType) && node.outputs.some((output) => wanted.has(output)) ? node.inputs : [];
}

function toInteger(node: Node): boolean {
  return INTEGERS.has(intOf(node, 'to', 0));
}

/**
 * A damaged constant, or a file beside the model that is missing, leaves one shape unknown; whoever needs the values
 * reports it. A cancel goes on.
 */
function ignoreUnreadable(error: unknown, tensor: Tensor): void {
  const isMissingFile = isOfKind(error, 'io') && tensor.storage.kind === 'external';
  if (!isMissingFile && !isOfKind(error, 'malformed', 'unsupported', 'refused')) throw error;
}
