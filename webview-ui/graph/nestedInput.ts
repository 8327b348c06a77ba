import type { NestedInput } from '../layout/nested.ts';
import type { Hierarchy } from './hierarchy.ts';
import type { FlatGraph } from './items.ts';

export interface GroupBox {
  w: number;
  h: number;
}

/** The graph as the plain arrays that layout takes, in a worker or here. */
export function nestedInput(flat: FlatGraph, hierarchy: Hierarchy, boxes: readonly GroupBox[]): NestedInput {
  const { items, links } = flat;
  return {
    itemW: Float64Array.from(items, (i) => i.w),
    itemH: Float64Array.from(items, (i) => i.h),
    groupOf: hierarchy.groupOf,
    groupParent: Int32Array.from(hierarchy.groups, (g) => g.parent),
    groupW: Float64Array.from(boxes, (b) => b.w),
    groupH: Float64Array.from(boxes, (b) => b.h),
    linkFrom: Int32Array.from(links, (l) => l.from),
    linkTo: Int32Array.from(links, (l) => l.to),
    linkTensor: Int32Array.from(links, (l) => l.tensorId),
    linkOffset: Float64Array.from(links, (l) => (l.slot * items[l.from]!.w) / 2),
  };
}
