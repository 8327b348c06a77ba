import { ChannelwiseError, type ErrorKind } from '../../bytes/errors.ts';
import type { PlainError } from '../../rpc/messages.ts';
import { messageOf } from '../../text/messageOf.ts';

/** An error as plain data; what is no ChannelwiseError is our own fault and says so. */
export function plainError(error: unknown): PlainError {
  if (error instanceof ChannelwiseError)
    return { kind: error.kind, code: error.code, message: error.message, place: error.place };
  return {
    kind: 'unsupported',
    code: 'internal',
    message: `Channelwise made a mistake: ${messageOf(error)}`,
    place: {},
  };
}

/** The error that `plainError` made plain. */
export function errorFrom({ kind, code, message, place }: PlainError): ChannelwiseError {
  // The other end is our own thread, and made it with plainError.
  return new ChannelwiseError(kind as ErrorKind, code, message, place);
}
