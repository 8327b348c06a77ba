/** Bars of equal width: bar i counts the values in [(first + i) · width, (first + i + 1) · width). */
export interface Histogram {
  readonly first: number;
  readonly width: number;
  readonly counts: readonly number[];
}

/**
 * At most this many bars. The spread of the values takes more than half of them, unless they are whole numbers and need
 * fewer.
 */
export const MAX_BARS = 128;
/** The smallest positive double is 2^-1074. */
const LEAST_EXPONENT = -1074;
/** Bars narrower than this part of the largest value are finer than a double. */
const FINEST = 2 ** -52;

/**
 * Counts finite values in one pass, without knowing their range before. The width is the smallest power of two for
 * which MAX_BARS bars span all values. Bars of such widths join exactly when the range grows, so the result does not
 * depend on the order of the values.
 */
export class HistogramCounter {
  private readonly least: number;
  private counts = new Float64Array(MAX_BARS);
  private low = NaN;
  private high = NaN;
  private first = 0;
  /** 0 while all values are the same: then there is no spread to choose a width for, and `single` counts them. */
  private width = 0;
  private single = 0;

  /** With `whole`, the values are integers and no bar is narrower than 1. */
  constructor(whole: boolean) {
    this.least = whole ? 1 : 2 ** LEAST_EXPONENT;
  }

  /** Widens the range. Every value must be covered before it is added. */
  cover(low: number, high: number): void {
    const before = this.low;
    this.low = Number.isNaN(before) ? low : Math.min(before, low);
    this.high = Number.isNaN(before) ? high : Math.max(this.high, high);
    if (this.low === this.high) return;
    const width = barWidth(this.low, this.high, this.least);
    const first = barOf(this.low, width);
    const counts = new Float64Array(MAX_BARS);
    const move = (value: number, count: number): void => {
      if (count > 0) counts[barOf(value, width) - first]! += count;
    };
    if (this.width === 0) move(before, this.single);
    else this.counts.forEach((count, i) => move((this.first + i) * this.width, count));
    Object.assign(this, { width, first, counts });
  }

  /** Counts a finite number into its bar. `cover` must have made room for it. */
  add(value: number, times = 1): void {
    if (this.width === 0) this.single += times;
    else this.counts[barOf(value, this.width) - this.first]! += times;
  }

  /** null where no value was added. */
  result(): Histogram | null {
    if (Number.isNaN(this.low)) return null;
    if (this.width > 0)
      return {
        first: this.first,
        width: this.width,
        counts: [...this.counts.subarray(0, barOf(this.high, this.width) - this.first + 1)],
      };
    const width = barWidth(this.low, this.low, Math.max(this.least, Math.abs(this.low) / MAX_BARS));
    return { first: barOf(this.low, width), width, counts: [this.single] };
  }
}

function barOf(value: number, width: number): number {
  const bar = value / width;
  // A quotient too small for a double would lose its sign.
  return bar === 0 && value < 0 ? -1 : Math.floor(bar);
}

/**
 * The smallest power of two for which MAX_BARS bars hold [low, high]. Grows with the range, whatever the order of its
 * growth.
 */
function barWidth(low: number, high: number, least: number): number {
  const bound = Math.max(least, Math.max(Math.abs(low), Math.abs(high)) * FINEST);
  const spread = high / MAX_BARS - low / MAX_BARS;
  let exponent = Math.max(LEAST_EXPONENT, Math.floor(Math.log2(Math.max(bound, spread))) - 1);
  while (2 ** exponent < bound || barOf(high, 2 ** exponent) - barOf(low, 2 ** exponent) >= MAX_BARS) exponent++;
  return 2 ** exponent;
}
