import { Worker } from 'node:worker_threads';
import type { Thread } from '../../rpc/thread.ts';

/** Starts a thread of Node from a bundle. It does not keep the process alive. */
export function nodeThread(file: string): Thread {
  const worker = new Worker(file);
  worker.unref();
  return {
    post: (message, given = []) => worker.postMessage(message, [...given] as never[]),
    listen: (listener) => void worker.on('message', listener),
    onEnd(listener) {
      worker.on('error', (error) => listener(error.message));
      worker.on('exit', () => listener('it stopped'));
    },
    end: async () => void (await worker.terminate()),
  };
}
