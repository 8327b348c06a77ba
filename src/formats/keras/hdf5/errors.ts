import { ChannelwiseError } from '../../../bytes/errors.ts';

/** The bytes contradict the format: https://docs.hdfgroup.org/hdf5/v1_14/_f_m_t3.html */
export function malformed(what: string, offset: number): ChannelwiseError {
  return new ChannelwiseError('malformed', 'hdf5', `This is not a readable HDF5 file: ${what} (byte ${offset}).`, {
    offset,
  });
}

/** The format allows it, and no writer of networks that we know uses it. `feature` begins a sentence. */
export function unsupported(feature: string, offset: number): ChannelwiseError {
  return new ChannelwiseError(
    'unsupported',
    'hdf5-feature',
    `${feature} in an HDF5 file can't be read by this version (byte ${offset}).`,
    { offset },
  );
}
