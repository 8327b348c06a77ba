import type { CallContext, PlainError, RpcReply, RpcRequest } from './messages.ts';

/** Smaller steps of progress nobody sees. */
const PROGRESS_STEP = 0.01;

/** How one end of a line answers. */
export interface Answering {
  readonly post: (reply: RpcReply) => void;
  /** Rejects for a method or arguments that it doesn't know. */
  readonly answer: (method: string, args: unknown, context: CallContext) => Promise<unknown>;
  readonly plainError: (error: unknown) => PlainError;
}

/** The answering side of a line: answers each call once, several at a time, and cancels those that are given up. */
export class RpcAnswers {
  private readonly running = new Map<number, AbortController>();
  private readonly answering: Answering;

  constructor(answering: Answering) {
    this.answering = answering;
  }

  /** Resolves when the call is answered. */
  async take(request: RpcRequest): Promise<void> {
    const { id } = request;
    if (request.type === 'cancel') return this.running.get(id)?.abort();
    const { post, answer, plainError } = this.answering;
    const controller = new AbortController();
    this.running.set(id, controller);
    const onProgress = inSteps((fraction) => post({ type: 'progress', id, fraction }));
    const onWritten = (temporaryPath: string): void => post({ type: 'written', id, temporaryPath });
    const context = { signal: controller.signal, onProgress, onWritten };
    try {
      const result = await answer(request.method, request.args, context);
      post({ type: 'done', id, result });
    } catch (error) {
      post({ type: 'failed', id, error: plainError(error) });
    } finally {
      this.running.delete(id);
    }
  }

  /** Cancels all that still runs. */
  dispose(): void {
    for (const controller of this.running.values()) controller.abort();
  }
}

function inSteps(report: (fraction: number) => void): (fraction: number) => void {
  let last = 0;
  return (fraction) => {
    if (fraction - last < PROGRESS_STEP && fraction < 1) return;
    last = fraction;
    report(fraction);
  };
}
