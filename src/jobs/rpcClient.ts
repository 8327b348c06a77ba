import type { Worker } from 'node:worker_threads';
import { ChannelwiseError } from '../bytes/errors.ts';
import { errorFrom, type CallOptions, type MethodsOf, type RpcReply, type RpcRequest } from './rpc.ts';

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: ((fraction: number) => void) | undefined;
}

/** How long calls may take to tidy up when the editor closes. It waits four seconds for all extensions together. */
const CLOSE_MILLISECONDS = 2000;

/**
 * Asks a worker thread, so that this one stays free. A worker that dies fails its calls; the next call starts another.
 */
export class RpcClient<M extends MethodsOf<M>> {
  private worker: Worker | null = null;
  private lastId = 0;
  private readonly pending = new Map<number, Pending>();
  private readonly running = new Set<Promise<unknown>>();
  private readonly startWorker: () => Worker;

  constructor(startWorker: () => Worker) {
    this.startWorker = startWorker;
  }

  /** Rejects with the ChannelwiseError of the worker, or code `worker-ended` when it dies. */
  run<N extends keyof M & string>(method: N, args: M[N]['args'], options: CallOptions = {}): Promise<M[N]['result']> {
    const { signal, onProgress } = options;
    if (signal?.aborted) return Promise.reject(new ChannelwiseError('cancelled', 'cancelled', 'Cancelled.'));
    const id = ++this.lastId;
    const cancel = (): void => this.send({ type: 'cancel', id });
    const promise = new Promise<unknown>((resolve, reject) => this.pending.set(id, { resolve, reject, onProgress }));
    signal?.addEventListener('abort', cancel, { once: true });
    this.send({ type: 'call', id, method, args });
    const running = promise.finally(() => {
      signal?.removeEventListener('abort', cancel);
      this.running.delete(running);
    });
    this.running.add(running);
    return running;
  }

  /** Cancels all calls, and ends the worker when they have tidied up: a save under way removes its temporary file. */
  async close(): Promise<void> {
    for (const id of this.pending.keys()) this.send({ type: 'cancel', id });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, CLOSE_MILLISECONDS);
    });
    await Promise.race([Promise.allSettled(this.running), late]);
    clearTimeout(timer);
    await this.dispose();
  }

  /** Ends the worker at once, whatever it does. */
  async dispose(): Promise<void> {
    const { worker } = this;
    this.worker = null;
    this.failAll('Channelwise was closed.');
    await worker?.terminate();
  }

  private send(request: RpcRequest): void {
    if (!this.worker && request.type === 'cancel') return;
    this.worker ??= this.start();
    this.worker.postMessage(request);
  }

  private start(): Worker {
    const worker = this.startWorker();
    worker.on('message', (reply: RpcReply) => this.receive(reply));
    worker.on('error', (error) => this.ended(worker, error.message));
    worker.on('exit', () => this.ended(worker, 'it stopped'));
    worker.unref();
    return worker;
  }

  private receive(reply: RpcReply): void {
    const call = this.pending.get(reply.id);
    if (reply.type === 'progress') return call?.onProgress?.(reply.fraction);
    this.pending.delete(reply.id);
    if (reply.type === 'done') return call?.resolve(reply.result);
    call?.reject(errorFrom(reply.error));
  }

  private ended(worker: Worker, why: string): void {
    if (this.worker !== worker) return;
    this.worker = null;
    this.failAll(`The worker that reads models ended (${why}); try again.`);
  }

  private failAll(message: string): void {
    for (const call of this.pending.values()) call.reject(new ChannelwiseError('io', 'worker-ended', message));
    this.pending.clear();
  }
}
