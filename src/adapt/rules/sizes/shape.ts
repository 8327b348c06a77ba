import { intOf } from '../../../formats/onnx/attributes.ts';
import type { Node } from '../../../formats/onnx/model.ts';
import { isNeededBesides } from '../../../graph/use.ts';
import { clampedFromFront, product } from '../../../tensors/dims.ts';
import { INT64 } from '../../../tensors/dtypes.ts';
import { axisLength, baseLength, MAX_RANK } from '../../flow/flow.ts';
import { TAKEN_OUT } from '../../flow/reasons.ts';
import type { Rule } from '../../flow/step.ts';
import type { Walk } from '../../flow/walk.ts';
import { entriesRead, type Entry } from './sizeVector.ts';

/**
 * Shape gives the base's sizes: https://onnx.ai/onnx/operators/onnx__Shape.html. Who reads the channel count alone gets
 * the old one as a constant; else one small Add makes the old sizes.
 */
const shape: Rule = async (step) => {
  const flow = step.only();
  if (!flow || flow.gone) return TAKEN_OUT;
  const { walk, node } = step;
  const start = clampedFromFront(step.int('start', 0), flow.rank);
  const end = clampedFromFront(step.int('end', flow.rank), flow.rank);
  const name = node.outputs[0] ?? '';
  const change = axisLength(flow) - baseLength(flow);
  const at = flow.axis - start;
  const keepsSizes = change === 0 || at < 0 || flow.axis >= end;
  const vector = { name, length: end - start };
  if (keepsSizes || (await isFrozen(walk, vector, { at, size: axisLength(flow) }))) {
    walk.rewrites.set(node, { inputs: [flow.base] });
    return true;
  }
  const made = { name: walk.fresh(`${name}/base`) };
  walk.rewrites.set(node, { inputs: [flow.base], outputs: [made] });
  const changes = Array.from({ length: vector.length }, (_, i) => (i === at ? change : 0));
  walk.baseShapes.set(name, { bare: made, at, size: baseLength(flow) });
  walk.addBehind(node, made, name, () => walk.constant(`${name}/change`, INT64, [changes.length], changes));
  return true;
};

/** A node that takes the channel count alone out of a Shape, and what it gives. */
interface CountReader {
  readonly node: Node;
  readonly dtype: number;
  readonly dims: readonly number[];
}

/**
 * True when every reader of the vector takes entries other than the channel count, or that alone: then it is a number
 * from now on.
 */
async function isFrozen(
  walk: Walk,
  { name, length }: { readonly name: string; readonly length: number },
  { at, size: count }: Entry,
): Promise<boolean> {
  const { use } = walk.known;
  const frozen: CountReader[] = [];
  const open = [{ name, dtype: INT64 }];
  for (let next = open.pop(); next; next = open.pop()) {
    if (isNeededBesides(use, next.name)) return false;
    for (const reader of use.readers.get(next.name) ?? []) {
      if (!readsAsData(reader, next.name)) return false;
      if (reader.opType === 'Cast' || reader.opType === 'Identity') {
        open.push({ name: reader.outputs[0] ?? '', dtype: intOf(reader, 'to', next.dtype) });
        continue;
      }
      const read = await entriesRead(walk, reader, length);
      if (!read || read.entries.length > MAX_RANK) return false;
      if (!read.entries.includes(at)) continue;
      if (read.entries.some((entry) => entry !== at) || use.outputs.has(reader.outputs[0] ?? '')) return false;
      frozen.push({ node: reader, dtype: next.dtype, dims: read.dims });
    }
  }
  for (const { node, dtype, dims } of frozen)
    walk.freeze(node, dtype, dims, new Array<number>(product(dims)).fill(count));
  return true;
}

/** A node of the standard operators that takes the tensor as its first input, and nowhere else. */
function readsAsData(node: Node, name: string): boolean {
  return node.domain === '' && node.inputs[0] === name && node.inputs.lastIndexOf(name) === 0;
}

export const SHAPE: Readonly<Record<string, Rule>> = { Shape: shape };
