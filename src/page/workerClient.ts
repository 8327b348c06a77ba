import { RpcClient } from '../jobs/rpcClient.ts';
import type { WorkerMethods } from './workerMethods.ts';

/** Asks a worker for models. */
export class WorkerClient extends RpcClient<WorkerMethods> {}
