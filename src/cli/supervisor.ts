import type { Worker } from 'node:worker_threads';
import { ChannelwiseError } from '../bytes/errors.ts';
import { countOf, countText } from '../text/numbers.ts';
import { failureDocument, failureLine, failureOf, type Failure } from './failure.ts';
import type { Limits } from './verb.ts';
import type { ThreadMessage } from './verbThread.ts';

/** Where a command's output goes. */
export interface Streams {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
}

/** How often the memory is looked at. It can grow by some hundred megabytes in that time. */
const LOOK_MILLISECONDS = 100;
/**
 * After this a command that was told to stop is ended. A save under way needs a moment to remove its temporary file.
 */
const GRACE_MILLISECONDS = 2000;
const MEGABYTE = 1024 * 1024;
const STOPPED = 2;

/**
 * Watches over the thread that runs a command: prints what it says, and stops it when it takes more time or memory than
 * its limits. The work itself can't do that: a model under way in ONNX Runtime does not listen.
 */
export class Supervisor {
  private readonly worker: Worker;
  private readonly streams: Streams;
  private readonly argv: readonly string[];
  private limits: Limits | null = null;
  private readonly started = Date.now();
  private timer: NodeJS.Timeout | undefined;
  private code: number | null = null;
  private reason: ChannelwiseError | null = null;

  constructor(worker: Worker, streams: Streams, argv: readonly string[]) {
    this.worker = worker;
    this.streams = streams;
    this.argv = argv;
  }

  /** Whether it may be ended at once, without leaving anything behind. */
  get mayEnd(): boolean {
    return this.limits?.tidies !== true;
  }

  /** The exit code, when the thread has ended. */
  async run(): Promise<number> {
    const look = setInterval(() => this.lookAtMemory(), LOOK_MILLISECONDS);
    try {
      await new Promise<void>((resolve) => {
        this.worker.on('message', (message: ThreadMessage) => this.take(message));
        this.worker.on('error', (error) => this.failed(error));
        this.worker.on('exit', () => resolve());
      });
    } finally {
      clearInterval(look);
      clearTimeout(this.timer);
    }
    if (this.reason !== null) this.tell(failureOf(this.reason));
    return this.reason === null ? (this.code ?? 1) : STOPPED;
  }

  /** Tells the command to stop. It says so itself when it has. */
  cancel(): void {
    this.worker.postMessage('cancel');
  }

  private take(message: ThreadMessage): void {
    switch (message.type) {
      case 'line':
        return this.streams.out(message.text);
      case 'error':
        return this.reason === null ? this.streams.error(message.text) : undefined;
      case 'failure':
        return this.reason === null ? this.tell(message.failure) : undefined;
      case 'limits':
        return this.limit(message.limits);
      case 'end':
        this.code = message.code;
    }
  }

  /** A line for a person, and for who asked for JSON a document, as every result is one. */
  private tell(failure: Failure): void {
    this.streams.error(failureLine(failure));
    const document = failureDocument(failure, this.argv);
    if (document !== null) this.streams.out(document);
  }

  private limit(limits: Limits): void {
    this.limits = limits;
    clearTimeout(this.timer);
    const left = limits.seconds * 1000 - (Date.now() - this.started);
    const why =
      `Stopped after ${countOf(limits.seconds, 'second')}, the limit for files of this size; --time-limit ` +
      'SECONDS allows more.';
    this.timer = setTimeout(() => this.stop('time-limit', why), Math.max(left, 0));
  }

  private lookAtMemory(): void {
    if (!this.limits || process.memoryUsage.rss() <= this.limits.megabytes * MEGABYTE) return;
    const megabytes = countText(this.limits.megabytes);
    this.stop(
      'memory-limit',
      `Stopped at ${megabytes} MB of memory, the limit for files of this size; --memory-limit MEGABYTES allows more.`,
    );
  }

  private stop(code: string, why: string): void {
    if (this.reason !== null || this.code !== null) return;
    this.reason = new ChannelwiseError('refused', code, why);
    if (this.mayEnd) {
      void this.worker.terminate();
      return;
    }
    this.cancel();
    setTimeout(() => void this.worker.terminate(), GRACE_MILLISECONDS).unref();
  }

  private failed(error: Error & { code?: string }): void {
    if (error.code === 'ERR_WORKER_OUT_OF_MEMORY')
      this.reason ??= new ChannelwiseError(
        'refused',
        'out-of-memory',
        'Stopped: there is no more memory for what this file needs.',
      );
    else this.tell(failureOf(error));
  }
}
