import { threadPort, type AnyPort, type Thread } from '../../rpc/thread.ts';

/** What a browser calls a worker; Node's types don't know it. */
interface WebWorker extends AnyPort {
  addEventListener(type: 'message' | 'error', listener: (event: Event) => void): void;
  terminate(): void;
}

declare const Worker: new (url: string) => WebWorker;

/** Starts a browser's worker from a script. */
export function webThread(url: string): Thread {
  const worker = new Worker(url);
  return {
    ...threadPort(worker),
    onEnd: (listener) =>
      worker.addEventListener('error', (event) => {
        // A worker that failed does no more work, but is not gone.
        worker.terminate();
        listener((event as Event & { readonly message?: string }).message ?? 'it failed');
      }),
    end: () => Promise.resolve(worker.terminate()),
  };
}
