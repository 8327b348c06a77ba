import { BFLOAT16, FLOAT16 } from './dtypes.ts';

/** A sign, an exponent, and the bits behind the leading one. */
export interface FloatFormat {
  readonly mantissaBits: number;
  /** What is added to exponents, so that patterns hold none below 0. */
  readonly bias: number;
}

/**
 * The float formats below 32 bits. Bias, exponent and mantissa widths give the value of a bit pattern; what stands at
 * the top of the range differs: `ieee` has infinities and NaNs there, `fn` only the all-ones NaN, `fnuz` none (its one
 * NaN is the pattern of minus zero), `none` nothing. Source: https://onnx.ai/onnx/technical/float8.html, float6.html,
 * float4.html, and the OCP Microscaling formats 1.0.
 */
interface SmallFloat extends FloatFormat {
  readonly exponentBits: number;
  readonly top: 'ieee' | 'fn' | 'fnuz' | 'none';
}

/** What stands at the top of a format's range, in patterns without the sign. */
interface Top {
  /** The pattern of NaN; null where there is none. */
  nan(format: SmallFloat): number | null;
  /** The pattern of the largest finite number. */
  largest(format: SmallFloat): number;
}

/** Patterns of one sign. */
function halfOf({ exponentBits, mantissaBits }: SmallFloat): number {
  return 2 ** (exponentBits + mantissaBits);
}

/** The pattern of infinity where a format has one. */
function infinityOf(format: SmallFloat): number {
  return halfOf(format) - 2 ** format.mantissaBits;
}

const TOPS: Readonly<Record<SmallFloat['top'], Top>> = {
  ieee: {
    nan: (format) => infinityOf(format) + 2 ** (format.mantissaBits - 1),
    largest: (format) => infinityOf(format) - 1,
  },
  fn: { nan: (format) => halfOf(format) - 1, largest: (format) => halfOf(format) - 2 },
  fnuz: { nan: halfOf, largest: (format) => halfOf(format) - 1 },
  none: { nan: () => null, largest: (format) => halfOf(format) - 1 },
};

/** By TensorProto.DataType. */
export const SMALL_FLOATS: Readonly<Record<number, SmallFloat>> = {
  [FLOAT16]: { exponentBits: 5, mantissaBits: 10, bias: 15, top: 'ieee' },
  [BFLOAT16]: { exponentBits: 8, mantissaBits: 7, bias: 127, top: 'ieee' },
  17: { exponentBits: 4, mantissaBits: 3, bias: 7, top: 'fn' },
  18: { exponentBits: 4, mantissaBits: 3, bias: 8, top: 'fnuz' },
  19: { exponentBits: 5, mantissaBits: 2, bias: 15, top: 'ieee' },
  20: { exponentBits: 5, mantissaBits: 2, bias: 16, top: 'fnuz' },
  23: { exponentBits: 2, mantissaBits: 1, bias: 1, top: 'none' },
  27: { exponentBits: 2, mantissaBits: 3, bias: 1, top: 'none' },
  28: { exponentBits: 3, mantissaBits: 2, bias: 3, top: 'none' },
};
/** float8e8m0 holds powers of two only: no sign, no zero, 255 is NaN. */
const E8M0 = 24;

const tables = new Map<number, Float64Array>();

/** The value of every bit pattern of a small float type; null for other types. */
export function smallFloatValues(dtype: number): Float64Array | null {
  const known = tables.get(dtype);
  if (known) return known;
  const format = SMALL_FLOATS[dtype];
  let table: Float64Array;
  if (dtype === E8M0) table = Float64Array.from({ length: 256 }, (_, i) => (i === 255 ? NaN : 2 ** (i - 127)));
  else if (format)
    table = Float64Array.from({ length: 2 ** (1 + format.exponentBits + format.mantissaBits) }, (_, i) =>
      patternValue(format, i),
    );
  else return null;
  tables.set(dtype, table);
  return table;
}

function patternValue(format: SmallFloat, pattern: number): number {
  const { top } = format;
  const half = halfOf(format);
  const negative = pattern >= half;
  const magnitude = pattern % half;
  if (top === 'fn' && magnitude === half - 1) return NaN;
  if (top === 'fnuz' && negative && magnitude === 0) return NaN;
  if (top === 'ieee' && magnitude > infinityOf(format)) return NaN;
  const value = top === 'ieee' && magnitude === infinityOf(format) ? Infinity : finiteValue(format, magnitude);
  return negative ? -value : value;
}

/** A number below infinity, from its pattern without the sign. */
function finiteValue({ mantissaBits, bias }: SmallFloat, magnitude: number): number {
  const exponent = Math.floor(magnitude / 2 ** mantissaBits);
  const mantissa = magnitude % 2 ** mantissaBits;
  return exponent === 0
    ? mantissa * 2 ** (1 - bias - mantissaBits)
    : (2 ** mantissaBits + mantissa) * 2 ** (exponent - bias - mantissaBits);
}

/**
 * The bit pattern nearest to `value`, ties to even, rounded once from the double.
 * null where the type can't hold it: a finite value beyond the largest one, an infinity or NaN the type doesn't have.
 */
export function smallFloatPattern(dtype: number, value: number): number | null {
  if (dtype === E8M0) return e8m0Pattern(value);
  const format = SMALL_FLOATS[dtype];
  if (!format) return null;
  const { mantissaBits, bias, top } = format;
  const sign = value < 0 || Object.is(value, -0) ? halfOf(format) : 0;
  if (Number.isNaN(value)) return TOPS[top].nan(format);
  if (!Number.isFinite(value)) return top === 'ieee' ? sign + infinityOf(format) : null;
  const size = Math.abs(value);
  const exponent = Math.max(binaryExponent(size), 1 - bias);
  const steps = roundHalfEven(size / 2 ** (exponent - mantissaBits));
  // A carry out of the mantissa moves into the exponent by itself: patterns of one sign are in order of size.
  const pattern = (exponent + bias - 1) * 2 ** mantissaBits + steps;
  if (pattern > TOPS[top].largest(format)) return null;
  return top === 'fnuz' && pattern === 0 ? 0 : sign + pattern;
}

function e8m0Pattern(value: number): number | null {
  if (Number.isNaN(value)) return 255;
  const exponent = binaryExponent(value);
  return value > 0 && value === 2 ** exponent && exponent >= -127 && exponent <= 127 ? exponent + 127 : null;
}

const scratch = new DataView(new ArrayBuffer(8));

/** floor(log2(x)) of a finite x ≥ 0, exactly; far below any small float's range for 0 and subnormal doubles. */
function binaryExponent(x: number): number {
  scratch.setFloat64(0, x);
  return (Math.floor(scratch.getUint16(0) / 16) % 2048) - 1023;
}

/** Rounds to the nearest integer, ties to even. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
