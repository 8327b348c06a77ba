/**
 * Reads the files beside a model that hold its external tensor data. The core has no file system, so the caller brings
 * one.
 */
export interface ExternalReader {
  /**
   * The bytes [offset, offset + length) of the file at `location`, relative to the model; `length` null reads to its
   * end. Throws ChannelwiseError when the location is unsafe, the file is missing, or it is too short.
   */
  read(location: string, offset: number, length: number | null): Promise<Uint8Array>;
}
