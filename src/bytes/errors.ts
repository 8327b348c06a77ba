/**
 * What went wrong, by what the caller does about it.
 * - malformed: the bytes are not what their format asks for
 * - unsupported: a model or weights, but it uses something this version can't handle
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

/** Messages quote names from the file, and a notification shows a few lines. */
const MAX_MESSAGE = 2000;
/** Line breaks, other control characters, and marks that turn the direction of the text behind them. */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+/gu;

/** An error a user may see: one sentence, a stable code, and the place it concerns. */
export class ChannelwiseError extends Error {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly place: ErrorPlace;

  constructor(kind: ErrorKind, code: string, message: string, place: ErrorPlace = {}) {
    super(oneLine(message));
    this.name = 'ChannelwiseError';
    this.kind = kind;
    this.code = code;
    this.place = place;
  }
}

/** Whether it is an error of ours of one of these kinds. */
export function isOfKind(error: unknown, ...kinds: readonly ErrorKind[]): error is ChannelwiseError {
  return error instanceof ChannelwiseError && kinds.includes(error.kind);
}

/** Whether it is an error of ours with one of these codes. */
export function hasCode(error: unknown, ...codes: readonly string[]): error is ChannelwiseError {
  return error instanceof ChannelwiseError && codes.includes(error.code);
}

/** Whether a request was refused: another way may be open, or another question be answered. */
export function isRefusal(error: unknown): error is ChannelwiseError {
  return isOfKind(error, 'refused');
}

/** Whether it is a failure that its message tells: neither a fault of ours nor a cancel, which end all work. */
export function isTellable(error: unknown): error is ChannelwiseError {
  return error instanceof ChannelwiseError && error.kind !== 'cancelled';
}

/** Whether it lies with the model, and not with its file that can't be read. */
export function liesInModel(error: unknown): error is ChannelwiseError {
  return isTellable(error) && error.kind !== 'io';
}

/** A text with names from a file as one line that can do nothing to a terminal: what is not printed becomes a space. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, ' ');
}

function oneLine(message: string): string {
  const whole =
    message.length > MAX_MESSAGE
      ? `${message.slice(0, MAX_MESSAGE / 2)} … ${message.slice(-MAX_MESSAGE / 4)}`
      : message;
  return printable(whole);
}
