/** Colours of the theme as numbers, to find text that can be read on them. */

/** Relative luminance of an sRGB colour, 0 to 1: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminance([red, green, blue]: readonly number[]): number {
  const linear = (part = 0): number => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

/** Red, green and blue of `#rrggbb` or `rgb(…)`, as a canvas gives every colour back; null for anything else. */
function channels(colour: string): number[] | null {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  if (hex) return hex.slice(1).map((pair) => parseInt(pair, 16));
  const listed = /^rgba?\(([\d.]+)[ ,]+([\d.]+)[ ,]+([\d.]+)/.exec(colour);
  return listed ? listed.slice(1).map(Number) : null;
}

/** Contrast of black and of white with a colour: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrasts(parts: readonly number[]): { black: number; white: number } {
  const light = luminance(parts);
  return { black: (light + 0.05) / 0.05, white: 1.05 / (light + 0.05) };
}

/** Black or white, whichever can be read better on a ground of this colour: at least 4.5 to 1 for either half. */
export function readableOn(ground: string): '#000000' | '#ffffff' {
  const parts = channels(ground);
  if (!parts) return '#ffffff';
  const { black, white } = contrasts(parts);
  return black >= white ? '#000000' : '#ffffff';
}

/** Whether black stands out more from a colour than white does. */
export function isLight(colour: string): boolean {
  return readableOn(colour) === '#000000';
}

/** White text on a ground that has at least this contrast with it is won by darkening the ground a little. */
const NEARLY_WHITES = 3.4;
/** Contrast of white text on grounds that were darkened, and of black text on those that were lightened. */
const WHITE_TEXT = 4.6;
const BLACK_TEXT = 10;
const MIXING_STEPS = 50;

/** A colour mixed with black (0) or white (255), no further than it takes to suit. */
function mixed(parts: readonly number[], towards: 0 | 255, suits: (parts: readonly number[]) => boolean): string {
  let now = parts;
  for (let step = 1; step <= MIXING_STEPS && !suits(now); step++) {
    const share = step / MIXING_STEPS;
    now = parts.map((part) => Math.round(part + (towards - part) * share));
  }
  return `#${now.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

/** The ground as dark as white text wants it. */
export function forWhiteText(ground: string): string {
  const parts = channels(ground);
  return parts ? mixed(parts, 0, (now) => contrasts(now).white >= WHITE_TEXT) : ground;
}

/**
 * The ground as it suits a light page: a colour of middle brightness under black text looks dirty there. A blue or a
 * green becomes dark enough for white text, an orange or a yellow as light as black text wants it.
 */
export function onLightPage(ground: string): string {
  const parts = channels(ground);
  if (!parts) return ground;
  if (contrasts(parts).white >= NEARLY_WHITES) return forWhiteText(ground);
  return mixed(parts, 255, (now) => contrasts(now).black >= BLACK_TEXT);
}
