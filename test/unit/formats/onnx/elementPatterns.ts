import { DTYPE } from '../../../fixtures/modelBuilder.ts';

/** A bit pattern, and the number it stands for. */
type Pair = readonly [pattern: number | bigint, value: number | bigint];

const F32: readonly Pair[] = [
  [0x3f800000, 1],
  [0x80000000, -0],
  [0x00000001, 2 ** -149],
  [0x7f800000, Infinity],
  [0xc2f60000, -123],
  [0x7fc00000, NaN],
];
const F64: readonly Pair[] = [
  [0x3ff0000000000000n, 1],
  [0x8000000000000000n, -0],
  [1n, 2 ** -1074],
  [0xfff0000000000000n, -Infinity],
  [0x400921fb54442d18n, Math.PI],
  [0x7ff8000000000000n, NaN],
];
/** From https://onnx.ai/onnx/technical/float6.html. */
const SIX_E2M3: readonly Pair[] = [
  [0, 0],
  [0x20, -0],
  [1, 0.125],
  [8, 1],
  [0x1f, 7.5],
  [0x29, -1.125],
  [0x10, 2],
  [7, 0.875],
];
const SIX_E3M2: readonly Pair[] = [
  [0, 0],
  [0x20, -0],
  [1, 0.0625],
  [4, 0.25],
  [0x1f, 28],
  [0x2d, -1.25],
  [0x10, 2],
  [3, 0.1875],
];
const FOUR = [0, 0.5, 1, 1.5, 2, 3, 4, 6];

/**
 * Bit patterns and their values, from the tables of https://onnx.ai/onnx/technical/float8.html, float6.html, float4.html, int4.html
 * and IEEE 754.
 */
const VALUES: Readonly<Record<keyof typeof DTYPE, readonly Pair[]>> = {
  float32: F32,
  uint8: [
    [0, 0],
    [255, 255],
    [128, 128],
    [7, 7],
    [1, 1],
  ],
  int8: [
    [0, 0],
    [255, -1],
    [128, -128],
    [127, 127],
    [1, 1],
  ],
  uint16: [
    [0, 0],
    [65535, 65535],
    [32768, 32768],
    [7, 7],
    [256, 256],
  ],
  int16: [
    [0, 0],
    [65535, -1],
    [32768, -32768],
    [32767, 32767],
    [256, 256],
  ],
  int32: [
    [0, 0],
    [0xffffffff, -1],
    [0x80000000, -(2 ** 31)],
    [0x7fffffff, 2 ** 31 - 1],
    [300, 300],
  ],
  int64: [
    [0n, 0n],
    [-1n, -1n],
    [-(2n ** 63n), -(2n ** 63n)],
    [2n ** 63n - 1n, 2n ** 63n - 1n],
    [2n ** 53n + 1n, 2n ** 53n + 1n],
  ],
  string: [],
  bool: [
    [0, 0],
    [1, 1],
    [1, 1],
    [0, 0],
    [1, 1],
  ],
  float16: [
    [0x3c00, 1],
    [0x7bff, 65504],
    [0x0001, 2 ** -24],
    [0xfc00, -Infinity],
    [0x8000, -0],
    [0x7e00, NaN],
  ],
  float64: F64,
  uint32: [
    [0, 0],
    [0xffffffff, 2 ** 32 - 1],
    [0x80000000, 2 ** 31],
    [7, 7],
    [300, 300],
  ],
  uint64: [
    [0n, 0n],
    [2n ** 64n - 1n, 2n ** 64n - 1n],
    [2n ** 63n, 2n ** 63n],
    [7n, 7n],
    [2n ** 53n + 1n, 2n ** 53n + 1n],
  ],
  complex64: F32,
  complex128: F64,
  bfloat16: [
    [0x3f80, 1],
    [0x7f7f, 255 * 2 ** 120],
    [0x0001, 2 ** -133],
    [0xff80, -Infinity],
    [0x8000, -0],
    [0x7fc0, NaN],
  ],
  float8e4m3fn: [
    [0x38, 1],
    [0x7e, 448],
    [0x01, 2 ** -9],
    [0xfe, -448],
    [0x80, -0],
    [0xff, NaN],
    [0x7f, NaN],
  ],
  float8e4m3fnuz: [
    [0x40, 1],
    [0x7f, 240],
    [0x01, 2 ** -10],
    [0xff, -240],
    [0x00, 0],
    [0x80, NaN],
  ],
  float8e5m2: [
    [0x3c, 1],
    [0x7b, 57344],
    [0x01, 2 ** -16],
    [0xfc, -Infinity],
    [0x80, -0],
    [0x7d, NaN],
  ],
  float8e5m2fnuz: [
    [0x40, 1],
    [0x7f, 57344],
    [0x01, 2 ** -17],
    [0xff, -57344],
    [0x00, 0],
    [0x80, NaN],
  ],
  uint4: [
    [0, 0],
    [15, 15],
    [8, 8],
    [7, 7],
    [1, 1],
    [2, 2],
    [9, 9],
  ],
  int4: [
    [0, 0],
    [15, -1],
    [8, -8],
    [7, 7],
    [1, 1],
    [2, 2],
    [9, -7],
  ],
  float4e2m1: [...FOUR.map((v, i) => [i, v] as const), ...FOUR.map((v, i) => [8 + i, -v] as const), [3, 1.5]],
  float8e8m0: [
    [127, 1],
    [0, 2 ** -127],
    [254, 2 ** 127],
    [255, NaN],
    [128, 2],
  ],
  uint2: [
    [0, 0],
    [3, 3],
    [2, 2],
    [1, 1],
    [3, 3],
    [0, 0],
    [1, 1],
    [2, 2],
    [3, 3],
    [1, 1],
    [0, 0],
  ],
  int2: [
    [0, 0],
    [3, -1],
    [2, -2],
    [1, 1],
    [3, -1],
    [0, 0],
    [1, 1],
    [2, -2],
    [3, -1],
    [1, 1],
    [0, 0],
  ],
  float6e2m3: [...SIX_E2M3, [0x3f, -7.5]],
  float6e3m2: [...SIX_E3M2, [0x3f, -28]],
};

/** The types that have numbers. */
export const PATTERNS = (Object.entries(VALUES) as [keyof typeof DTYPE, readonly Pair[]][]).filter(
  ([, pairs]) => pairs.length,
);
