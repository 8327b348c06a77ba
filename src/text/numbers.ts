/**
 * A number with commas between its thousands. `toLocaleString` would write it too, but loads a language's rules first,
 * which takes longer than building all boxes of a ResNet-50.
 */
export function countText(value: number): string {
  return String(value).replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ',');
}

/** For a terminal: null is what could not be counted. */
export function countOrUnknown(value: number | null): string {
  return value === null ? 'unknown' : countText(value);
}

/** A count with its noun: 1 layer, 1,204 layers. `plural` is for nouns that take more than an s. */
export function countOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${countText(count)} ${count === 1 ? noun : plural}`;
}

/** A count in three figures: 64, 9.41 k, 25.5 M, 4.1 G. */
export function shortCount(value: number): string {
  if (value < 1000) return String(value);
  const units = ['k', 'M', 'G', 'T', 'P'];
  let scaled = value / 1000;
  let unit = 0;
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return `${scaled.toPrecision(3)} ${units[unit]}`;
}

/** A number in four figures, enough to recognise it: 0.1235, -12.3, 4.2e-7. */
export function numberText(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** More percent than this are of next to nothing: only their order of magnitude tells something. */
const MOST_PERCENT = 1e6;

/** A part of a whole, or a relative distance: 97.5 %, 0.012 %, 1.1e11 %. */
export function percentText(part: number): string {
  const percent = part * 100;
  if (percent === 0) return '0 %';
  if (percent > MOST_PERCENT) return `${percent.toExponential(1).replace('+', '')} %`;
  return `${percent.toFixed(part < 0.001 ? 3 : 1)} %`;
}
