import { ChannelwiseError } from '../bytes/errors.ts';
import {
  plainError,
  type Answers,
  type CallContext,
  type MethodsOf,
  type RpcReply,
  type RpcRequest,
  type Connection,
} from './rpc.ts';
import { ownMemory, type ThreadPort } from './thread.ts';

/** Smaller steps of progress nobody sees. */
const PROGRESS_STEP = 0.01;

/**
 * Answers the calls that arrive at a port, several at a time. A result that is bytes is given away. `connect` is told
 * what the caller can reach.
 */
export function serve<M extends MethodsOf<M>>(
  port: ThreadPort,
  answers: Answers<M>,
  connect: (to: Connection) => void = () => undefined,
): void {
  const running = new Map<number, AbortController>();
  const post = (reply: RpcReply): void => port.post(reply, reply.type === 'done' ? ownMemory(reply.result) : []);

  const answer = async (id: number, method: string, args: unknown): Promise<void> => {
    const controller = new AbortController();
    running.set(id, controller);
    const onProgress = inSteps((fraction) => post({ type: 'progress', id, fraction }));
    const onWritten = (temporaryPath: string): void => post({ type: 'written', id, temporaryPath });
    try {
      const result = await answerOf(answers, method)(args, { signal: controller.signal, onProgress, onWritten });
      post({ type: 'done', id, result });
    } catch (error) {
      post({ type: 'failed', id, error: plainError(error) });
    } finally {
      running.delete(id);
    }
  };

  port.listen((message) => {
    // The other end is this file's client: what arrives is what it sends.
    const request = message as RpcRequest;
    if (request.type === 'connect') connect(request);
    else if (request.type === 'cancel') running.get(request.id)?.abort();
    else void answer(request.id, request.method, request.args);
  });
}

function answerOf<M extends MethodsOf<M>>(
  answers: Answers<M>,
  method: string,
): (args: unknown, context: CallContext) => Promise<unknown> {
  if (!Object.hasOwn(answers, method))
    throw new ChannelwiseError('unsupported', 'bad-request', `There is no method ${method}.`);
  // The caller's types say that these arguments belong to this method.
  return answers[method as keyof M] as (args: unknown, context: CallContext) => Promise<unknown>;
}

function inSteps(report: (fraction: number) => void): (fraction: number) => void {
  let last = 0;
  return (fraction) => {
    if (fraction - last < PROGRESS_STEP && fraction < 1) return;
    last = fraction;
    report(fraction);
  };
}
