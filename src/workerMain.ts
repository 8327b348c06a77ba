import { parentPort } from 'node:worker_threads';
import { JOBS, plainError, type JobContext, type JobMessage, type JobRequest } from './page/jobs.ts';
import { useBundledRuntime } from './files/runtimeFiles.ts';

useBundledRuntime(import.meta.url);
const running = new Map<number, AbortController>();

function post(message: JobMessage): void {
  parentPort?.postMessage(message);
}

async function run(request: Extract<JobRequest, { type: 'job' }>): Promise<void> {
  const { id } = request;
  const controller = new AbortController();
  running.set(id, controller);
  let last = 0;
  const context: JobContext = {
    signal: controller.signal,
    onProgress: (fraction) => {
      if (fraction - last < 0.01 && fraction < 1) return;
      last = fraction;
      post({ type: 'progress', id, fraction });
    },
  };
  try {
    const job = JOBS[request.name] as (args: unknown, context: JobContext) => Promise<unknown>;
    post({ type: 'done', id, result: await job(request.args, context) });
  } catch (error) {
    post({ type: 'failed', id, error: plainError(error) });
  } finally {
    running.delete(id);
  }
}

parentPort?.on('message', (request: JobRequest) => {
  if (request.type === 'cancel') running.get(request.id)?.abort();
  else void run(request);
});
