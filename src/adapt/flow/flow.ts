import type { Dim, Node } from '../../formats/onnx/model.ts';
import type { Affine } from '../maps/affine.ts';
import type { Named } from './rewrite.ts';

/** A tensor that really exists in the new graph and carries the new channels. */
export interface Base extends Named {
  readonly channels: number;
  /** The node of the original that makes it in the new graph; null for the graph input and for inserted nodes. */
  readonly producer: Node | null;
  /** Inserted nodes that read it go right behind this node; null is the front of the graph. */
  readonly after: Node | null;
}

/** The output `name` of a node that stays, or a graph input where there is no maker. */
export function baseOf(name: string, channels: number, maker: Node | null): Base {
  return { name, channels, producer: maker, after: maker };
}

/**
 * What a tensor T of the original is in the new graph: `T = map · base`, along one axis. That axis holds `outer ·
 * channels · inner` elements, channel index in the middle; outer and inner are 1 until a Flatten or Reshape merges.
 */
export interface Flow {
  readonly base: Base;
  readonly map: Affine;
  readonly axis: number;
  /** Rank of the base. T has the same rank, or one less when `gone`. */
  readonly rank: number;
  readonly outer: number;
  readonly inner: number;
  /** A scalar Gather took one channel and removed the axis. */
  readonly gone: boolean;
  readonly dtype: number;
  /** Old dims of T with the channel axis in place (also when `gone`). */
  readonly dims: readonly Dim[];
  /**
   * The same tensor over the base before the last step with one number for all channels: two branches of one image meet
   * there again.
   */
  readonly earlier?: Flow | null;
}

/** One adapted graph input: which axis holds channels, and the map to them. */
export interface FlowingInput {
  readonly name: string;
  readonly axis: number;
  readonly rank: number;
  readonly dtype: number;
  readonly dims: readonly Dim[];
  readonly map: Affine;
}

/** Tensors of more axes are no images; sizes in a file have no bounds. */
export const MAX_RANK = 64;

/** How many entries the old tensor has along the flow's axis: `outer · channels · inner`. */
export function axisLength({ map, outer, inner }: Pick<Flow, 'map' | 'outer' | 'inner'>): number {
  return map.m.length * outer * inner;
}

/** How many entries the base has along that axis: `outer · channels of the base · inner`. */
export function baseLength({ base, outer, inner }: Pick<Flow, 'base' | 'outer' | 'inner'>): number {
  return base.channels * outer * inner;
}

/** True where the flow's axis is there and holds channels alone. */
export function isPlain(flow: Flow): boolean {
  return !flow.gone && flow.outer === 1 && flow.inner === 1;
}

/** Channels on the same axis of tensors of the same layout. */
export function sameLayout(a: Flow, b: Flow): boolean {
  return a.axis === b.axis && a.rank === b.rank && a.gone === b.gone && a.outer === b.outer && a.inner === b.inner;
}

/** All tensors over the first base that they share, when such a base is known. */
export function overOneBase(flows: readonly Flow[]): Flow[] | null {
  for (let flow: Flow | null | undefined = flows[0]; flow; flow = flow.earlier) {
    const { base } = flow;
    const parts = flows.map((other) => {
      for (let o: Flow | null | undefined = other; o; o = o.earlier) if (o.base === base) return o;
      return null;
    });
    if (parts.every((part) => part !== null)) return parts;
  }
  return null;
}

/** The same flow with its channel axis taken out or put back, over all the bases it is known over. */
export function withGone(flow: Flow, gone: boolean): Flow {
  return { ...flow, gone, earlier: flow.earlier ? withGone(flow.earlier, gone) : null };
}

/** The same flow under another map over the same base; its axis is as long as the map's rows say. */
export function withMap(flow: Flow, map: Affine): Flow {
  const length = axisLength({ ...flow, map });
  return { ...flow, earlier: null, map, dims: flow.dims.map((dim, i) => (i === flow.axis ? length : dim)) };
}
