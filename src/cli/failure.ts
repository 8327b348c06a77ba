import { ChannelwiseError, type ErrorKind, type ErrorPlace } from '../bytes/errors.ts';
import { messageOf } from '../text/messageOf.ts';
import { jsonText, shownLine } from './print.ts';

/** Why there is no result: what `--json` gives in its place, for a command or for one of its files. */
export interface Failure {
  /** One sentence: what happened, and what to do. */
  readonly error: string;
  /** What a script decides by; it stays while sentences are reworded. */
  readonly code: string;
  readonly kind: ErrorKind | 'internal';
  /** Where in the file, as far as that is known. */
  readonly place: ErrorPlace;
}

/** What anything thrown says of itself; what is no error of ours is an internal one. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof ChannelwiseError))
    return { error: messageOf(error), code: 'internal', kind: 'internal', place: {} };
  const { message, code, kind, place } = error;
  return { error: message, code, kind, place };
}

/** The line on standard error. */
export function failureLine({ error, kind }: Failure): string {
  return shownLine(kind === 'internal' ? `Internal error: ${error}` : error);
}

/** The document on standard output, for who asked for one; null for others. */
export function failureDocument(failure: Failure, argv: readonly string[]): string | null {
  return argv.includes('--json') ? jsonText(failure) : null;
}
