import { ChannelwiseError, isOfKind } from './errors.ts';

/** What work rejects with that the user stopped. */
export function cancelled(message = 'Cancelled.'): ChannelwiseError {
  return new ChannelwiseError('cancelled', 'cancelled', message);
}

/** Throws `cancelled` where the user has stopped the work. */
export function checkCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled();
}

/** Whether the user stopped it: nothing is to be said then, and nothing else is tried. */
export function isCancel(error: unknown): boolean {
  return isOfKind(error, 'cancelled');
}
