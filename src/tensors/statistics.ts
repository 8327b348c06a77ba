import { streamElements, type StreamOptions } from './elementStream.ts';
import { HistogramCounter, type Histogram } from './histogram.ts';
import { elementCount, numericRow, sizeError, type StoredTensor } from './storedTensor.ts';
import type { Elements } from './tensorElements.ts';

/** What the numbers of a tensor look like. Complex elements count as two numbers each. */
export interface Statistics {
  /** All numbers, NaN and infinities included. */
  readonly count: number;
  readonly nan: number;
  readonly infinite: number;
  readonly zeros: number;
  /** Of the finite numbers, exactly as stored; null where there are none. */
  readonly min: number | bigint | null;
  readonly max: number | bigint | null;
  /** Of the finite numbers; null where there are none or a double can't hold it. */
  readonly mean: number | null;
  /** Population standard deviation (divided by the count), as numpy's std. */
  readonly deviation: number | null;
  /** Of the finite numbers. */
  readonly histogram: Histogram | null;
}

/**
 * Statistics of a tensor of any size, in one pass over its bytes and with one part of it in memory at a time.
 * Throws as streamElements does.
 */
export async function readStatistics(tensor: StoredTensor, options: StreamOptions = {}): Promise<Statistics> {
  const row = numericRow(tensor);
  const stored = tensor.sparse ?? tensor;
  const counter = new StatisticsCounter(row.kind !== 'float' && row.kind !== 'complex');
  const [all, held] = [elementCount(tensor), elementCount(stored)];
  if (held > all) throw sizeError(tensor, `at most ${all} values`, `${held}`);
  await streamElements(stored, (part) => counter.add(part), options);
  counter.addZeros((all - held) * row.lanes);
  return counter.result();
}

/**
 * Joins parts of a tensor. The mean comes from a compensated sum (Neumaier 1974), the variance from two passes over
 * each part, joined as in Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample
 * Variances" (1979), all in double precision.
 */
export class StatisticsCounter {
  private readonly histogram: HistogramCounter;
  private count = 0;
  private finite = 0;
  private nan = 0;
  private zeros = 0;
  private low = Infinity;
  private high = -Infinity;
  /** Of integers that a double does not hold. */
  private exact: { min: bigint; max: bigint } | null = null;
  private sum = 0;
  /** What rounding took from the sum so far. */
  private lost = 0;
  /** The sum of squared distances from the mean. */
  private squares = 0;

  /** `whole`: the numbers are integers. */
  constructor(whole: boolean) {
    this.histogram = new HistogramCounter(whole);
  }

  /** Counts the next elements; texts have no statistics. */
  add(part: Elements): void {
    if (part.kind === 'texts') return;
    if (part.kind === 'integers') this.addExact(part.values);
    this.addNumbers(part.kind === 'integers' ? Float64Array.from(part.values, Number) : part.values);
  }

  /** Counts zeros that a sparse tensor does not store. */
  addZeros(count: number): void {
    if (count === 0) return;
    if (this.exact) this.addExact([0n]);
    this.histogram.cover(0, 0);
    this.histogram.add(0, count);
    [this.low, this.high] = [Math.min(this.low, 0), Math.max(this.high, 0)];
    this.count += count;
    this.zeros += count;
    this.join(count, 0, 0, 0);
  }

  /** What was counted so far. Least, largest, mean and deviation are null where no number is finite. */
  result(): Statistics {
    const mean = (this.sum + this.lost) / this.finite;
    const deviation = Math.sqrt(Math.max(0, this.squares) / this.finite);
    return {
      count: this.count,
      nan: this.nan,
      infinite: this.count - this.nan - this.finite,
      zeros: this.zeros,
      min: this.finite > 0 ? (this.exact?.min ?? this.low) : null,
      max: this.finite > 0 ? (this.exact?.max ?? this.high) : null,
      mean: Number.isFinite(mean) ? mean : null,
      deviation: Number.isFinite(deviation) ? deviation : null,
      histogram: this.histogram.result(),
    };
  }

  private addNumbers(values: Float64Array): void {
    let [finite, nan, zeros, low, high, sum, lost] = [0, 0, 0, Infinity, -Infinity, 0, 0];
    for (const value of values) {
      if (!Number.isFinite(value)) {
        if (Number.isNaN(value)) nan++;
        continue;
      }
      finite++;
      if (value === 0) zeros++;
      if (value < low) low = value;
      if (value > high) high = value;
      const next = sum + value;
      lost += roundedOff(sum, value, next);
      sum = next;
    }
    this.count += values.length;
    this.nan += nan;
    this.zeros += zeros;
    if (finite === 0) return;
    // Adding 0 turns -0 into 0.
    [this.low, this.high] = [Math.min(this.low, low) + 0, Math.max(this.high, high) + 0];
    this.histogram.cover(low + 0, high + 0);
    const mean = (sum + lost) / finite;
    let squares = 0;
    for (const value of values) {
      if (!Number.isFinite(value)) continue;
      squares += (value - mean) * (value - mean);
      this.histogram.add(value);
    }
    this.join(finite, sum, lost, squares);
  }

  private addExact(values: Iterable<bigint>): void {
    for (const value of values) {
      this.exact ??= { min: value, max: value };
      if (value < this.exact.min) this.exact.min = value;
      if (value > this.exact.max) this.exact.max = value;
    }
  }

  private join(finite: number, sum: number, lost: number, squares: number): void {
    const before = this.finite;
    if (before > 0) {
      const apart = (sum + lost) / finite - (this.sum + this.lost) / before;
      this.squares += squares + apart * apart * (before * (finite / (before + finite)));
    } else this.squares = squares;
    const next = this.sum + sum;
    this.lost += lost + roundedOff(this.sum, sum, next);
    this.sum = next;
    this.finite += finite;
  }
}

/** What rounding took from the sum of two numbers, exactly: what the smaller one lost to the larger. */
function roundedOff(a: number, b: number, sum: number): number {
  return Math.abs(a) >= Math.abs(b) ? a - sum + b : b - sum + a;
}
