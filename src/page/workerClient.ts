import { Worker } from 'node:worker_threads';
import { RpcClient } from '../jobs/rpcClient.ts';
import type { WorkerMethods } from './workerMethods.ts';

/** Asks the worker whose bundle is `file`. */
export class WorkerClient extends RpcClient<WorkerMethods> {
  constructor(file: string) {
    super(() => new Worker(file));
  }
}
