import { ChannelwiseError } from '../../bytes/errors.ts';
import { diskOf } from '../disk.ts';
import type { FolderEntry } from '../diskPort.ts';
import { errorCode, isMissing } from '../errorCode.ts';
import { basename, extname, join } from '../paths.ts';

const EXTENSIONS = new Set(['.png', '.jpg', '.jpeg']);

function isImageName(name: string): boolean {
  return EXTENSIONS.has(extname(name).toLowerCase()) && !basename(name).startsWith('.');
}

/** PNG and JPEG files directly in a folder, by name. Throws `io` where the folder can't be read. */
export async function listImages(dir: string): Promise<string[]> {
  return (await entriesOf(dir))
    .filter((e) => e.kind !== 'folder' && isImageName(e.name))
    .map((e) => join(dir, e.name))
    .sort();
}

/** Sub-folders, by name. */
export async function listFolders(dir: string): Promise<string[]> {
  return (await entriesOf(dir))
    .filter((e) => e.kind === 'folder' && !e.name.startsWith('.'))
    .map((e) => e.name)
    .sort();
}

async function entriesOf(dir: string): Promise<FolderEntry[]> {
  try {
    return await diskOf(dir).list(dir);
  } catch (error) {
    const why = isMissing(error) ? 'does not exist' : `could not be read (${errorCode(error)})`;
    throw new ChannelwiseError('io', 'image-folder', `The image folder ${dir} ${why}.`);
  }
}
