import { attributeOf } from '../../../formats/onnx/attributes.ts';
import type { Node } from '../../../formats/onnx/model.ts';
import { nestedGraphs } from '../../../graph/nested.ts';
import { DOUBLE, FLOAT, FLOAT16, isHalf } from '../../../tensors/dtypes.ts';
import { heldTensors, type Wiring } from '../../wiring.ts';

/** Float types that are measured, each rounding more coarsely than the one in front of it. */
const BY_STEP: readonly number[] = [DOUBLE, FLOAT, FLOAT16];

/** The one of some element types that rounds most coarsely; null where none is a float type that is measured. */
export function coarsest(types: readonly (number | null | undefined)[]): number | null {
  return BY_STEP.findLast((type) => types.includes(type)) ?? null;
}

/** The one of some element types that rounds most finely; null where none is a float type that is measured. */
export function finest(types: readonly (number | null | undefined)[]): number | null {
  return BY_STEP.find((type) => types.includes(type)) ?? null;
}

/**
 * The coarsest float type that anything was rounded to on the way to each tensor that a node makes. A network of
 * float16 may take and give float32, with a Cast at either end: what rounding does to its outputs is what it does to
 * float16.
 */
export function coarsestOnTheWay(wiring: Wiring): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const typeOf = (name: string): number | null | undefined => {
    const declared = wiring.inputs.get(name)?.type;
    return found.get(name) ?? wiring.stored.get(name)?.dtype ?? (declared?.kind === 'tensor' ? declared.dtype : null);
  };
  for (const node of wiring.order) {
    const type = coarsest([...wiring.reads(node).map(typeOf), ...ownTypes(node)]);
    if (type === null) continue;
    for (const output of node.outputs) if (output) found.set(output, type);
  }
  return found;
}

/** Whether a model holds anything in half precision, or casts to it. */
export function usesHalf(wiring: Wiring): boolean {
  const stored = [...wiring.stored.values(), ...[...wiring.sparse.values()].map((sparse) => sparse.values)];
  return stored.some(({ dtype }) => isHalf(dtype)) || wiring.order.some((node) => ownTypes(node).some(isHalf));
}

/** The types of what a node holds, and of what it and the nodes inside it cast to. */
function ownTypes(node: Node): number[] {
  const nodes = [node, ...nestedGraphs(node).flatMap((graph) => graph.nodes)];
  return [...heldTensors(node).map((tensor) => tensor.dtype), ...nodes.flatMap(castType)];
}

function castType(node: Node): number[] {
  if (node.domain !== '' || node.opType !== 'Cast') return [];
  const to = attributeOf(node, 'to')?.int;
  return to === undefined ? [] : [Number(to)];
}
