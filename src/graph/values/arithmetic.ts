import { BOOL, INT64 } from '../../tensors/dtypes.ts';
import { broadcastAll } from '../sizes/dims.ts';
import {
  absolute,
  arithmeticOf,
  difference,
  least,
  most,
  negated,
  order,
  product,
  ratio,
  remainder,
  roundedDown,
  roundedUp,
  sum,
  truncated,
  type Arithmetic,
  type Step2,
} from './entries.ts';
import { broadcastAt, build, small, type Entry, type Evaluate, type Reading, type SmallTensor } from './smallTensor.ts';
import { fromFront } from '../../tensors/dims.ts';

/** All inputs, where each is known. */
function inputs(reading: Reading): readonly SmallTensor[] | null {
  const found = reading.rule.node.inputs.map((_, k) => reading.small(k));
  return found.length > 0 && found.every((t) => t !== null) ? found : null;
}

/** Entry by entry over inputs that broadcast. */
function elementwise(apply: (entries: readonly Entry[], reading: Reading) => Entry): Evaluate {
  return (reading) => {
    const all = inputs(reading);
    const dims = all && broadcastAll(all.map((t) => t.dims));
    return [
      dims &&
        build(dims as readonly number[], (places) =>
          apply(
            all.map((t) => broadcastAt(t, places)),
            reading,
          ),
        ),
    ];
  };
}

function typed(step: Step2): Evaluate {
  return elementwise((entries, reading) => {
    const type = arithmeticOf(reading.rule.dtype(0));
    const [first = null, ...more] = entries;
    return type && more.reduce((total, next) => step(total, next, type), first);
  });
}

function unary(apply: (a: Entry, type: Arithmetic) => Entry): Evaluate {
  return elementwise(([a = null], reading) => {
    const type = arithmeticOf(reading.rule.dtype(0));
    return type && apply(a, type);
  });
}

/** A float function of plain numbers. */
function plain(apply: (a: number) => number): Evaluate {
  return unary((a, type) => (typeof a === 'number' ? type.round(apply(a)) : null));
}

function compared(holds: (order: -1 | 0 | 1) => boolean): Evaluate {
  return elementwise(([a = null, b = null]) => {
    const found = order(a, b);
    return found === null ? null : Number(holds(found));
  });
}

/** Logic on what is known: one known false decides an And. */
function logic(apply: (a: boolean | null, b: boolean | null) => boolean | null): Evaluate {
  const truth = (e: Entry): boolean | null => (typeof e === 'number' ? e !== 0 : null);
  return elementwise(([a = null, b = null]) => {
    const found = apply(truth(a), truth(b));
    return found === null ? null : Number(found);
  });
}

const where = elementwise(([condition = null, a = null, b = null]) => {
  if (a === b) return a;
  if (typeof condition !== 'number') return null;
  return condition === 0 ? b : a;
});

/** Three-valued And and Or: one entry that decides is enough, and `decides` is that entry. */
function decidedBy(decides: boolean): Evaluate {
  return logic((a, b) => {
    if (a === decides || b === decides) return decides;
    return a === null || b === null ? null : !decides;
  });
}

const cast: Evaluate = (reading) => {
  const to = reading.outDtype(0);
  const [from, into] = [arithmeticOf(reading.rule.dtype(0)), arithmeticOf(to)];
  const x = reading.small(0);
  if (!x || !from || !into) return [null];
  return [
    small(
      x.dims,
      x.values.map((value) => {
        if (to === BOOL) return order(value, 0) === null ? null : Number(order(value, 0) !== 0);
        const whole = from.float && !into.float ? truncated(value) : value;
        return typeof whole === 'number' ? into.round(whole) : whole;
      }),
    ),
  ];
};

const modulo: Evaluate = (reading) => (reading.rule.int('fmod', 0) ? [null] : typed(remainder)(reading));

const power = elementwise(([a = null, b = null], reading) => {
  const type = arithmeticOf(reading.rule.dtype(0));
  if (type && a !== null && b === 2) return product(a, a, type);
  return type && typeof a === 'number' && typeof b === 'number' ? type.round(a ** b) : null;
});

/** A range of known length: https://onnx.ai/onnx/operators/onnx__Range.html */
const range: Evaluate = (reading) => {
  const [start, delta] = [reading.small(0)?.values[0] ?? null, reading.small(2)?.values[0] ?? null];
  const dims = reading.out(0);
  const type = arithmeticOf(reading.rule.dtype(0));
  if (!dims || !type || start === null || delta === null) return [null];
  return [build(dims, ([k = 0]) => sum(start, product(k, delta, type), type))];
};

/** Reductions of small tensors to one number, or along axes. */
function reduced(step: Step2): Evaluate {
  return (reading) => {
    const x = reading.small(0);
    const type = arithmeticOf(reading.rule.dtype(0));
    const out = reading.out(0);
    if (!x || !type || !out || x.values.length === 0) return [null];
    const given = reading.rule.ints('axes') ?? (reading.rule.has(1) ? (reading.small(1)?.values ?? null) : []);
    if (!given?.every((a) => typeof a === 'number')) return [null];
    const axes = given.map((axis) => fromFront(Number(axis), x.dims.length));
    if (!axes.length && reading.rule.int('noop_with_empty_axes', 0)) return [x];
    const gone = (k: number): boolean => !axes.length || axes.includes(k);
    const totals = new Map<string, Entry>();
    build(x.dims, (places) => {
      const key = places.filter((_, k) => !gone(k)).join();
      const value = broadcastAt(x, places);
      totals.set(key, totals.has(key) ? step(totals.get(key) ?? null, value, type) : value);
      return null;
    });
    return [small(out, [...totals.values()])];
  };
}

const size: Evaluate = (reading) => {
  const dims = reading.rule.dims(0);
  const type = arithmeticOf(INT64);
  return [dims && type && small([], [dims.reduce<Entry>((n, dim) => product(n, dim, type), 1)])];
};

export const ARITHMETIC: Readonly<Record<string, Evaluate>> = {
  Add: typed(sum),
  Sub: typed(difference),
  Mul: typed(product),
  Div: typed(ratio),
  Mod: modulo,
  Pow: power,
  Sum: typed(sum),
  Min: typed(least),
  Max: typed(most),
  Neg: unary(negated),
  Abs: unary(absolute),
  Floor: unary(roundedDown),
  Ceil: unary(roundedUp),
  Sqrt: plain(Math.sqrt),
  Exp: plain(Math.exp),
  Log: plain(Math.log),
  Reciprocal: plain((a) => 1 / a),
  Sign: plain(Math.sign),
  Equal: compared((o) => o === 0),
  Greater: compared((o) => o > 0),
  Less: compared((o) => o < 0),
  GreaterOrEqual: compared((o) => o >= 0),
  LessOrEqual: compared((o) => o <= 0),
  Not: logic((a) => (a === null ? null : !a)),
  And: decidedBy(false),
  Or: decidedBy(true),
  Xor: logic((a, b) => (a === null || b === null ? null : a !== b)),
  Where: where,
  Cast: cast,
  CastLike: cast,
  Range: range,
  Size: size,
  ReduceProd: reduced(product),
  ReduceSum: reduced(sum),
  ReduceMax: reduced(most),
  ReduceMin: reduced(least),
};
