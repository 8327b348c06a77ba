import { ChannelwiseError } from '../../bytes/errors.ts';
import { RpcAnswers } from '../../rpc/answers.ts';
import type { Answers, CallContext, MethodsOf, RpcRequest } from '../../rpc/messages.ts';
import { ownMemory, type AnyPort, type ThreadPort } from '../../rpc/thread.ts';
import { plainError } from './rpcErrors.ts';

/** The first message to a thread says how it reaches what it can't reach by itself. */
export interface Connection {
  /** The port by which it asks for files that lie on no disk. */
  readonly files: AnyPort;
  /** The URI of ONNX Runtime's WebAssembly, for a thread that can't read it from a disk. */
  readonly runtime: string;
}

/** What a thread hears. */
export type ThreadMessage = RpcRequest | ({ readonly type: 'connect' } & Connection);

/**
 * Answers the calls that arrive at a port, several at a time. A result that is bytes is given away. `connect` is told
 * what the caller can reach.
 */
export function serve<M extends MethodsOf<M>>(
  port: ThreadPort,
  answers: Answers<M>,
  connect: (to: Connection) => void = () => undefined,
): void {
  const line = new RpcAnswers({
    post: (reply) => port.post(reply, reply.type === 'done' ? ownMemory(reply.result) : []),
    answer: (method, args, context) => answerOf(answers, method)(args, context),
    plainError,
  });
  port.listen((message) => {
    // The other end is our own: what arrives is what it sends.
    const request = message as ThreadMessage;
    if (request.type === 'connect') return connect(request);
    void line.take(request);
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
