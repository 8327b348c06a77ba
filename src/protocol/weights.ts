import { fieldsOf, isIndex } from './checked.ts';

/**
 * What the page may ask about stored tensors. A tensor goes by its name in the main graph: of an initializer, or of the
 * output of a Constant.
 */

/**
 * Statistics of a tensor, NaN and infinities left out of all but their counts. Complex elements count as two numbers
 * each.
 */
export interface PageStatistics {
  readonly count: number;
  readonly nan: number;
  readonly infinite: number;
  readonly zeros: number;
  /** As stored; null where there is no finite number. */
  readonly min: string | null;
  readonly max: string | null;
  readonly mean: number | null;
  /** Population standard deviation. */
  readonly deviation: number | null;
  /** Bar i counts the values in [(first + i) · width, (first + i + 1) · width). */
  readonly histogram: { readonly first: number; readonly width: number; readonly counts: readonly number[] } | null;
}

export interface PageRange {
  readonly from: number;
  readonly to: number;
}

export type TensorFormat = 'npy' | 'csv';

export interface WeightMethods {
  tensorStatistics: { args: { tensor: string }; result: PageStatistics };
  /** The elements of a block, one range per axis, in row-major order of the block. */
  tensorBlock: { args: { tensor: string; ranges: readonly PageRange[] }; result: { texts: readonly string[] } };
  /** Asks where to, then writes. `name` null: the user chose no file. `note` says what happened to the element type. */
  saveTensor: { args: { tensor: string; format: TensorFormat }; result: { name: string | null; note: string | null } };
}

type Reader<M extends keyof WeightMethods> = (value: unknown) => WeightMethods[M]['args'] | undefined;

export const WEIGHT_ARGS: { readonly [M in keyof WeightMethods]: Reader<M> } = {
  tensorStatistics: (value) => {
    const { tensor } = fieldsOf(value);
    return typeof tensor === 'string' ? { tensor } : undefined;
  },
  tensorBlock: (value) => {
    const { tensor, ranges } = fieldsOf(value);
    return typeof tensor === 'string' && Array.isArray(ranges) && ranges.every(isRange)
      ? { tensor, ranges }
      : undefined;
  },
  saveTensor: (value) => {
    const { tensor, format } = fieldsOf(value);
    return typeof tensor === 'string' && (format === 'npy' || format === 'csv') ? { tensor, format } : undefined;
  },
};

function isRange(value: unknown): value is PageRange {
  const { from, to } = fieldsOf(value);
  return isIndex(from) && isIndex(to) && from <= to;
}
