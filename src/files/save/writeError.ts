import { ChannelwiseError } from '../../bytes/errors.ts';
import { errorCode } from '../errorCode.ts';

/** What a file system's own error is known by; an editor's file systems give it to ours. */
const SYSTEM_CODE = /^E[A-Z]+$/;

/** What failed while writing into a folder, in one sentence: our own errors are one already. */
export function writeError(directory: string, error: unknown): ChannelwiseError {
  if (error instanceof ChannelwiseError && !SYSTEM_CODE.test(error.code)) return error;
  const code = errorCode(error);
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new ChannelwiseError(
        'io',
        'disk-full',
        `There is not enough space in ${directory}; free some or choose another folder.`,
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new ChannelwiseError('io', 'not-writable', `You may not write into ${directory}; choose another folder.`);
    case 'ENOENT':
    case 'ENOTDIR':
      return new ChannelwiseError(
        'io',
        'folder-missing',
        `The folder ${directory} does not exist; choose another one.`,
      );
    case 'EFBIG':
      return new ChannelwiseError(
        'io',
        'file-too-large',
        `The file system of ${directory} does not take files this large; choose another folder.`,
      );
    default:
      return new ChannelwiseError('io', 'write-failed', `The file could not be written into ${directory} (${code}).`);
  }
}

/** An error where every name to try is taken. */
export function existsError(path: string): ChannelwiseError {
  return new ChannelwiseError(
    'io',
    'exists',
    `${path} already exists; existing files are never overwritten, so choose another name.`,
  );
}
