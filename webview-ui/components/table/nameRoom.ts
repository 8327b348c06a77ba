import { cutInMiddle } from '../../text/cutInMiddle.ts';

/** Cuts names to the room of their column. Each is measured once for a width and a font. */
export class NameRoom {
  #width = Infinity;
  #font = '';
  readonly #cut = new Map<string, string>();
  readonly #pen = document.createElement('canvas').getContext('2d');

  /** Takes the room that names have now; says whether names were cut to just that. */
  has(width: number, font: string): boolean {
    if (width === this.#width && font === this.#font) return true;
    [this.#width, this.#font] = [width, font];
    this.#cut.clear();
    return false;
  }

  cut(name: string): string {
    const pen = this.#pen;
    if (!pen || this.#font === '') return name;
    const known = this.#cut.get(name);
    if (known !== undefined) return known;
    pen.font = this.#font;
    const cut = cutInMiddle(name, this.#width, (text) => pen.measureText(text).width);
    this.#cut.set(name, cut);
    return cut;
  }
}
