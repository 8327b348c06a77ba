/** Channels of one picture. */
export const RGB = 3;

/** The map that makes an input of more than three channels gray, a sentence; null where no usual one fits. */
export function mapOfPictures(channels: number): string | null {
  if (channels === RGB + 1)
    return (
      'For RGB and a fourth channel that stays, such as depth, a map file with {"matrix": [[1, 0], [1, 0], [1, 0], ' +
      '[0, 1]]} makes the three gray.'
    );
  const pictures = channels / RGB;
  if (!Number.isInteger(pictures)) return null;
  return (
    `Where these are ${pictures} pictures of three channels (or parts of one), one after the other, \`adapt --map gray --groups ` +
    `${pictures}\` makes each gray; a map file with a matrix of ${channels} rows gives any other map.`
  );
}
