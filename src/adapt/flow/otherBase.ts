import { INT64, isInteger } from '../../tensors/dtypes.ts';
import { hasNoShift, isSmall, shiftBeforeMap, spread } from '../maps/affine.ts';
import { isPlain, type Base, type Flow } from './flow.ts';
import type { AttributeValue, Named } from './rewrite.ts';
import { BROADCASTING, PAD_WITH_INPUTS, type Walk } from './walk.ts';

/** The first opset whose Pad has the attribute `pads`. */
const PAD = 2;
/** More numbers than these say nothing in a sentence. */
const MAX_SHOWN = 8;

/**
 * The same tensor as a map without a shift, over another base: `m·x + b = m·(x + u)` where such a u exists, else `[m
 * b]·[x; 1]`. Zero padding in front of a weight is exact only then. Null when rebuilding the tensor is cheaper, or no
 * form is known.
 */
export function withoutShift(walk: Walk, flow: Flow, tensor: string): Flow | null {
  if (hasNoShift(flow.map)) return flow;
  if (!isPlain(flow) || isInteger(flow.dtype)) return null;
  const u = shiftBeforeMap(flow.map);
  if (u && walk.known.opset >= BROADCASTING) return overShifted(walk, flow, tensor, u);
  const columns = flow.base.channels + 1;
  return columns > flow.map.m.length || walk.known.opset < PAD ? null : overOnes(walk, flow, tensor);
}

function overShifted(walk: Walk, flow: Flow, tensor: string, u: readonly number[]): Flow {
  const { base, axis, rank, dtype, map } = flow;
  const moved = walk.derivedBase(base, `add ${u.join()}`, () => {
    const dims = Array.from({ length: rank }, (_, i) => (i === axis ? u.length : 1));
    const shift = walk.constant(`${tensor}/shift`, dtype, dims, u);
    return behind(base, walk.insert('Add', `${tensor}/shifted`, [base, shift], { after: base.after }), base.channels);
  });
  const numbers = u.length > MAX_SHOWN ? `${u.length} numbers` : u.map(shown).join(', ');
  noteInFront(
    walk,
    `A shift stands in front of zero padding: one Add of ${numbers} to the channels keeps the border exact ` +
      `(${tensor}).`,
  );
  return { ...flow, base: moved, map: { m: map.m, b: map.b.map(() => 0) } };
}

function overOnes(walk: Walk, flow: Flow, tensor: string): Flow {
  const { base, axis, rank, dtype, map } = flow;
  const moved = walk.derivedBase(base, 'ones', () => {
    const pads = Array.from({ length: 2 * rank }, (_, i) => (i === rank + axis ? 1 : 0));
    const asInputs = walk.known.opset >= PAD_WITH_INPUTS;
    const inputs = asInputs
      ? [walk.constant(`${tensor}/pads`, INT64, [pads.length], pads), walk.constant(`${tensor}/one`, dtype, [], [1])]
      : [];
    const attributes: Record<string, AttributeValue> = asInputs
      ? {}
      : { pads: { kind: 'ints', value: pads }, value: { kind: 'float', value: 1 } };
    const padded = walk.insert('Pad', `${tensor}/with_ones`, [base, ...inputs], { after: base.after, attributes });
    return behind(base, padded, base.channels + 1);
  });
  noteInFront(
    walk,
    'A shift stands in front of zero padding: a channel of ones beside the image, made by one Pad, keeps the ' +
      `border exact (${tensor}).`,
  );
  const m = map.m.map((row, c) => [...row, map.b[c] ?? 0]);
  return { ...flow, base: moved, map: { m, b: map.b.map(() => 0) } };
}

function noteInFront(walk: Walk, note: string): void {
  walk.notes.push(note);
  walk.inFront.add(note);
}

function behind(base: Base, named: Named, channels: number): Base {
  return Object.assign(named, { channels, producer: null, after: base.after });
}

/** The same tensor with all that its channel axis holds as channels; null where that is too much for a map. */
export function wide(walk: Walk, flow: Flow): Flow | null {
  if (isPlain(flow)) return flow;
  const { base, outer, inner, map } = flow;
  const channels = outer * base.channels * inner;
  if (flow.gone || !isSmall(outer * map.m.length * inner, channels)) return null;
  return {
    ...flow,
    base: walk.derivedBase(base, `wide ${outer} ${inner}`, () => ({ ...base, channels, same: base.same ?? base })),
    map: spread(map, outer, inner),
    outer: 1,
    inner: 1,
    earlier: null,
  };
}

/** A number as a sentence shows it: float32 has seven digits. */
function shown(value: number): string {
  return String(Number(value.toPrecision(7)));
}
