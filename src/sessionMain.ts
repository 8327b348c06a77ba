import { parentPort } from 'node:worker_threads';
import { useHalfOfRuntime } from './jobs/threads/nodeRuntime.ts';
import { serve } from './jobs/threads/rpcServer.ts';
import { sessionAnswers } from './jobs/threads/sessionThread.ts';
import { threadPort } from './rpc/thread.ts';

useHalfOfRuntime(import.meta.url);
if (parentPort) serve(threadPort(parentPort), sessionAnswers());
