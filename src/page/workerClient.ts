import { Worker } from 'node:worker_threads';
import { ChannelwiseError } from '../bytes/errors.ts';
import type { JobMessage, JobName, JobRequest, JobTypes } from './jobs.ts';

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: ((fraction: number) => void) | undefined;
}

/** How long jobs may take to tidy up when the editor closes. It waits four seconds for all extensions together. */
const CLOSE_MILLISECONDS = 2000;

/** Runs jobs in a worker thread, so that the extension host stays free. A worker that dies fails its jobs; the next job starts another. */
export class WorkerClient {
  private worker: Worker | null = null;
  private lastId = 0;
  private readonly pending = new Map<number, Pending>();
  private readonly running = new Set<Promise<unknown>>();
  private readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  /** Rejects with the job's ChannelwiseError, or code `worker-ended` when the worker dies. */
  run<N extends JobName>(name: N, args: JobTypes[N]['args'], options: RunOptions = {}): Promise<JobTypes[N]['result']> {
    const { signal, onProgress } = options;
    if (signal?.aborted) return Promise.reject(new ChannelwiseError('cancelled', 'cancelled', 'Cancelled.'));
    const id = ++this.lastId;
    const cancel = (): void => this.send({ type: 'cancel', id });
    const promise = new Promise<unknown>((resolve, reject) => this.pending.set(id, { resolve, reject, onProgress }));
    signal?.addEventListener('abort', cancel, { once: true });
    this.send({ type: 'job', id, name, args } as JobRequest);
    const running = promise.finally(() => {
      signal?.removeEventListener('abort', cancel);
      this.running.delete(running);
    });
    this.running.add(running);
    return running as Promise<JobTypes[N]['result']>;
  }

  /** Cancels all jobs, and ends the worker when they have tidied up: a save under way removes its temporary file. */
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

  private send(request: JobRequest): void {
    if (!this.worker && request.type === 'cancel') return;
    this.worker ??= this.start();
    this.worker.postMessage(request);
  }

  private start(): Worker {
    const worker = new Worker(this.file);
    worker.on('message', (message: JobMessage) => this.receive(message));
    worker.on('error', (error) => this.ended(worker, error.message));
    worker.on('exit', () => this.ended(worker, 'it stopped'));
    worker.unref();
    return worker;
  }

  private receive(message: JobMessage): void {
    const job = this.pending.get(message.id);
    if (message.type === 'progress') return job?.onProgress?.(message.fraction);
    this.pending.delete(message.id);
    if (message.type === 'done') return job?.resolve(message.result);
    const { kind, code, message: text, place } = message.error;
    job?.reject(new ChannelwiseError(kind, code, text, place));
  }

  private ended(worker: Worker, why: string): void {
    if (this.worker !== worker) return;
    this.worker = null;
    this.failAll(`The worker that reads models ended (${why}); try again.`);
  }

  private failAll(message: string): void {
    for (const job of this.pending.values()) job.reject(new ChannelwiseError('io', 'worker-ended', message));
    this.pending.clear();
  }
}
