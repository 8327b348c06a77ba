/**
 * A small seeded generator: xorshift with 32 bits, https://www.jstatsoft.org/article/view/v008i14. The same seed gives
 * the same inputs everywhere.
 */
export class SeededRandom {
  private state: number;

  constructor(seed: number) {
    this.state = (Math.imul(seed >>> 0, 0x9e3779b1) ^ 0x6a09e667) >>> 0 || 1;
    for (let i = 0; i < 8; i++) this.next();
  }

  /** A number from 0 up to, not including, 1. */
  next(): number {
    let state = this.state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.state = state >>> 0;
    return this.state / 2 ** 32;
  }

  /** A whole number from 0 to n − 1. */
  int(n: number): number {
    return Math.floor(this.next() * n);
  }
}
