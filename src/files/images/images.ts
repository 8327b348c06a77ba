import { checkCancelled } from '../../bytes/cancel.ts';
import { ChannelwiseError, isTellable } from '../../bytes/errors.ts';
import { messageOf } from '../../text/messageOf.ts';
import { picturePainter, type Picture } from '../../verify/evaluate/picture.ts';
import type { VerifyImage } from '../../verify/proof/measure/runPlan.ts';
import { basename } from '../paths.ts';
import { readSmallFile } from '../smallFile.ts';
import { listImages } from './imageFolder.ts';
import { decodeJpeg, isJpeg } from './jpeg.ts';
import { decodePng, isPng } from './png.ts';

/** 64 million pixels, the most that are decoded, take no more without any compression, alpha included. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;
/** A decoder's own words, in our sentence. */
const MAX_REASON = 160;

/** Decodes a PNG or JPEG file by its content. Alpha is dropped. Throws ChannelwiseError with the file's name. */
export async function readPicture(path: string): Promise<Picture> {
  const name = basename(path);
  return decodePicture(await readSmallFile(path, { what: 'image', shown: name, limit: MAX_FILE_BYTES }), name);
}

/** Throws `refused` with what is wrong with the picture. */
export function decodePicture(bytes: Uint8Array, name: string): Picture {
  try {
    if (isPng(bytes)) return decodePng(bytes);
    if (isJpeg(bytes)) return decodeJpeg(bytes);
  } catch (error) {
    throw bad(name, reason(error));
  }
  throw bad(name, 'it is neither PNG nor JPEG');
}

/**
 * The first images of a folder, for a proof. Ones that can't be decoded are named in `warnings`. Throws where there is
 * none.
 */
export async function verifyImages(
  dir: string,
  limit: number,
  signal?: AbortSignal,
): Promise<{ images: VerifyImage[]; warnings: string[] }> {
  const images: VerifyImage[] = [];
  const warnings: string[] = [];
  for (const path of await listImages(dir)) {
    if (images.length >= limit) break;
    checkCancelled(signal);
    try {
      images.push({ name: basename(path), paint: picturePainter(await readPicture(path)) });
    } catch (error) {
      if (!isTellable(error)) throw error;
      warnings.push(error.message);
    }
  }
  if (!images.length)
    throw new ChannelwiseError('refused', 'no-images', `There is no readable PNG or JPEG image in ${dir}.`);
  return { images, warnings };
}

function bad(name: string, why: string): ChannelwiseError {
  return new ChannelwiseError('refused', 'image', `The image ${name} can't be used: ${why}.`);
}

function reason(error: unknown): string {
  const text = messageOf(error);
  const [first = ''] = text.split('\n');
  return first.replace(/\.$/, '').slice(0, MAX_REASON) || 'it is damaged';
}
