import { ChannelwiseError } from '../../bytes/errors.ts';
import type { Answers } from '../../rpc/messages.ts';
import { ownMemory, type Thread } from '../../rpc/thread.ts';
import { openSession, type Session } from '../../verify/session.ts';
import type { Value } from '../../verify/values.ts';
import { RpcClient } from './rpcClient.ts';

type Names = Pick<Session, 'inputNames' | 'outputNames'>;

/** What a thread is asked that runs one model. */
export interface SessionMethods {
  readonly open: { readonly args: Uint8Array; readonly result: Names };
  readonly run: { readonly args: ReadonlyMap<string, Value>; readonly result: ReadonlyMap<string, Value> };
}

/** How that thread answers. */
export function sessionAnswers(): Answers<SessionMethods> {
  let opened: Session | null = null;
  return {
    async open(model) {
      opened = await openSession(model, true);
      return { inputNames: opened.inputNames, outputNames: opened.outputNames };
    },
    async run(feeds) {
      if (!opened) throw new ChannelwiseError('unsupported', 'runtime-run', 'The thread that ran the model ended.');
      return opened.run(feeds);
    },
  };
}

/**
 * Opens a model, optimised, in a thread of its own, which ends when the session is closed. The model's memory is given
 * away. Throws as `openSession` does.
 */
export async function openInThread(model: Uint8Array, startThread: () => Thread): Promise<Session> {
  const client = new RpcClient<SessionMethods>(startThread);
  try {
    const names = await client.run('open', model, { given: ownMemory(model) });
    return { ...names, run: (feeds) => client.run('run', feeds), close: () => client.dispose() };
  } catch (error) {
    await client.dispose();
    throw error;
  }
}
