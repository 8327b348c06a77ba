import jpeg from 'jpeg-js';
import type { Picture } from '../../verify/evaluate/picture.ts';
import { checkPixels } from './pixels.ts';

/** What the decoder may use for one picture. */
const DECODER_MEGABYTES = 1024;
/** Progressive pictures have about ten; each one is a pass over the whole picture, whatever bytes it takes. */
const MAX_SCANS = 50;

/** Start-of-frame markers; the gaps are tables. https://www.w3.org/Graphics/JPEG/itu-t81.pdf, B.1.1.3 */
const FRAMES = new Set([0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf]);
const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;

/** By the first bytes: a start of image, and a marker after it. */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes.length > 3 && bytes[0] === 0xff && bytes[1] === 0xd8;
}

/**
 * Decodes a JPEG. Colours stored at half size are not smoothed, so edges differ from libjpeg's; orientation marks are
 * not applied, as Pillow does. Its frame is looked at first. Throws an Error with what is wrong, for a sentence.
 */
export function decodeJpeg(bytes: Uint8Array): Picture {
  const { width, height, components, scans } = readFrame(bytes);
  checkPixels(width, height);
  if (components > 3) throw new Error('its colours are printing inks (CMYK); save it as RGB');
  if (scans > MAX_SCANS) throw new Error(`it has ${scans} scans; ${MAX_SCANS} are the most`);
  const decoded = jpeg.decode(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: false,
    maxMemoryUsageInMB: DECODER_MEGABYTES,
  });
  const { data } = decoded;
  if (decoded.width !== width || decoded.height !== height || data.length !== width * height * 3)
    throw new Error('it is cut short');
  return { width, height, rgb: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  readonly scans: number;
}

/** What a JPEG's only frame declares, and how many scans follow. B.2.2 */
function readFrame(bytes: Uint8Array): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let frame: Omit<Frame, 'scans'> | null = null;
  let scans = 0;
  for (let at = 2; at + 4 <= bytes.length;) {
    const marker = bytes[at + 1]!;
    // The data of a scan has no length: it goes on to the next marker.
    if (bytes[at] !== 0xff || !isMarker(marker)) {
      at = nextMarker(bytes, at + 1);
      continue;
    }
    if (marker === END_OF_IMAGE) break;
    if (marker === START_OF_SCAN) scans++;
    if (FRAMES.has(marker)) {
      if (frame !== null || at + 10 > bytes.length) throw new Error('its header is damaged');
      frame = { height: view.getUint16(at + 5), width: view.getUint16(at + 7), components: bytes[at + 9]! };
    }
    at += 2 + view.getUint16(at + 2);
  }
  if (frame === null || frame.width === 0 || frame.height === 0) throw new Error('its header is missing or damaged');
  return { ...frame, scans };
}

/** Not a byte of data (00), a filler (FF), or a marker without a body (01, D0 to D8). */
function isMarker(code: number): boolean {
  return code !== 0x00 && code !== 0x01 && code !== 0xff && !(code >= 0xd0 && code <= 0xd8);
}

function nextMarker(bytes: Uint8Array, from: number): number {
  const found = bytes.indexOf(0xff, from);
  return found < 0 ? bytes.length : found;
}
