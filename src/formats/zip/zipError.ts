import { ChannelwiseError } from '../../bytes/errors.ts';

/** The archive contradicts itself, or leads out of the file. */
export function zipMalformed(what: string, offset: number): ChannelwiseError {
  return new ChannelwiseError(
    'malformed',
    'zip',
    `The file is no sound ZIP archive: ${what} (byte ${offset}); get it again.`,
    {
      offset,
    },
  );
}

/** A sound archive of a kind that isn't read or written here. */
export function zipUnsupported(what: string, offset: number): ChannelwiseError {
  return new ChannelwiseError('unsupported', 'zip', `This ZIP archive can't be used: ${what} (byte ${offset}).`, {
    offset,
  });
}
