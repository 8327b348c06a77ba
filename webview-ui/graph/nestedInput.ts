import type { NestedInput } from '../layout/geometry.ts';
import type { Hierarchy } from './hierarchy.ts';
import type { FlatGraph } from './items.ts';
import { quietLinks } from './quietLinks.ts';

export interface GroupBox {
  w: number;
  h: number;
}

/** The graph as the plain arrays that layout takes, in a worker or here. */
export function nestedInput(flat: FlatGraph, hierarchy: Hierarchy, boxes: readonly GroupBox[]): NestedInput {
  const { items, links, tensors } = flat;
  const { groups, groupOf } = hierarchy;
  const [n, m, k] = [items.length, links.length, groups.length];
  const input: NestedInput = {
    itemW: new Float64Array(n),
    itemH: new Float64Array(n),
    groupOf,
    groupParent: new Int32Array(k),
    groupW: new Float64Array(k),
    groupH: new Float64Array(k),
    linkFrom: new Int32Array(m),
    linkTo: new Int32Array(m),
    linkTensor: new Int32Array(m),
    linkSlot: new Float64Array(m),
    linkQuiet: quietLinks(flat),
    tensors,
  };
  for (let i = 0; i < n; i++) {
    input.itemW[i] = items[i]!.w;
    input.itemH[i] = items[i]!.h;
  }
  for (let g = 0; g < k; g++) {
    input.groupParent[g] = groups[g]!.parent;
    input.groupW[g] = boxes[g]!.w;
    input.groupH[g] = boxes[g]!.h;
  }
  for (let l = 0; l < m; l++) {
    const { from, to, tensorId, slot } = links[l]!;
    input.linkFrom[l] = from;
    input.linkTo[l] = to;
    input.linkTensor[l] = tensorId;
    input.linkSlot[l] = slot;
  }
  return input;
}
