import { promises as fs } from 'node:fs';
import { basename, extname, join } from 'node:path';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { ChannelwiseError } from '../bytes/errors.ts';
import { picturePainter, type Picture } from '../verify/evaluate/picture.ts';
import type { VerifyImage } from '../verify/proof/measure/stemRun.ts';
import { errorCode } from './fileSource.ts';

/** Larger pictures are no camera's, and would fill the memory when decoded. */
const MAX_PIXELS = 100_000_000;
const MAX_FILE_BYTES = 256 * 1024 * 1024;
/** What the JPEG decoder may use for one picture of MAX_PIXELS. */
const JPEG_MEGABYTES = 2048;
const EXTENSIONS = new Set(['.png', '.jpg', '.jpeg']);

export function isImageName(name: string): boolean {
  return EXTENSIONS.has(extname(name).toLowerCase()) && !basename(name).startsWith('.');
}

/** Decodes a PNG or JPEG file by its content. JPEG colours stored at half size are not smoothed, so edges differ from libjpeg's; alpha is dropped, orientation marks are not applied (as Pillow does). Throws ChannelwiseError with the file's name. */
export async function readPicture(path: string): Promise<Picture> {
  const name = basename(path);
  let bytes: Buffer;
  try {
    const { size } = await fs.stat(path);
    if (size > MAX_FILE_BYTES) throw bad(name, `it has ${size} bytes`);
    bytes = await fs.readFile(path);
  } catch (error) {
    throw error instanceof ChannelwiseError
      ? error
      : new ChannelwiseError('io', 'image', `The image ${name} could not be read (${errorCode(error)}).`);
  }
  return decodePicture(bytes, name);
}

export function decodePicture(bytes: Buffer, name: string): Picture {
  if (bytes.length > 24 && bytes.readUInt32BE(0) === 0x89504e47) return decodePng(bytes, name);
  if (bytes.length > 3 && bytes[0] === 0xff && bytes[1] === 0xd8) return decodeJpeg(bytes, name);
  throw bad(name, 'it is neither PNG nor JPEG');
}

function decodePng(bytes: Buffer, name: string): Picture {
  // Width and height stand first, so a small file can't ask for a huge picture unseen.
  const pixels = bytes.readUInt32BE(16) * bytes.readUInt32BE(20);
  if (pixels > MAX_PIXELS) throw bad(name, `it has ${pixels} pixels`);
  let decoded: { width: number; height: number; data: Uint8Array };
  try {
    decoded = PNG.sync.read(bytes);
  } catch (error) {
    throw bad(name, reason(error));
  }
  const { width, height, data } = decoded;
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) for (let c = 0; c < 3; c++) rgb[i * 3 + c] = data[i * 4 + c] ?? 0;
  return { width, height, rgb };
}

function decodeJpeg(bytes: Buffer, name: string): Picture {
  if (jpegComponents(bytes) > 3) throw bad(name, 'its colours are printing inks (CMYK); save it as RGB');
  try {
    const { width, height, data } = jpeg.decode(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      tolerantDecoding: false,
      maxResolutionInMP: MAX_PIXELS / 1e6,
      maxMemoryUsageInMB: JPEG_MEGABYTES,
    });
    if (data.length !== width * height * 3) throw new Error('it is cut short');
    return { width, height, rgb: new Uint8Array(data.buffer, data.byteOffset, data.length) };
  } catch (error) {
    throw bad(name, reason(error));
  }
}

/** Start-of-frame markers; the gaps are tables. */
const FRAMES = new Set([0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf]);

/** The number of colour components a JPEG's frame declares; 0 where no frame is found. https://www.w3.org/Graphics/JPEG/itu-t81.pdf, B.2.2 */
function jpegComponents(bytes: Buffer): number {
  for (let at = 2; at + 9 < bytes.length;) {
    if (bytes[at] !== 0xff) return 0;
    const marker = bytes[at + 1] ?? 0;
    if (FRAMES.has(marker)) return bytes[at + 9] ?? 0;
    // Fill bytes and markers without a body.
    at +=
      marker === 0xff ? 1 : marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8) ? 2 : 2 + bytes.readUInt16BE(at + 2);
  }
  return 0;
}

/** The first images of a folder, for a proof. Ones that can't be decoded are named in `warnings`. Throws where there is none. */
export async function verifyImages(
  dir: string,
  limit: number,
  signal?: AbortSignal,
): Promise<{ images: VerifyImage[]; warnings: string[] }> {
  const images: VerifyImage[] = [];
  const warnings: string[] = [];
  for (const path of await listImages(dir)) {
    if (images.length >= limit) break;
    if (signal?.aborted) throw new ChannelwiseError('cancelled', 'cancelled', 'Cancelled.');
    try {
      images.push({ name: basename(path), paint: picturePainter(await readPicture(path)) });
    } catch (error) {
      if (!(error instanceof ChannelwiseError)) throw error;
      warnings.push(error.message);
    }
  }
  if (!images.length)
    throw new ChannelwiseError('refused', 'no-images', `There is no readable PNG or JPEG image in ${dir}.`);
  return { images, warnings };
}

/** PNG and JPEG files directly in a folder, by name. Throws `io` where the folder can't be read. */
export async function listImages(dir: string): Promise<string[]> {
  return (await entriesOf(dir))
    .filter((e) => !e.isDirectory() && isImageName(e.name))
    .map((e) => join(dir, e.name))
    .sort();
}

/** Sub-folders, by name. */
export async function listFolders(dir: string): Promise<string[]> {
  return (await entriesOf(dir))
    .filter((e) => e.isDirectory() && !e.name.startsWith('.'))
    .map((e) => e.name)
    .sort();
}

async function entriesOf(dir: string): Promise<{ name: string; isDirectory(): boolean }[]> {
  try {
    return await fs.readdir(dir, { withFileTypes: true });
  } catch (error) {
    const code = errorCode(error);
    throw new ChannelwiseError(
      'io',
      'image-folder',
      code === 'ENOENT' || code === 'ENOTDIR'
        ? `The image folder ${dir} does not exist.`
        : `The image folder ${dir} could not be read (${code}).`,
    );
  }
}

function bad(name: string, why: string): ChannelwiseError {
  return new ChannelwiseError('refused', 'image', `The image ${name} can't be used: ${why}.`);
}

function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n')[0] ?? '').replace(/\.$/, '').slice(0, 160) || 'it is damaged';
}
