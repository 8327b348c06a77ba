import { DOUBLE, FLOAT, INT64, isInteger, isNarrowInteger } from '../../tensors/dtypes.ts';
import { hasNoShift, isSelection, lanes } from '../maps/affine.ts';
import { isPlain, type Flow } from './flow.ts';
import type { AttributeValue, Named, Work } from './rewrite.ts';
import { BROADCASTING, type Rebuilt, type Walk } from './walk.ts';
import { range } from '../../bytes/lists.ts';

/** Runtimes know Concat from this opset on; before it, Gather does the same. */
const CONCAT_WITH_AXIS = 4;
/** From this opset on, Squeeze takes its axes as an input. */
const SQUEEZE_WITH_INPUT = 13;
/** A Gather by a longer list of indices costs more than the model behind it. */
const MAX_PICKS = 2 ** 22;
/** Integers up to here are exact in float32. */
const EXACT_IN_FLOAT = 2 ** 24;
/** Above the largest number of 16 bits. */
const NARROW_LIMIT = 65536;

/** Rebuilds a tensor of the original as it was, once; null when no exact form is known. */
export function rebuild(walk: Walk, flow: Flow, why: Pick<Rebuilt, 'tensor' | 'node' | 'reason'>): Rebuilt | null {
  const there = walk.rebuilt.get(why.tensor);
  if (there) return there;
  const named = emitRebuilt(walk, why.tensor, flow);
  if (!named) return null;
  const made: Rebuilt = Object.assign(named, why);
  walk.rebuilt.set(why.tensor, made);
  return made;
}

/** Files have carried this word from the start, and the proof that adapts them again compares every byte. */
function rebuiltName(tensor: string): string {
  return `${tensor}/restored`;
}

function emitRebuilt(walk: Walk, tensor: string, flow: Flow): Named | null {
  const { map, outer, inner } = flow;
  if (isSelection(map)) return emitCopies(walk, tensor, flow);
  if (outer !== 1 || inner !== 1) return null;
  if (isInteger(flow.dtype)) return emitWhole(walk, tensor, flow);
  if (!asConvolution(flow) && !hasNoShift(map) && walk.known.opset < BROADCASTING) return null;
  return emitLinear(walk, tensor, flow, rebuiltName(tensor));
}

/** Copies of channels: a Concat of the only channel, or a Gather. */
function emitCopies(walk: Walk, tensor: string, flow: Flow): Named | null {
  const { base, map, axis, outer, inner } = flow;
  const wanted = rebuiltName(tensor);
  const along = { axis: { kind: 'int' as const, value: axis } };
  const picks = lanes(map);
  if (outer * picks.length * inner > MAX_PICKS) return null;
  if (isPlain(flow) && base.channels === 1 && walk.known.opset >= CONCAT_WITH_AXIS) {
    const copies = picks.map(() => base);
    return walk.insert('Concat', wanted, copies, { after: base.after, attributes: along });
  }
  const indices: number[] = [];
  for (let o = 0; o < outer; o++)
    for (const pick of picks) for (let i = 0; i < inner; i++) indices.push((o * base.channels + pick) * inner + i);
  const list = walk.constant(`${tensor}/channels`, INT64, flow.gone ? [] : [indices.length], indices);
  return walk.insert('Gather', wanted, [base, list], { after: base.after, attributes: along });
}

/**
 * Whole numbers of up to 16 bits under a map of whole numbers: float32 holds all of them, so Cast, map and Cast back
 * are exact.
 */
function emitWhole(walk: Walk, tensor: string, flow: Flow): Named | null {
  const { base, map, dtype } = flow;
  const whole = map.m.every((row) => row.every(Number.isInteger)) && map.b.every(Number.isInteger);
  const largest = Math.max(
    ...map.m.map((row, c) => row.reduce((sum, v) => sum + Math.abs(v), 0) * NARROW_LIMIT + Math.abs(map.b[c] ?? 0)),
  );
  if (!whole || !isNarrowInteger(dtype) || largest > EXACT_IN_FLOAT || walk.known.opset < BROADCASTING) return null;
  const { after } = base;
  const to = (value: number): Record<string, AttributeValue> => ({ to: { kind: 'int', value } });
  const cast = walk.insert('Cast', `${tensor}/real`, [base], { after, attributes: to(FLOAT) });
  const real = Object.assign(cast, { channels: base.channels, producer: null, after });
  const mapped = emitLinear(walk, tensor, { ...flow, base: real, dtype: FLOAT }, `${tensor}/mapped`);
  return walk.insert('Cast', rebuiltName(tensor), [mapped], { after, attributes: to(dtype) });
}

/** map · base as a 1×1 Conv where the layout allows, else as MatMul along the last axis. */
function emitLinear(walk: Walk, tensor: string, flow: Flow, wanted: string): Named {
  const out = asConvolution(flow) ? emitConv(walk, tensor, flow, wanted) : emitProduct(walk, tensor, flow, wanted);
  if (!flow.gone) return out;
  const { axis, base } = flow;
  const squeezed = `${wanted}/squeezed`;
  const { after } = base;
  if (walk.known.opset < SQUEEZE_WITH_INPUT)
    return walk.insert('Squeeze', squeezed, [out], { after, attributes: { axes: { kind: 'ints', value: [axis] } } });
  return walk.insert('Squeeze', squeezed, [out, walk.constant(`${tensor}/axes`, INT64, [1], [axis])], { after });
}

function emitConv(walk: Walk, tensor: string, flow: Flow, wanted: string): Named {
  const { base, map, rank, dtype } = flow;
  const rows = map.m.length;
  const dims = [rows, base.channels, ...new Array<number>(rank - 2).fill(1)];
  const weight = walk.constant(`${tensor}/map`, dtype, dims, map.m.flat());
  const bias = hasNoShift(map) ? [] : [walk.constant(`${tensor}/shift`, dtype, [rows], map.b)];
  return walk.insert('Conv', wanted, [base, weight, ...bias], { after: base.after, work: workOf(flow) });
}

function emitProduct(walk: Walk, tensor: string, flow: Flow, wanted: string): Named {
  const { base, map, axis, rank, dtype } = flow;
  const rows = map.m.length;
  const last = axis === rank - 1;
  const shifted = !hasNoShift(map);
  const order = range(0, rank);
  [order[axis], order[rank - 1]] = [rank - 1, axis];
  const { after } = base;
  const attributes = { perm: { kind: 'ints' as const, value: order } };
  const front = last ? base : walk.insert('Transpose', `${tensor}/channels_last`, [base], { after, attributes });
  const columns = Array.from({ length: base.channels }, (_, k) => map.m.map((row) => row[k] ?? 0));
  const weight = walk.constant(`${tensor}/map`, dtype, [base.channels, rows], columns.flat());
  const productName = last && !shifted ? wanted : `${tensor}/mapped`;
  let out = walk.insert('MatMul', productName, [front, weight], { after, work: workOf(flow) });
  if (shifted) {
    const shift = walk.constant(`${tensor}/shift`, dtype, [rows], map.b);
    out = walk.insert('Add', last ? wanted : `${tensor}/shifted`, [out, shift], { after });
  }
  return last ? out : walk.insert('Transpose', wanted, [out], { after, attributes });
}

/** Convolutions take channels on axis 1, and runtimes have none for float64. */
function asConvolution({ axis, rank, dtype }: Flow): boolean {
  return axis === 1 && rank >= 3 && rank <= 5 && dtype !== DOUBLE;
}

/** Multiply-adds of the map at each pixel of one image: all dims but the batch, in front, and the channels. */
function workOf(flow: Flow): Work {
  const pixels = flow.dims.filter((_, i) => i !== flow.axis && (i !== 0 || flow.axis === 0));
  return { each: flow.map.m.length * flow.base.channels, pixels };
}
