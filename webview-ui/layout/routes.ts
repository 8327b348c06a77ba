import type { LayoutInput } from './columns.ts';
import { groupedBy, type Grouped } from './grouped.ts';

const LANE_GAP = 14;
/** A skip drops straight past other boxes only when this few rows must be checked. */
const STRAIGHT_LIMIT = 64;
/** Where a lane meets a box, as part of its width from the middle; a port is too narrow to have sides. */
const SIDE = 0.3;
const NARROW = 20;
/** In pixels: what is less aside than this is drawn as one upright line. */
const LEAST_BEND = 0.5;

export interface Placed {
  rank: Int32Array;
  rows: Grouped;
  x: Float64Array;
  /** Top of each box and of each row; bottom of each row. */
  y: Float64Array;
  top: Float64Array;
  bottom: Float64Array;
  /** How much further than usual the labels below each row lie. */
  drop: Float64Array;
}

/** Polylines of all edges in one array: edge e has points `start[e]` to `start[e + 1] - 1`, two numbers each. */
export interface Routes {
  points: Float64Array;
  start: Int32Array;
  /** Where a shape label sits, two numbers each: on the upright run just below the source. */
  labels: Float64Array;
}

const NO_LANE = NaN;

/** Adds a point to the line that is drawn now. */
type AddPoint = (x: number, y: number) => void;

/** Where an edge leaves its source and arrives at its target, and the rows of both. */
interface Ends {
  readonly from: number;
  readonly to: number;
  readonly fromRow: number;
  readonly toRow: number;
  readonly leaveX: number;
  readonly leaveY: number;
  readonly arriveX: number;
  readonly arriveY: number;
}

/**
 * Routes every edge: straight where nothing is in the way, else down a lane beside the rows it passes. Costs no node
 * per row.
 */
export function routeEdges(input: LayoutInput, placed: Placed): Routes {
  const { spacing } = input;
  const lanes = assignLanes(input, placed);
  const count = input.from.length;
  const start = new Int32Array(count + 1);
  const labels = new Float64Array(count * 2);
  // A line has at most six points.
  const points = new Float64Array(count * 12);
  let end = 0;
  const add: AddPoint = (x, y) => {
    points[end++] = x;
    points[end++] = y;
  };
  for (let e = 0; e < count; e++) {
    const ends = endsOf(input, placed, e);
    const { leaveX, fromRow } = ends;
    const lane = lanes[e]!;
    const below = placed.bottom[fromRow]!;
    if (Number.isNaN(lane)) {
      addStraight(add, ends, placed.top[ends.toRow]! - spacing.bendAt);
      labels[2 * e] = leaveX;
      labels[2 * e + 1] = below + spacing.label + placed.drop[fromRow]!;
    } else {
      const [leftAt, enteredAt] = attachedTo(lane, { input, placed, ends, e });
      add(leftAt, ends.leaveY);
      add(leftAt, below + spacing.exit);
      add(lane, below + spacing.exit);
      add(lane, placed.top[ends.toRow]! - spacing.entry);
      add(enteredAt, placed.top[ends.toRow]! - spacing.entry);
      add(enteredAt, ends.arriveY);
      labels[2 * e] = lane;
      labels[2 * e + 1] = below + spacing.laneLabel;
    }
    start[e + 1] = end / 2;
  }
  return { points: points.subarray(0, end), start, labels };
}

function endsOf(input: LayoutInput, placed: Placed, e: number): Ends {
  const from = input.from[e]!;
  const to = input.to[e]!;
  return {
    from,
    to,
    fromRow: placed.rank[from]!,
    toRow: placed.rank[to]!,
    leaveX: placed.x[from]! + input.fromOffset[e]!,
    leaveY: placed.y[from]! + input.h[from]!,
    arriveX: placed.x[to]! + input.toOffset[e]!,
    arriveY: placed.y[to]!,
  };
}

/** From end to end, with a bend at `bendY` where one does not stand above the other. */
function addStraight(add: AddPoint, { leaveX, leaveY, arriveX, arriveY }: Ends, bendY: number): void {
  add(leaveX, leaveY);
  if (Math.abs(leaveX - arriveX) > LEAST_BEND) {
    const bend = Math.max(bendY, leaveY + 1);
    add(leaveX, bend);
    add(arriveX, bend);
  }
  add(arriveX, arriveY);
}

interface LaneEdge {
  readonly input: LayoutInput;
  readonly placed: Placed;
  readonly ends: Ends;
  readonly e: number;
}

/** Where a line that runs in a lane leaves and enters: on the lane's side, where the edge has no place of its own. */
function attachedTo(lane: number, { input, placed, ends, e }: LaneEdge): readonly [number, number] {
  const { from, to, leaveX, arriveX } = ends;
  const leavesAside = input.fromOffset[e] === 0 && !input.fromFixed[e];
  const entersAside = input.toOffset[e] === 0 && !input.toFixed[e];
  const leaveSide = leavesAside ? Math.sign(lane - placed.x[from]!) * sideOf(input.w[from]!) : 0;
  const enterSide = entersAside ? Math.sign(lane - placed.x[to]!) * sideOf(input.w[to]!) : 0;
  return [leaveX + leaveSide, arriveX + enterSide];
}

function sideOf(width: number): number {
  return width > NARROW ? width * SIDE : 0;
}

/** Edges that share a lane: of one source and attachment, with the rows that they pass. */
interface LaneGroup {
  from: number;
  lo: number;
  hi: number;
  edges: number[];
}

/**
 * Lane x of each edge that needs one. One lane per source and attachment; short spans go innermost, so nested skips
 * nest.
 */
function assignLanes(input: LayoutInput, placed: Placed): Float64Array {
  const lanes = new Float64Array(input.from.length).fill(NO_LANE);
  const { left, right } = extents(input, placed);
  const sorted = laneGroups(input, placed).sort(
    (s, t) => s.hi - s.lo - (t.hi - t.lo) || s.lo - t.lo || s.from - t.from,
  );
  for (const { from, lo, hi, edges } of sorted) {
    const source = placed.x[from]!;
    let onRight = source + sideOf(input.w[from]!);
    let onLeft = source - sideOf(input.w[from]!);
    for (let r = lo; r <= hi; r++) {
      onRight = Math.max(onRight, right[r]! + LANE_GAP);
      onLeft = Math.min(onLeft, left[r]! - LANE_GAP);
    }
    // The nearer side, as seen from both ends; the right one when they are equal.
    let detour = 0;
    for (const e of edges) {
      const target = placed.x[input.to[e]!]!;
      detour += Math.abs(onRight - target) - Math.abs(onLeft - target);
    }
    detour += onRight - source - (source - onLeft);
    const isRight = detour <= 1;
    const lane = isRight ? onRight : onLeft;
    const used = isRight ? right : left;
    for (let r = lo; r <= hi; r++) used[r] = lane;
    for (const e of edges) lanes[e] = lane;
  }
  return lanes;
}

function laneGroups(input: LayoutInput, placed: Placed): LaneGroup[] {
  const groups: LaneGroup[] = [];
  /** Of the present source, by attachment. */
  const known = new Map<number, LaneGroup>();
  let last = -1;
  for (const e of groupedBy(input.from, input.w.length).list) {
    const [u, v] = [input.from[e]!, input.to[e]!];
    if (u !== last) known.clear();
    last = u;
    const [a, b] = [placed.rank[u]!, placed.rank[v]!];
    const attachment = input.fromOffset[e]!;
    if (b === a + 1 || (b > a && clearBelow(input, placed, placed.x[u]! + attachment, [a, b]))) continue;
    const lo = Math.min(a + 1, b);
    const hi = Math.max(b - 1, a);
    const group = known.get(attachment);
    if (group) {
      group.lo = Math.min(group.lo, lo);
      group.hi = Math.max(group.hi, hi);
      group.edges.push(e);
    } else {
      const made: LaneGroup = { from: u, lo, hi, edges: [e] };
      known.set(attachment, made);
      groups.push(made);
    }
  }
  return groups;
}

function extents(input: LayoutInput, placed: Placed): { left: Float64Array; right: Float64Array } {
  const count = placed.top.length;
  const left = new Float64Array(count).fill(Infinity);
  const right = new Float64Array(count).fill(-Infinity);
  for (let r = 0; r < count; r++) {
    const [s, t] = [placed.rows.start[r]!, placed.rows.start[r + 1]!];
    if (s === t) continue;
    const [first, last] = [placed.rows.list[s]!, placed.rows.list[t - 1]!];
    left[r] = placed.x[first]! - input.w[first]! / 2;
    right[r] = placed.x[last]! + input.w[last]! / 2;
  }
  return { left, right };
}

/**
 * Whether an upright line at x from row a to row b meets no box between. Rows are sorted, so each costs a binary
 * search.
 */
function clearBelow(input: LayoutInput, placed: Placed, x: number, [a, b]: readonly [number, number]): boolean {
  if (b - a > STRAIGHT_LIMIT) return false;
  for (let r = a + 1; r < b; r++) {
    let lo = placed.rows.start[r]!;
    let hi = placed.rows.start[r + 1]!;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      const v = placed.rows.list[mid]!;
      if (placed.x[v]! + input.w[v]! / 2 + LANE_GAP / 2 < x) lo = mid + 1;
      else hi = mid;
    }
    const v = lo < placed.rows.start[r + 1]! ? placed.rows.list[lo]! : -1;
    if (v >= 0 && placed.x[v]! - input.w[v]! / 2 - LANE_GAP / 2 < x) return false;
  }
  return true;
}
