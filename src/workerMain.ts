import { parentPort } from 'node:worker_threads';
import { useBundledRuntime } from './files/runtimeFiles.ts';
import { serve } from './jobs/rpcServer.ts';
import { WORKER_ANSWERS } from './page/workerAnswers.ts';

useBundledRuntime(import.meta.url);
if (parentPort) serve(parentPort, WORKER_ANSWERS);
