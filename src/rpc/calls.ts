import type { CallOptions, MethodsOf, PlainError, RpcReply, RpcRequest } from './messages.ts';
import type { Transferable } from './thread.ts';

interface Pending extends Pick<CallOptions, 'onProgress' | 'onWritten'> {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Asked extends CallOptions {
  /** Memory of the arguments that is given away. */
  readonly given?: readonly Transferable[];
}

/** How one end of a line asks. */
export interface Asking {
  readonly send: (request: RpcRequest, given?: readonly Transferable[]) => void;
  /** The error that a caller sees. */
  readonly errorFrom: (error: PlainError) => Error;
}

/** The calling side of a line: sends calls, and hands each its reply. */
export class RpcCalls<M extends MethodsOf<M>> {
  private lastId = 0;
  private readonly pending = new Map<number, Pending>();
  private readonly running = new Set<Promise<unknown>>();
  private readonly asking: Asking;

  constructor(asking: Asking) {
    this.asking = asking;
  }

  /** Rejects with the error of the other side; a cancelled call's code is `cancelled`. */
  run<N extends keyof M & string>(method: N, args: M[N]['args'], options: Asked = {}): Promise<M[N]['result']> {
    const { signal, onProgress, onWritten, given } = options;
    if (signal?.aborted) return Promise.reject(this.failure('cancelled', 'cancelled', 'Cancelled.'));
    const id = ++this.lastId;
    const cancel = (): void => this.asking.send({ type: 'cancel', id });
    const promise = new Promise<unknown>((resolve, reject) =>
      this.pending.set(id, { resolve, reject, onProgress, onWritten }),
    );
    signal?.addEventListener('abort', cancel, { once: true });
    this.asking.send({ type: 'call', id, method, args }, given);
    const running = promise.finally(() => {
      signal?.removeEventListener('abort', cancel);
      this.running.delete(running);
    });
    this.running.add(running);
    return running;
  }

  receive(reply: RpcReply): void {
    const call = this.pending.get(reply.id);
    if (reply.type === 'progress') return call?.onProgress?.(reply.fraction);
    if (reply.type === 'written') return call?.onWritten?.(reply.temporaryPath);
    this.pending.delete(reply.id);
    if (reply.type === 'done') return call?.resolve(reply.result);
    call?.reject(this.asking.errorFrom(reply.error));
  }

  cancelAll(): void {
    for (const id of this.pending.keys()) this.asking.send({ type: 'cancel', id });
  }

  /** Resolves when no call is under way. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.running);
  }

  /** The other side is gone. */
  failAll(message: string): void {
    for (const call of this.pending.values()) call.reject(this.failure('io', 'worker-ended', message));
    this.pending.clear();
  }

  private failure(kind: string, code: string, message: string): Error {
    return this.asking.errorFrom({ kind, code, message, place: {} });
  }
}
