import { INT64 } from '../../tensors/dtypes.ts';
import { operatorKey } from '../../graph/operatorKey.ts';
import type { Dim } from '../../formats/onnx/model.ts';
import { isSelection } from '../maps/affine.ts';
import { isPlain, MAX_RANK, withGone, type Flow } from '../flow/flow.ts';
import type { PassOptions, Rule, Step } from '../flow/step.ts';
import { fromFront } from '../../tensors/dims.ts';
import { range } from '../../bytes/lists.ts';
import { TAKEN_OUT } from '../flow/reasons.ts';
import { isNeededBesides } from '../../graph/use.ts';

export const MERGE_REFUSED =
  'channels and pixels are merged into one axis, and another node than a matrix product reads that';

/** The channel axis moves with its place in `perm`: https://onnx.ai/onnx/operators/onnx__Transpose.html */
const transpose: Rule = (step) => {
  const flow = step.only();
  if (!flow || flow.gone) return TAKEN_OUT;
  const perm = step.ints('perm') ?? flow.dims.map((_, i) => flow.rank - 1 - i);
  if (perm.length !== flow.rank || !perm.includes(flow.axis)) return 'its perm does not fit the tensor';
  return step.pass(flow, {
    flow: { axis: perm.indexOf(flow.axis), dims: perm.map((axis) => flow.dims[axis] ?? null) },
  });
};

/** From this opset on, Squeeze takes its axes as an input. */
const AXES_AS_INPUT = 13;

/** The axes of a Squeeze or Unsqueeze, counted from the front; null where none are given, or they are not known. */
async function axes(step: Step, rank: number): Promise<number[] | null> {
  const given = step.ints('axes') ?? (step.node.inputs[1] ? [...((await step.value(1))?.values ?? [])] : null);
  return given?.length ? given.map((axis) => fromFront(axis, rank)) : null;
}

/** The axes written out, where the node leaves them to be found. */
function namedAxes(step: Step, axes: readonly number[]): PassOptions {
  if (step.walk.known.opset < AXES_AS_INPUT) return { attributes: new Map([['axes', { kind: 'ints', value: axes }]]) };
  const input = step.walk.constant(`${step.node.outputs[0]}/axes`, INT64, [axes.length], axes);
  return { inputs: new Map([[1, input]]) };
}

/**
 * Takes other axes out, or the channel axis where it holds one channel:
 * https://onnx.ai/onnx/operators/onnx__Squeeze.html
 */
const squeeze: Rule = async (step) => {
  const flow = step.only();
  if (!flow || flow.gone) return TAKEN_OUT;
  const given = await axes(step, flow.rank);
  // Without axes it removes every axis of size one, which the channels may have become.
  const gone =
    given ??
    (flow.dims.every((dim) => typeof dim === 'number') && !step.node.inputs[1]
      ? flow.dims.flatMap((dim, i) => (dim === 1 ? [i] : []))
      : null);
  if (gone?.length === 1 && gone[0] === flow.axis && isPlain(flow) && flow.map.m.length === 1)
    return step.absorb(withGone(flow, true));
  if (!gone || gone.includes(flow.axis)) return 'it may remove the channel axis';
  const stays = flow.dims.map((_, i) => i).filter((i) => !gone.includes(i));
  const named = given ? {} : namedAxes(step, gone);
  return step.pass(flow, {
    ...named,
    flow: { axis: stays.indexOf(flow.axis), rank: stays.length, dims: stays.map((i) => flow.dims[i] ?? null) },
  });
};

/**
 * New axes of size one; where a channel was taken out, its axis may come back:
 * https://onnx.ai/onnx/operators/onnx__Unsqueeze.html
 */
const unsqueeze: Rule = async (step) => {
  const flow = step.only();
  if (!flow) return 'its axes come from the image itself';
  const count = step.ints('axes')?.length ?? (await step.value(1))?.values.length ?? 1;
  const rank = (flow.gone ? flow.rank - 1 : flow.rank) + count;
  if (rank > MAX_RANK) return 'it adds very many axes';
  const added = await axes(step, rank);
  if (!added) return 'its axes are not known before the model runs';
  if (flow.gone)
    return added.length === 1 && added[0] === flow.axis
      ? step.absorb(withGone(flow, false))
      : 'a single channel gets a new axis elsewhere';
  const stays = range(0, rank).filter((i) => !added.includes(i));
  const dims = Array.from({ length: rank }, (_, i): Dim =>
    added.includes(i) ? 1 : (flow.dims[stays.indexOf(i)] ?? null),
  );
  return step.pass(flow, { flow: { axis: stays[flow.axis] ?? 0, rank, dims } });
};

/** How many elements these dims hold together; null where one is not known. */
export function knownProduct(dims: readonly Dim[]): number | null {
  let n = 1;
  for (const dim of dims) {
    if (typeof dim !== 'number') return null;
    n *= dim;
  }
  return n;
}

/** What takes merged axes into its weights. */
export const PRODUCTS = new Set([
  'Gemm',
  'MatMul',
  'Einsum',
  'RNN',
  'LSTM',
  'GRU',
  'com.microsoft:FusedGemm',
  'com.microsoft:FusedMatMul',
]);
/** What may stand between a merge and the product, and reads one image. */
const BETWEEN = new Set(['Reshape', 'Identity', 'Cast', 'Dropout', 'Squeeze', 'Unsqueeze']);
/** Between a merge and its products stand few nodes. */
const MAX_BETWEEN = 16;

/** Merged axes fold into matrix products; a map that is not a plain copy has no cheap way back from there. */
export function mergeIsSafe(step: Step, flow: Flow): boolean {
  if (isSelection(flow.map)) return true;
  if (!step.walk.merges) return false;
  const { use, constants } = step.walk.known;
  const open = [step.node.outputs[0] ?? ''];
  for (let i = 0; i < open.length; i++) {
    const name = open[i] ?? '';
    if (i > MAX_BETWEEN || isNeededBesides(use, name)) return false;
    for (const node of use.readers.get(name) ?? []) {
      const key = operatorKey(node);
      if (BETWEEN.has(key) && node.inputs[0] === name) open.push(node.outputs[0] ?? '');
      else if (!PRODUCTS.has(key) || node.inputs[0] !== name || !constants.isFixed(node.inputs[1] ?? '')) return false;
    }
  }
  return true;
}

/** All axes in front of `axis` become one, all others another: https://onnx.ai/onnx/operators/onnx__Flatten.html */
const flatten: Rule = (step) => {
  const flow = step.only();
  if (!flow || !isPlain(flow)) return TAKEN_OUT;
  const axis = step.axis('axis', 1, flow.rank);
  const behind = axis <= flow.axis;
  const outer = knownProduct(flow.dims.slice(behind ? axis : 0, flow.axis));
  const inner = knownProduct(flow.dims.slice(flow.axis + 1, behind ? flow.rank : axis));
  if (outer === null || inner === null) return 'channels and pixels are merged, and the number of pixels is not known';
  if (!mergeIsSafe(step, flow)) return MERGE_REFUSED;
  return step.pass(flow, { flow: { axis: behind ? 1 : 0, rank: 2, outer, inner, dims: [null, null] } });
};

export const LAYOUT: Readonly<Record<string, Rule>> = {
  Transpose: transpose,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Flatten: flatten,
};
