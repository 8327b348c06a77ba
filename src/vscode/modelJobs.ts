import type { HostFiles } from '../files/virtual/hostFiles.ts';
import { serveHostFiles } from '../jobs/threads/hostFilesRpc.ts';
import type { ThreadMessage } from '../jobs/threads/rpcServer.ts';
import { RUNTIME_MILLISECONDS, withTimeLimit } from '../jobs/timeLimit.ts';
import { WorkerClient } from '../page/workerClient.ts';
import type { WorkerMethods } from '../page/workerMethods.ts';
import type { CallOptions } from '../rpc/messages.ts';
import type { Thread } from '../rpc/thread.ts';
import { JobQueue } from './jobQueue.ts';

const NIGHT_MILLISECONDS = 12 * 60 * 60 * 1000;

/** Jobs that run models in ONNX Runtime, and how long each may take before its thread is stopped. */
const RUNTIME_JOBS: Readonly<Partial<Record<keyof WorkerMethods, number>>> = {
  verify: RUNTIME_MILLISECONDS,
  /** Folders of any size are run, with a cancel; what takes longer than a night hangs. */
  evaluate: NIGHT_MILLISECONDS,
  grayByLayer: NIGHT_MILLISECONDS,
  measureTime: RUNTIME_MILLISECONDS,
};

/**
 * Jobs that hold a whole model's structure in memory. They take turns, so that many pages opened at once need the
 * memory of one.
 */
const WHOLE_MODEL: ReadonlySet<keyof WorkerMethods> = new Set<keyof WorkerMethods>([
  'readModel',
  'compare',
  'differences',
  'shapes',
]);

/** How workers are started, and what they reach through this thread. */
export interface Workers {
  readonly startThread: () => Thread;
  /** What they ask for by URI. */
  readonly files: HostFiles;
  /** The URI of ONNX Runtime's WebAssembly. */
  readonly runtime: string;
}

/**
 * Everything the extension asks of its two worker threads. One reads and writes files. The other runs models: the
 * runtime hears no cancel, so that thread is stopped where a model takes too long, and nothing is lost with it.
 */
export class ModelJobs {
  private readonly files: WorkerClient;
  private readonly runtime: WorkerClient;
  private readonly wholeModels = new JobQueue(1);

  constructor(workers: Workers) {
    const start = (): Thread => connected(workers);
    this.files = new WorkerClient(start);
    this.runtime = new WorkerClient(start);
  }

  /** Rejects with the job's ChannelwiseError. */
  run<N extends keyof WorkerMethods>(
    name: N,
    args: WorkerMethods[N]['args'],
    options: CallOptions = {},
  ): Promise<WorkerMethods[N]['result']> {
    const milliseconds = RUNTIME_JOBS[name];
    if (milliseconds !== undefined) {
      const stop = (): Promise<void> => this.runtime.dispose();
      return withTimeLimit(this.runtime.run(name, args, options), { milliseconds, stop, signal: options.signal });
    }
    const start = (): Promise<WorkerMethods[N]['result']> => this.files.run(name, args, options);
    return WHOLE_MODEL.has(name) ? this.wholeModels.run(start, options.signal) : start();
  }

  /** Ends both threads, when a save under way has removed its temporary file. */
  async close(): Promise<void> {
    await Promise.all([this.files.close(), this.runtime.dispose()]);
  }
}

/** A thread that can ask for files which lie on no disk. */
function connected({ startThread, files, runtime }: Workers): Thread {
  const thread = startThread();
  const { port1, port2 } = new MessageChannel();
  serveHostFiles(port1, files);
  thread.post({ type: 'connect', files: port2, runtime } satisfies ThreadMessage, [port2]);
  return thread;
}
