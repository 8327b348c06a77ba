import { RpcCalls } from '../../rpc/calls.ts';
import type { CallOptions, MethodsOf, RpcReply, RpcRequest } from '../../rpc/messages.ts';
import type { Thread, Transferable } from '../../rpc/thread.ts';
import { errorFrom } from './rpcErrors.ts';

/** How long calls may take to tidy up when the editor closes. It waits four seconds for all extensions together. */
const CLOSE_MILLISECONDS = 2000;

/**
 * Asks a worker thread, so that this one stays free. A worker that dies fails its calls; the next call starts another.
 */
export class RpcClient<M extends MethodsOf<M>> {
  private thread: Thread | null = null;
  private readonly calls = new RpcCalls<M>({ send: (request, given) => this.send(request, given), errorFrom });
  private readonly startThread: () => Thread;

  constructor(startThread: () => Thread) {
    this.startThread = startThread;
  }

  /** Rejects with the ChannelwiseError of the worker, or code `worker-ended` when it dies. */
  run<N extends keyof M & string>(method: N, args: M[N]['args'], options: CallOptions = {}): Promise<M[N]['result']> {
    return this.calls.run(method, args, options);
  }

  /** Cancels all calls, and ends the worker when they have tidied up: a save under way removes its temporary file. */
  async close(): Promise<void> {
    this.calls.cancelAll();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, CLOSE_MILLISECONDS);
    });
    await Promise.race([this.calls.settled(), late]);
    clearTimeout(timer);
    await this.dispose();
  }

  /** Ends the worker at once, whatever it does. */
  async dispose(): Promise<void> {
    const { thread } = this;
    this.thread = null;
    this.calls.failAll('Channelwise was closed.');
    await thread?.end();
  }

  private send(request: RpcRequest, given: readonly Transferable[] = []): void {
    if (!this.thread && request.type === 'cancel') return;
    this.thread ??= this.start();
    this.thread.post(request, given);
  }

  private start(): Thread {
    const thread = this.startThread();
    thread.listen((reply) => this.calls.receive(reply as RpcReply));
    thread.onEnd((why) => this.ended(thread, why));
    return thread;
  }

  private ended(thread: Thread, why: string): void {
    if (this.thread !== thread) return;
    this.thread = null;
    this.calls.failAll(`The worker that reads models ended (${why}); try again.`);
  }
}
