import { parentPort } from 'node:worker_threads';
import { useBundledRuntime } from './files/runtimeFiles.ts';
import { useHostFiles } from './files/virtual/virtualFiles.ts';
import { remoteHostFiles } from './jobs/threads/hostFilesRpc.ts';
import { serve } from './jobs/threads/rpcServer.ts';
import { threadPort } from './rpc/thread.ts';
import { WORKER_ANSWERS } from './page/workerAnswers.ts';

useBundledRuntime(import.meta.url);
if (parentPort) serve(threadPort(parentPort), WORKER_ANSWERS, ({ files }) => useHostFiles(remoteHostFiles(files)));
