import { parentPort } from 'node:worker_threads';
import { useHalfOfRuntime } from './jobs/nodeRuntime.ts';
import { serve } from './jobs/rpcServer.ts';
import { sessionAnswers } from './jobs/sessionThread.ts';
import { threadPort } from './rpc/thread.ts';

useHalfOfRuntime(import.meta.url);
if (parentPort) serve(threadPort(parentPort), sessionAnswers());
