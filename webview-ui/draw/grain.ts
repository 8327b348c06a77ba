/** Far out many boxes fall on one pixel; only the first of them is drawn. */
export class Grain {
  #hair: number;
  #x = NaN;
  #y = NaN;
  constructor(hair: number) {
    this.#hair = hair;
  }
  covered(x: number, y: number, h: number): boolean {
    const [px, py] = [Math.round(x / (4 * this.#hair)), Math.round(y / this.#hair)];
    if (px === this.#x && py === this.#y && h < 2 * this.#hair) return true;
    [this.#x, this.#y] = [px, py];
    return false;
  }
}
