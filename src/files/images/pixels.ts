import { countText } from '../../text/numbers.ts';

/** Larger pictures are hardly any camera's; decoding one of this size takes 0.7 GB. */
const MAX_PIXELS = 64_000_000;

/** Throws an Error for a picture too large to be decoded. */
export function checkPixels(width: number, height: number): void {
  const pixels = width * height;
  if (pixels <= MAX_PIXELS) return;
  throw new Error(`it has ${countText(pixels)} pixels; ${countText(MAX_PIXELS)} are the most`);
}
