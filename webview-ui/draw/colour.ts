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

/** Black or white, whichever can be read better on a ground of this colour: at least 4.5 to 1 for either half. */
export function readableOn(ground: string): '#000000' | '#ffffff' {
  const parts = channels(ground);
  if (!parts) return '#ffffff';
  const light = luminance(parts);
  const onBlack = (light + 0.05) / 0.05;
  const onWhite = 1.05 / (light + 0.05);
  return onBlack >= onWhite ? '#000000' : '#ffffff';
}
