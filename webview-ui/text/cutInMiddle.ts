/** As many letters of a long name as stay together at its end, where names differ, if there is room for them. */
const TAIL = 16;

/** How wide a text is drawn, in pixels. */
type Measure = (text: string) => number;

/** A name whose middle is missing where there is no room for all: what is left fills the room, up to a letter. */
export function cutInMiddle(name: string, room: number, measure: Measure): string {
  if (measure(name) <= room) return name;
  // By characters, so that none of two halves is cut through.
  const letters = [...name];
  const cut = (head: number, tail: number): string =>
    `${letters.slice(0, head).join('')}…${letters.slice(letters.length - tail).join('')}`;
  const fits = (text: string): boolean => measure(text) <= room;
  const tail = mostThatFits(Math.min(TAIL, letters.length - 1), (length) => fits(cut(0, length)));
  const head = mostThatFits(letters.length - 1 - tail, (length) => fits(cut(length, tail)));
  return cut(head, tail);
}

/** The greatest number up to `most` that fits, found by halves; 0 where none does. */
function mostThatFits(most: number, fits: (length: number) => boolean): number {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
