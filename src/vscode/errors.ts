import { ChannelwiseError } from '../bytes/errors.ts';

/** Whether the user stopped it: nothing is to be said then. */
export function isCancel(error: unknown): boolean {
  return error instanceof ChannelwiseError && error.kind === 'cancelled';
}
