import { RpcClient } from '../jobs/threads/rpcClient.ts';
import type { WorkerMethods } from './workerMethods.ts';

/** Asks a worker for models. */
export class WorkerClient extends RpcClient<WorkerMethods> {}
