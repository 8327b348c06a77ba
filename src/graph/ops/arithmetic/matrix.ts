import { INT32 } from '../../../tensors/dtypes.ts';
import type { Dim } from '../../../formats/onnx/model.ts';
import { broadcast, broadcastAll } from '../../sizes/dims.ts';
import {
  each,
  fixed,
  like,
  likeAny,
  tensors,
  type Rule,
  type RuleInput,
  type ShapeRule,
} from '../../shapes/shapeRule.ts';

/** Throws RangeError for two axes that are multiplied and differ. */
function meet(a: Dim, b: Dim): void {
  if (typeof a === 'number' && typeof b === 'number' && a !== b)
    throw new RangeError(`it multiplies rows of ${a} with columns of ${b}`);
}

/**
 * Numpy's matmul, which MatMul follows: vectors gain an axis and lose it again. Null where a rank is not known; throws
 * RangeError where the operands don't fit. https://onnx.ai/onnx/operators/onnx__MatMul.html
 */
export function product(x: readonly Dim[] | null, y: readonly Dim[] | null): Dim[] | null {
  if (!x || !y) return null;
  if (!x.length || !y.length) throw new RangeError('it multiplies a scalar');
  meet(x.at(-1) ?? null, y.at(y.length > 1 ? -2 : -1) ?? null);
  const batch = broadcastAll([x.slice(0, -2), y.slice(0, -2)]) ?? [];
  return [...batch, ...(x.length > 1 ? [x.at(-2) ?? null] : []), ...(y.length > 1 ? [y.at(-1) ?? null] : [])];
}

/** The product of input 0 and input `b`. */
export const matMul =
  (b: number): ShapeRule =>
  (input) => [product(input.dims(0), input.dims(b))];

/** https://onnx.ai/onnx/operators/onnx__Gemm.html */
export const gemm =
  (b: number): ShapeRule =>
  (input) => {
    const [x, y] = [matrix(input, 0), matrix(input, b)];
    const [first, second] = [input.int('transA', 0) ? 1 : 0, input.int('transB', 0) ? 0 : 1];
    meet(x?.[1 - first] ?? null, y?.[1 - second] ?? null);
    return [[x?.[first] ?? null, y?.[second] ?? null]];
  };

function matrix(input: RuleInput, index: number): readonly Dim[] | null {
  const dims = input.dims(index);
  if (dims && dims.length !== 2)
    throw new RangeError(`it multiplies matrices, and input ${index} has rank ${dims.length}`);
  return dims;
}

/** FusedMatMul can swap the last two axes, and the batch axes with the first of them. */
const fusedMatMul: ShapeRule = (input) => [
  product(
    turned(input.dims(0), { matrix: input.int('transA', 0) !== 0, batch: input.int('transBatchA', 0) !== 0 }),
    turned(input.dims(1), { matrix: input.int('transB', 0) !== 0, batch: input.int('transBatchB', 0) !== 0 }),
  ),
];

/** The dims of an operand as they are multiplied: `matrix` swaps its last two axes, `batch` moves the first one in. */
function turned(
  dims: readonly Dim[] | null,
  { matrix: swaps, batch: moves }: { readonly matrix: boolean; readonly batch: boolean },
): readonly Dim[] | null {
  if (!dims || dims.length < 2) return dims;
  const moved = moves ? [...dims.slice(1, -1), dims[0] ?? null, dims.at(-1) ?? null] : [...dims];
  return swaps ? [...moved.slice(0, -2), moved.at(-1) ?? null, moved.at(-2) ?? null] : moved;
}

/** One number for each matrix: https://onnx.ai/onnx/operators/onnx__Det.html */
const det: ShapeRule = (input) => {
  const x = input.dims(0);
  if (x && x.length < 2) throw new RangeError(`it takes matrices, and its input has rank ${x.length}`);
  return [x?.slice(0, -2) ?? null];
};

/** One letter per axis, `...` for those that broadcast: https://onnx.ai/onnx/operators/onnx__Einsum.html */
const einsum: ShapeRule = (input) => {
  const [left = '', right] = input.text('equation', '').replaceAll(/\s/g, '').split('->');
  const terms = left.split(',');
  if (terms.length !== input.node.inputs.length)
    throw new RangeError(`its equation has ${terms.length} terms for ${input.node.inputs.length} inputs`);
  const sizes = new Map<string, Dim>();
  const rest: (readonly Dim[] | null)[] = [];
  terms.forEach((term, k) => {
    const dims = input.dims(k);
    const [before = '', behind] = term.split('...');
    const named = before.length + (behind?.length ?? 0);
    if (dims && (behind === undefined ? dims.length !== named : dims.length < named))
      throw new RangeError(`its term ${term} does not fit a tensor of rank ${dims.length}`);
    if (behind !== undefined) rest.push(dims && dims.slice(before.length, dims.length - behind.length));
    [...before].forEach((letter, axis) => note(sizes, letter, dims?.[axis] ?? null));
    [...(behind ?? '')].forEach((letter, axis) =>
      note(sizes, letter, dims?.[dims.length - (behind?.length ?? 0) + axis] ?? null),
    );
  });
  const target = right ?? implicitOutput(left, rest.length > 0);
  const [head = '', tail] = target.split('...');
  const ellipsis = tail === undefined ? [] : broadcastAll(rest);
  const sizeOf = (letter: string): Dim => {
    if (!sizes.has(letter)) throw new RangeError(`its equation has no size for ${letter}`);
    return sizes.get(letter) ?? null;
  };
  return [ellipsis && [...[...head].map(sizeOf), ...ellipsis, ...[...(tail ?? '')].map(sizeOf)]];
};

function note(sizes: Map<string, Dim>, letter: string, size: Dim): void {
  const old = sizes.get(letter);
  sizes.set(letter, old === undefined ? size : broadcast(old, size));
}

/** Without an arrow: the ellipsis, then the letters that occur once, in the order of the alphabet. */
function implicitOutput(left: string, ellipsis: boolean): string {
  const counts = new Map<string, number>();
  for (const letter of left) if (/[A-Za-z]/.test(letter)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  const once = [...counts].filter(([, count]) => count === 1).map(([letter]) => letter);
  return (ellipsis ? '...' : '') + once.sort().join('');
}

export const MATRIX: Readonly<Record<string, Rule>> = {
  MatMul: tensors(matMul(1), like(0, 1)),
  ...each(
    'com.microsoft:FusedMatMulActivation com.microsoft:SparseToDenseMatMul com.microsoft:TransposeMatMul ' +
      'com.microsoft:FusedMatMul',
    tensors(fusedMatMul, like(0, 1)),
  ),
  ...each('Gemm com.microsoft:FusedGemm', tensors(gemm(1), like(0, 1, 2))),
  MatMulInteger: tensors(matMul(1), fixed(INT32)),
  Einsum: tensors(einsum, likeAny),
  Det: tensors(det, like(0)),
};
