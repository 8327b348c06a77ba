import { liesInModel } from '../../../bytes/errors.ts';
import { encodeField, encodeTensorInfo, encodeText } from '../../../formats/onnx/edit/encode.ts';
import { openSession } from '../../session.ts';
import type { Wiring } from '../../wiring.ts';
import { framed, nodeBytes, storedBytes } from './stem.ts';
import { GRAPH } from '../../../formats/onnx/fields.ts';

/**
 * Weights above this are declared as inputs: a runtime checks their type and shape all the same, and no operator asks
 * for so large a constant.
 */
const LARGE_BYTES = 16 * 1024;
/** Nodes may hold weights too; with more than this a model is not loaded for a check. */
const MAX_SKELETON_BYTES = 128 * 1024 * 1024;

/** The whole model without its large weights, as the runtime loads and checks it. null where even that is too large. */
async function skeleton(wiring: Wiring): Promise<Uint8Array | null> {
  const { model, ctx } = wiring.file;
  const { graph } = model;
  const size = graph.nodes.reduce((total, node) => total + node.ref.end - node.ref.start, 0);
  if (size > MAX_SKELETON_BYTES) return null;
  const declared = new Set(graph.inputs.map((input) => input.name));
  const parts: Uint8Array[] = [];
  for (const node of graph.nodes) parts.push(await nodeBytes(wiring, node));
  parts.push(encodeText(GRAPH.name, 'skeleton'));
  for (const tensor of graph.initializers) {
    const large = tensor.storage.kind === 'external' || storedBytes(tensor) > LARGE_BYTES;
    if (!large) parts.push(await ctx.wire.bytes(tensor.ref.start, tensor.ref.end));
    else if (!declared.has(tensor.name))
      parts.push(encodeField(GRAPH.input, encodeTensorInfo(tensor.name, tensor.dtype, tensor.dims)));
  }
  const rest = [...graph.sparseInitializers, ...graph.inputs, ...graph.outputs, ...graph.valueInfo];
  for (const { ref } of rest) parts.push(await ctx.wire.bytes(ref.start, ref.end));
  return framed(wiring.file, parts);
}

/** Stands for the runtime's answer where it can't be asked. */
const UNTOLD = 'untold';

/** What the runtime says of the whole model: null where it takes it, else its message, or UNTOLD. */
async function loads(wiring: Wiring): Promise<string | null> {
  try {
    const bytes = await skeleton(wiring);
    if (!bytes) return UNTOLD;
    const session = await openSession(bytes);
    await session.close();
    return null;
  } catch (error) {
    if (!liesInModel(error)) throw error;
    return ['runtime-model', 'runtime-operator'].includes(error.code) ? error.message : UNTOLD;
  }
}

/**
 * Loads both whole models. A sentence where the runtime takes the original and refuses the adapted model, else null.
 */
export async function loadFault(a: Wiring, b: Wiring): Promise<string | null> {
  const adapted = await loads(b);
  if (adapted === null || adapted === UNTOLD) return null;
  return (await loads(a)) === null ? `The adapted model can't be loaded where the original can: ${adapted}` : null;
}
