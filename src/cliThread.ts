import { parentPort } from 'node:worker_threads';
import { runInThread } from './cli/verbThread.ts';
import { useBundledRuntime } from './files/runtimeFiles.ts';

useBundledRuntime(import.meta.url);
if (parentPort) await runInThread(parentPort, process.argv.slice(2));
