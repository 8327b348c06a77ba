import { DOUBLE, INT64, isInteger, isNarrowInteger } from '../../tensors/dtypes.ts';
import type { Dim, Graph, Node } from '../../formats/onnx/model.ts';
import { hasNoShift, isSelection, isSmall, lanes, shiftBeforeMap, spread } from '../maps/affine.ts';
import type { Constants } from '../constants/constants.ts';
import type { ConstantValue } from '../constants/constantValue.ts';
import { type Base, type Flow, isPlain } from './flow.ts';
import type {
  AttributeValue,
  InsertedNode,
  Named,
  NewConstant,
  NewNumbers,
  NodeRewrite,
  Operand,
  Replacement,
} from './rewrite.ts';
import type { GraphUse } from '../../graph/use.ts';

/** A weight that took the map in. */
export interface Fold {
  readonly node: string;
  readonly opType: string;
  readonly tensor: string;
  readonly oldDims: readonly number[];
  readonly newDims: readonly number[];
}

/** How a weight took the map in, for tools that repeat it elsewhere. */
export interface FoldRecipe {
  readonly node: string;
  readonly opType: string;
  readonly tensor: string;
  readonly oldDims: readonly number[];
  readonly newDims: readonly number[];
  /** This axis of the weight holds `outer · channels · inner` entries; the channels are multiplied by `matrix`, old × new. */
  readonly axis: number;
  readonly outer: number;
  readonly inner: number;
  readonly matrix: readonly (readonly number[])[];
  /** What goes through the weight into the bias, one number per old channel, times `biasFactor`; zeros where nothing does. */
  readonly shift: readonly number[];
  readonly bias: string | null;
  readonly biasFactor: number;
  /** Groups of a convolution before and after. */
  readonly groups: readonly [before: number, after: number];
  readonly quantised: boolean;
  /** Nodes that read this weight. */
  readonly readers: number;
}

/** A tensor rebuilt as it was, and why. */
export interface Escape {
  readonly tensor: string;
  readonly node: string;
  readonly reason: string;
}

export interface Rebuild extends Named {
  readonly tensor: string;
  readonly flow: Flow;
}

/** What a rule may ask of the walk about values it doesn't carry itself. */
export interface Known {
  readonly opset: number;
  readonly constants: Constants;
  readonly use: GraphUse;
  /** True when a node calls a function of the model, whatever operator has the same name. */
  isCall(node: Node): boolean;
  dims(tensor: string): readonly Dim[] | null;
  dtype(tensor: string): number | null;
  /** The integers of a small tensor that steers shapes, null where one is unknown; null when nothing is known. */
  integers(tensor: string): readonly (number | null)[] | null;
}

/** Runtimes know Concat from this opset on; before it, Gather does the same. */
const CONCAT_WITH_AXIS = 4;
/** From this opset on, Add broadcasts by shape alone. */
export const BROADCASTING = 7;
/** From this opset on, Pad takes amounts and value as inputs. */
export const PAD_WITH_INPUTS = 11;
/** The first opset whose Pad has the attribute `pads`. */
const PAD = 2;
/** More numbers than these say nothing in a sentence. */
const MAX_SHOWN = 8;
/** A Gather by a longer list of indices costs more than the model behind it. */
const MAX_PICKS = 2 ** 24;

/** Carries flows through the main graph and collects what changes. One walk is one attempt; it never touches the model. */
export class Walk {
  readonly known: Known;
  readonly graph: Graph;
  readonly flows = new Map<string, Flow>();
  readonly rewrites = new Map<Node, NodeRewrite>();
  /** Nodes whose only output is a constant of the same name now. */
  readonly dropped = new Set<Node>();
  readonly inserted: InsertedNode[] = [];
  readonly constants: NewConstant[] = [];
  readonly replacements = new Map<string, Replacement>();
  /** What DequantizeLinear makes of a weight that got new dims: tensors with their old and new dims. */
  readonly dequantised = new Map<
    string,
    { readonly oldDims: readonly number[]; readonly newDims: readonly number[] }
  >();
  /** New tensors beside a weight that several nodes read, each for the readers that fold alike. */
  readonly folded = new Map<string, NewNumbers[]>();
  /** What Shape gives of a base, and the place and number of the channels there, by the tensor with the old number. */
  readonly shapes = new Map<string, { readonly bare: Named; readonly at: number; readonly size: number }>();
  readonly rebuilds = new Map<string, Rebuild>();
  readonly bases: Base[] = [];
  readonly folds: Fold[] = [];
  /** The node that each fold stands in. */
  readonly foldedAt = new Map<Fold, Node>();
  readonly recipes: FoldRecipe[] = [];
  readonly absorbed: { node: string; opType: string }[] = [];
  readonly escapes: Escape[] = [];
  readonly notes: string[] = [];
  readonly seam = new Set<string>();
  private readonly shifted = new Map<Base, Map<string, Base>>();
  private readonly names: Set<string>;

  /** Whether channels and pixels may share an axis under a map that is no plain copy: only matrix products take that in, and there is no way back. */
  readonly merges: boolean;

  constructor(graph: Graph, known: Known, merges = true) {
    this.graph = graph;
    this.known = known;
    this.merges = merges;
    this.names = new Set(known.use.names);
  }

  fresh(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.names.has(name); i++) name = `${wanted}_${i}`;
    this.names.add(name);
    return name;
  }

  constant(
    wanted: string,
    dtype: number,
    dims: readonly number[],
    values: Float64Array | readonly number[],
  ): NewNumbers {
    const made = { name: this.fresh(wanted), dtype, dims, values: Float64Array.from(values) };
    this.constants.push(made);
    return made;
  }

  /** A vector of int64. */
  integers(wanted: string, values: readonly bigint[]): NewConstant {
    const made = {
      name: this.fresh(wanted),
      dtype: INT64,
      dims: [values.length],
      values: BigInt64Array.from(values),
    };
    this.constants.push(made);
    return made;
  }

  /** A node whose result is known gives way to that result, under its name. */
  freeze(node: Node, dtype: number, dims: readonly number[], values: readonly number[]): void {
    this.dropped.add(node);
    this.constants.push({ name: node.outputs[0] ?? '', dtype, dims, values: Float64Array.from(values) });
  }

  insert(
    opType: string,
    wanted: string,
    inputs: readonly Operand[],
    after: Node | null,
    attributes: Record<string, AttributeValue> = {},
    multiplyAdds: number | null = 0,
  ): Named {
    const output = { name: this.fresh(wanted) };
    this.inserted.push({
      opType,
      name: this.fresh(`${wanted}/${opType}`),
      inputs,
      outputs: [output],
      attributes: new Map(Object.entries(attributes)),
      after,
      multiplyAdds,
    });
    return output;
  }

  base(name: string, channels: number, producer: Node | null, after: Node | null): Base {
    const base = { name, channels, producer, after };
    this.bases.push(base);
    return base;
  }

  /** Rebuilds a tensor of the original as it was, once; null when no exact form is known. */
  rebuild(tensor: string, flow: Flow, node: string, reason: string): Rebuild | null {
    const there = this.rebuilds.get(tensor);
    if (there) return there;
    const named = this.emitRebuild(tensor, flow);
    if (!named) return null;
    const made: Rebuild = Object.assign(named, { tensor, flow });
    this.rebuilds.set(tensor, made);
    this.escapes.push({ tensor, node, reason });
    return made;
  }

  private emitRebuild(tensor: string, flow: Flow): Named | null {
    const { base, map, axis, rank, outer, inner } = flow;
    const wanted = `${tensor}/restored`;
    if (isSelection(map)) {
      const picks = lanes(map);
      if (outer * picks.length * inner > MAX_PICKS) return null;
      if (isPlain(flow) && base.channels === 1 && this.known.opset >= CONCAT_WITH_AXIS) {
        return this.insert(
          'Concat',
          wanted,
          picks.map(() => base),
          base.after,
          { axis: { kind: 'int', value: axis } },
        );
      }
      const indices: number[] = [];
      for (let o = 0; o < outer; o++)
        for (const k of picks) for (let i = 0; i < inner; i++) indices.push((o * base.channels + k) * inner + i);
      const list = this.constant(`${tensor}/channels`, 7, flow.gone ? [] : [indices.length], indices);
      return this.insert('Gather', wanted, [base, list], base.after, { axis: { kind: 'int', value: axis } });
    }
    if (outer !== 1 || inner !== 1) return null;
    if (isInteger(flow.dtype)) return this.emitWhole(tensor, flow);
    if (!asConvolution(flow) && !hasNoShift(map) && this.known.opset < BROADCASTING) return null;
    return this.emitLinear(tensor, wanted, flow, rank);
  }

  /** Whole numbers of up to 16 bits under a map of whole numbers: float32 holds all of them, so Cast, map and Cast back are exact. */
  private emitWhole(tensor: string, flow: Flow): Named | null {
    const { base, map, dtype } = flow;
    const whole = map.m.every((row) => row.every(Number.isInteger)) && map.b.every(Number.isInteger);
    const largest = Math.max(
      ...map.m.map((row, c) => row.reduce((s, v) => s + Math.abs(v), 0) * 65536 + Math.abs(map.b[c] ?? 0)),
    );
    if (!whole || !isNarrowInteger(dtype) || largest > 2 ** 24 || this.known.opset < BROADCASTING) return null;
    const to = (value: number): Record<string, AttributeValue> => ({ to: { kind: 'int', value } });
    const real: Base = Object.assign(this.insert('Cast', `${tensor}/real`, [base], base.after, to(1)), {
      channels: base.channels,
      producer: null,
      after: base.after,
    });
    const mapped = this.emitLinear(tensor, `${tensor}/mapped`, { ...flow, base: real, dtype: 1 }, flow.rank);
    return this.insert('Cast', `${tensor}/restored`, [mapped], base.after, to(dtype));
  }

  /** map · base as a 1×1 Conv where the layout allows, else as MatMul along the last axis. */
  private emitLinear(tensor: string, wanted: string, flow: Flow, rank: number): Named {
    const { base, map, axis, dtype } = flow;
    const rows = map.m.length;
    const multiplyAdds = scaled(pixels(flow), rows * base.channels);
    let out: Named;
    if (asConvolution(flow)) {
      const weight = this.constant(
        `${tensor}/map`,
        dtype,
        [rows, base.channels, ...new Array<number>(rank - 2).fill(1)],
        map.m.flat(),
      );
      const bias = hasNoShift(map) ? [] : [this.constant(`${tensor}/shift`, dtype, [rows], map.b)];
      out = this.insert('Conv', wanted, [base, weight, ...bias], base.after, {}, multiplyAdds);
    } else {
      const swap = Array.from({ length: rank }, (_, i) => (i === axis ? rank - 1 : i === rank - 1 ? axis : i));
      const perm = { perm: { kind: 'ints' as const, value: swap } };
      const last = axis === rank - 1;
      const front: Operand = last
        ? base
        : this.insert('Transpose', `${tensor}/channels_last`, [base], base.after, perm);
      const weight = this.constant(
        `${tensor}/map`,
        dtype,
        [base.channels, rows],
        Array.from({ length: base.channels }, (_, k) => map.m.map((row) => row[k] ?? 0)).flat(),
      );
      out = this.insert(
        'MatMul',
        last && hasNoShift(map) ? wanted : `${tensor}/mapped`,
        [front, weight],
        base.after,
        {},
        multiplyAdds,
      );
      if (!hasNoShift(map))
        out = this.insert(
          'Add',
          last ? wanted : `${tensor}/shifted`,
          [out, this.constant(`${tensor}/shift`, dtype, [rows], map.b)],
          base.after,
        );
      if (!last) out = this.insert('Transpose', wanted, [out], base.after, perm);
    }
    if (!flow.gone) return out;
    const reshaped =
      this.known.opset >= 13
        ? this.insert(
            'Squeeze',
            `${wanted}/squeezed`,
            [out, this.constant(`${tensor}/axes`, 7, [1], [axis])],
            base.after,
          )
        : this.insert('Squeeze', `${wanted}/squeezed`, [out], base.after, { axes: { kind: 'ints', value: [axis] } });
    return reshaped;
  }

  /**
   * The same tensor as a map without a shift, over another base: `m·x + b = m·(x + u)` where such a u exists, else `[m b]·[x; 1]`.
   * Zero padding in front of a weight is exact only then. Null when rebuilding the tensor is cheaper, or no form is known.
   */
  withoutShift(flow: Flow, tensor: string): Flow | null {
    if (hasNoShift(flow.map)) return flow;
    if (!isPlain(flow) || isInteger(flow.dtype)) return null;
    const { base, axis, rank, dtype } = flow;
    const u = shiftBeforeMap(flow.map);
    const inserted = (named: Named, channels: number): Base =>
      Object.assign(named, { channels, producer: null, after: base.after });
    if (u && this.known.opset >= BROADCASTING) {
      const moved = this.shiftedBase(base, `add ${u.join()}`, () => {
        const dims = Array.from({ length: rank }, (_, i) => (i === axis ? u.length : 1));
        return inserted(
          this.insert('Add', `${tensor}/shifted`, [base, this.constant(`${tensor}/shift`, dtype, dims, u)], base.after),
          base.channels,
        );
      });
      this.notes.push(
        `A shift stands in front of zero padding: one Add of ${u.length > MAX_SHOWN ? `${u.length} numbers` : u.map(shown).join(', ')} to the channels keeps the border exact (${tensor}).`,
      );
      return { ...flow, base: moved, map: { m: flow.map.m, b: flow.map.b.map(() => 0) } };
    }
    const wide = base.channels + 1;
    if (wide > flow.map.m.length || this.known.opset < PAD) return null;
    const moved = this.shiftedBase(base, 'ones', () => {
      const pads = Array.from({ length: 2 * rank }, (_, i) => (i === rank + axis ? 1 : 0));
      const asInputs = this.known.opset >= PAD_WITH_INPUTS;
      const inputs = asInputs
        ? [this.constant(`${tensor}/pads`, 7, [pads.length], pads), this.constant(`${tensor}/one`, dtype, [], [1])]
        : [];
      const attributes: Record<string, AttributeValue> = asInputs
        ? {}
        : { pads: { kind: 'ints', value: pads }, value: { kind: 'float', value: 1 } };
      return inserted(this.insert('Pad', `${tensor}/with_ones`, [base, ...inputs], base.after, attributes), wide);
    });
    this.notes.push(
      `A shift stands in front of zero padding: a channel of ones beside the image, made by one Pad, keeps the border exact (${tensor}).`,
    );
    return {
      ...flow,
      base: moved,
      map: { m: flow.map.m.map((row, c) => [...row, flow.map.b[c] ?? 0]), b: flow.map.b.map(() => 0) },
    };
  }

  /** The same tensor with all that its channel axis holds as channels; null where that is too much for a map. */
  wide(flow: Flow): Flow | null {
    if (isPlain(flow)) return flow;
    const { base, outer, inner, map } = flow;
    const channels = outer * base.channels * inner;
    if (flow.gone || !isSmall(outer * map.m.length * inner, channels)) return null;
    return {
      ...flow,
      base: this.shiftedBase(base, `wide ${outer} ${inner}`, () => new WideBase(base, channels)),
      map: spread(map, outer, inner),
      outer: 1,
      inner: 1,
      earlier: null,
    };
  }

  private shiftedBase(base: Base, key: string, make: () => Base): Base {
    const made = this.shifted.get(base) ?? new Map<string, Base>();
    this.shifted.set(base, made);
    const there = made.get(key);
    if (there) return there;
    const moved = make();
    made.set(key, moved);
    this.bases.push(moved);
    return moved;
  }

  async value(name: string | undefined): Promise<ConstantValue | null> {
    return name && !this.flows.has(name) ? this.known.constants.value(name) : null;
  }

  /** The integers of a constant, of any size; null when it is none. */
  async integersOf(name: string | undefined): Promise<readonly bigint[] | null> {
    return name && !this.flows.has(name) ? this.known.constants.integers(name) : null;
  }

  flowOf(name: string | undefined): Flow | null {
    return (name && this.flows.get(name)) || null;
  }

  dimsOf(name: string): readonly Dim[] | null {
    const flow = this.flows.get(name);
    return flow && !flow.gone ? flow.dims : this.known.dims(name);
  }
}

/** A base whose channel axis also holds pixels, seen as channels: the same tensor under the same name. */
class WideBase implements Base {
  readonly channels: number;
  readonly producer: Node | null;
  readonly after: Node | null;
  private readonly of: Base;

  constructor(of: Base, channels: number) {
    this.of = of;
    this.channels = channels;
    this.producer = of.producer;
    this.after = of.after;
  }

  get name(): string {
    return this.of.name;
  }

  set name(name: string) {
    this.of.name = name;
  }
}

/** Convolutions take channels on axis 1, and runtimes have none for float64. */
function asConvolution({ axis, rank, dtype }: Flow): boolean {
  return axis === 1 && rank >= 3 && rank <= 5 && dtype !== DOUBLE;
}

/** A number as a sentence shows it: float32 has seven digits. */
function shown(v: number): string {
  return String(Number(v.toPrecision(7)));
}

/** Pixels of one image: all dims but the batch, in front, and the channels; null when one is unknown. */
function pixels(flow: Flow): number | null {
  return flow.dims.reduce(
    (n: number | null, d, i) =>
      i === flow.axis || (i === 0 && flow.axis !== 0) ? n : n === null || typeof d !== 'number' ? null : n * d,
    1,
  );
}

function scaled(count: number | null, by: number): number | null {
  return count === null ? null : count * by;
}
