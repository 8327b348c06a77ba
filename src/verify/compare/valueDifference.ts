import { stepOf } from '../../tensors/precision.ts';

/** How far the numbers of one tensor are from another's. */
export interface ValueDifference {
  /** Numbers that differ, of `total`. */
  readonly count: number;
  readonly total: number;
  /** Infinity where a NaN stands on one side only. */
  readonly maxAbs: number;
  /** ‖b − a‖₂ / ‖a‖₂, over the finite numbers of `a`. */
  readonly relL2: number;
  /** Flat position of the first one that differs; -1 where none does. */
  readonly first: number;
}

/** Counts how two tensors differ, a part at a time. */
export class ValueCounter {
  private count = 0;
  private total = 0;
  private maxAbs = 0;
  private first = -1;
  private squares = 0;
  private size = 0;

  /** The next numbers of both, equally many. */
  add(a: Float64Array, b: Float64Array): void {
    for (let i = 0; i < a.length; i++) {
      const [was, now] = [a[i] ?? NaN, b[i] ?? NaN];
      if (Number.isFinite(was)) this.size += was * was;
      if (!Object.is(was, now)) this.addChange(this.total + i, Math.abs(was - now));
    }
    this.total += a.length;
  }

  /** What the parts so far come to. */
  difference(): ValueDifference {
    const { count, total, maxAbs, first, squares, size } = this;
    return { count, total, maxAbs, relL2: squares === 0 ? 0 : Math.sqrt(squares / (size || Number.MIN_VALUE)), first };
  }

  private addChange(at: number, distance: number): void {
    if (this.first < 0) this.first = at;
    this.count += 1;
    this.maxAbs = Math.max(this.maxAbs, Number.isNaN(distance) ? Infinity : distance);
    this.squares += distance * distance;
  }
}

/** How far a stored sum may be off, as a part of the sum of magnitudes: by half a step each of four roundings. */
export function sumRounding(dtype: number): number {
  return 2 * stepOf(dtype);
}
