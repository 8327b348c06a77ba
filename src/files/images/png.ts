import { crc32 } from '../../bytes/crc32.ts';
import { joined } from '../../bytes/joined.ts';
import type { Picture } from '../../verify/evaluate/picture.ts';
import { unpackZlib } from '../node/inflate.ts';
import { checkPixels } from './pixels.ts';

/** https://www.w3.org/TR/png-3/, 5.2 */
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Length, name and checksum around a chunk's data. */
const CHUNK_FRAME = 12;
const HEADER_BYTES = 13;
/** Deflate can't make more bytes of one. */
const MAX_DEFLATE_RATIO = 1032;

/** Samples of a pixel, and the depths a sample may have, by colour type. 11.2.1 */
const COLOUR_TYPES: Readonly<Record<number, { readonly samples: number; readonly depths: readonly number[] }>> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] },
  2: { samples: 3, depths: [8, 16] },
  3: { samples: 1, depths: [1, 2, 4, 8] },
  4: { samples: 2, depths: [8, 16] },
  6: { samples: 4, depths: [8, 16] },
};
const PALETTE = 3;

/** First column and row of a pass, and the steps between its pixels. 8.2 */
interface Pass {
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly dy: number;
}
const WHOLE: readonly Pass[] = [{ x: 0, y: 0, dx: 1, dy: 1 }];
const ADAM7: readonly Pass[] = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
];

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colourType: number;
  readonly samples: number;
  readonly passes: readonly Pass[];
}

/** By the signature that every PNG begins with. */
export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/**
 * Decodes a PNG. Alpha and colour corrections are dropped, 16-bit samples rounded to 8. What a file needs of memory
 * follows from its header, which is checked first; data that is short or damaged is an error. Throws an Error with what
 * is wrong, for a sentence.
 */
export function decodePng(bytes: Uint8Array): Picture {
  const { header, palette, data } = readChunks(bytes);
  const length = header.passes.reduce((sum, pass) => sum + passBytes(header, pass), 0);
  if (length > data.length * MAX_DEFLATE_RATIO) throw new Error('it is cut short');
  const raw = inflated(data, length);
  const rgb = new Uint8Array(header.width * header.height * 3);
  let at = 0;
  for (const pass of header.passes) {
    const part = raw.subarray(at, at + passBytes(header, pass));
    at += part.length;
    paintPass(rgb, { header, palette, pass, raw: part });
  }
  return { width: header.width, height: header.height, rgb };
}

function inflated(data: Uint8Array, length: number): Uint8Array {
  let raw: Uint8Array;
  try {
    raw = unpackZlib(data, Math.max(length, 1));
  } catch {
    throw new Error('its data is damaged');
  }
  if (raw.length !== length) throw new Error('it is cut short');
  return raw;
}

function readChunks(bytes: Uint8Array): { header: Header; palette: Uint8Array; data: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const data: Uint8Array[] = [];
  let header: Header | null = null;
  let palette: Uint8Array = new Uint8Array(0);
  for (let at = SIGNATURE.length; ;) {
    if (at + CHUNK_FRAME > bytes.length) throw new Error('it is cut short');
    const length = view.getUint32(at);
    if (length > bytes.length - at - CHUNK_FRAME) throw new Error('it is cut short');
    const named = bytes.subarray(at + 4, at + 8 + length);
    if (crc32(named) !== view.getUint32(at + 8 + length)) throw new Error('it is damaged (a checksum is wrong)');
    const name = String.fromCharCode(...named.subarray(0, 4));
    const body = named.subarray(4);
    if (header === null && name !== 'IHDR') throw new Error('its header is missing');
    if (name === 'IHDR') header = readHeader(body);
    if (name === 'PLTE') palette = body;
    if (name === 'IDAT') data.push(body);
    if (name === 'IEND') break;
    at += CHUNK_FRAME + length;
  }
  if (header === null) throw new Error('its header is missing');
  return { header, palette, data: data.length === 1 ? (data[0] as Uint8Array) : joined(data) };
}

function readHeader(body: Uint8Array): Header {
  if (body.length !== HEADER_BYTES) throw new Error('its header is damaged');
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth = 0, colourType = 0, compression, filter, interlace = 0] = body.subarray(8);
  const colour = COLOUR_TYPES[colourType];
  const known = compression === 0 && filter === 0 && interlace <= 1;
  if (!colour?.depths.includes(depth) || !known || width === 0 || height === 0)
    throw new Error('its header is damaged');
  checkPixels(width, height);
  const passes = (interlace === 1 ? ADAM7 : WHOLE).filter(({ x, y }) => x < width && y < height);
  return { width, height, depth, colourType, samples: colour.samples, passes };
}

function sizeOf({ width, height }: Header, { x, y, dx, dy }: Pass): { columns: number; rows: number } {
  return { columns: Math.ceil((width - x) / dx), rows: Math.ceil((height - y) / dy) };
}

/** Bytes of a line, without the one that names its filter. */
function lineBytes({ samples, depth }: Header, columns: number): number {
  return Math.ceil((columns * samples * depth) / 8);
}

function passBytes(header: Header, pass: Pass): number {
  const { columns, rows } = sizeOf(header, pass);
  return rows * (1 + lineBytes(header, columns));
}

interface PassData {
  readonly header: Header;
  readonly palette: Uint8Array;
  readonly pass: Pass;
  readonly raw: Uint8Array;
}

function paintPass(rgb: Uint8Array, { header, palette, pass, raw }: PassData): void {
  const { columns, rows } = sizeOf(header, pass);
  const length = lineBytes(header, columns);
  const pixelBytes = Math.max(1, (header.samples * header.depth) / 8);
  const pixel = pixelReader(header, palette);
  let above: Uint8Array = new Uint8Array(length);
  for (let row = 0; row < rows; row++) {
    const start = row * (length + 1);
    const line = raw.subarray(start + 1, start + 1 + length);
    unfilter(raw[start] ?? 0, line, above, pixelBytes);
    let to = ((pass.y + row * pass.dy) * header.width + pass.x) * 3;
    for (let column = 0; column < columns; column++) {
      pixel(line, column, rgb, to);
      to += pass.dx * 3;
    }
    above = line;
  }
}

/** Puts a line's bytes back in place. 9.2 */
function unfilter(type: number, line: Uint8Array, above: Uint8Array, pixelBytes: number): void {
  const predict = PREDICTORS[type];
  if (predict === undefined) throw new Error('its data is damaged');
  if (predict === null) return;
  for (let i = 0; i < line.length; i++) {
    const left = i < pixelBytes ? 0 : line[i - pixelBytes]!;
    const corner = i < pixelBytes ? 0 : above[i - pixelBytes]!;
    line[i] = line[i]! + predict(left, above[i]!, corner);
  }
}

/** What a filter takes a byte for, from those to the left, above, and above to the left. */
type Predictor = (left: number, above: number, corner: number) => number;
const PREDICTORS: readonly (Predictor | null)[] = [
  null,
  (left) => left,
  (_, above) => above,
  (left, above) => (left + above) >> 1,
  paeth,
];

function paeth(left: number, above: number, corner: number): number {
  const toLeft = Math.abs(above - corner);
  const toAbove = Math.abs(left - corner);
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

/** Writes the colour of a line's pixel to three bytes at `to`. */
type PixelReader = (line: Uint8Array, column: number, rgb: Uint8Array, to: number) => void;

function pixelReader({ depth, samples, colourType }: Header, palette: Uint8Array): PixelReader {
  if (colourType === PALETTE) return paletteReader(depth, palette);
  if (depth < 8) {
    const most = 2 ** depth - 1;
    return (line, column, rgb, to) => rgb.fill(Math.round((smallSample(line, column, depth) * 255) / most), to, to + 3);
  }
  const sample = depth === 16 ? wideSample : (line: Uint8Array, index: number): number => line[index]!;
  const isGray = samples < 3;
  return (line, column, rgb, to) => {
    const first = column * samples;
    rgb[to] = sample(line, first);
    rgb[to + 1] = isGray ? rgb[to]! : sample(line, first + 1);
    rgb[to + 2] = isGray ? rgb[to]! : sample(line, first + 2);
  };
}

function paletteReader(depth: number, palette: Uint8Array): PixelReader {
  if (palette.length === 0 || palette.length % 3 !== 0) throw new Error('its palette is missing or damaged');
  return (line, column, rgb, to) => {
    const entry = 3 * (depth === 8 ? line[column]! : smallSample(line, column, depth));
    if (entry >= palette.length) throw new Error('it names colours that its palette lacks');
    for (let channel = 0; channel < 3; channel++) rgb[to + channel] = palette[entry + channel]!;
  };
}

/** A sample of fewer than 8 bits; the leftmost one lies in the highest bits. 7.2 */
function smallSample(line: Uint8Array, index: number, depth: number): number {
  const bit = index * depth;
  return (line[bit >> 3]! >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
}

function wideSample(line: Uint8Array, index: number): number {
  const value = line[2 * index]! * 256 + line[2 * index + 1]!;
  return Math.round((value * 255) / 65535);
}
