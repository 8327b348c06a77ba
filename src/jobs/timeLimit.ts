import { cancelled } from '../bytes/cancel.ts';
import { ChannelwiseError } from '../bytes/errors.ts';

export interface TimeLimit {
  /** How long the work may take. */
  readonly milliseconds: number;
  /** Ends the thread that does the work; the runtime can't be interrupted in any other way. */
  readonly stop: () => Promise<unknown> | void;
  readonly signal?: AbortSignal | undefined;
}

/** A proof of a stem takes a second or two; whole models take longer. */
export const RUNTIME_MILLISECONDS = 120_000;
/**
 * After a cancel, work that listens ends by itself; a run in WebAssembly does not listen, and is stopped after this.
 */
const GRACE_MILLISECONDS = 1500;

/**
 * Waits for work that another thread does with the runtime. When the time is up, or a cancel is not heeded, the thread
 * is stopped and the promise rejects with `runtime-time` or `cancelled`; else it ends as the work does.
 */
export async function withTimeLimit<T>(work: Promise<T>, { milliseconds, stop, signal }: TimeLimit): Promise<T> {
  const timers: ReturnType<typeof setTimeout>[] = [];
  let onAbort: (() => void) | null = null;
  const limit = new Promise<never>((_, reject) => {
    const end = (error: ChannelwiseError): void => {
      reject(error);
      void Promise.resolve(stop()).catch(() => undefined);
    };
    timers.push(setTimeout(() => end(tooLong(milliseconds)), milliseconds));
    onAbort = () => timers.push(setTimeout(() => end(cancelled()), GRACE_MILLISECONDS));
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
  // Whichever loses the race may still reject.
  work.catch(() => undefined);
  limit.catch(() => undefined);
  try {
    return await Promise.race([work, limit]);
  } finally {
    for (const timer of timers) clearTimeout(timer);
    if (onAbort) signal?.removeEventListener('abort', onAbort);
  }
}

function tooLong(milliseconds: number): ChannelwiseError {
  return new ChannelwiseError(
    'unsupported',
    'runtime-time',
    `ONNX Runtime did not finish within ${Math.round(milliseconds / 1000)} seconds and was stopped.`,
  );
}
