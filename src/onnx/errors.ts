/**
 * What went wrong, by what the caller does about it.
 * - malformed: the bytes are no ONNX model
 * - unsupported: a model, but it uses something this version can't handle
 * - refused: the request makes no sense for this model, or can't be done exactly
 * - io: the file could not be read or written
 * - cancelled: the user stopped it
 */
export type ErrorKind = 'malformed' | 'unsupported' | 'refused' | 'io' | 'cancelled';

export interface ErrorPlace {
  offset?: number;
  node?: string;
  tensor?: string;
}

/** An error a user may see: one sentence, a stable code, and the place it concerns. */
export class ChannelwiseError extends Error {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly place: ErrorPlace;

  constructor(kind: ErrorKind, code: string, message: string, place: ErrorPlace = {}) {
    super(message);
    this.name = 'ChannelwiseError';
    this.kind = kind;
    this.code = code;
    this.place = place;
  }
}
