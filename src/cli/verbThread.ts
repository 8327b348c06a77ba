import type { MessagePort } from 'node:worker_threads';
import { runVerb } from './commandLine.ts';
import { failureOf, type Failure } from './failure.ts';
import { FIRST_LIMITS } from './limits.ts';
import { REFUSED, type Output, type Limits } from './verb.ts';

/** From the thread that runs a command: what to print, and how it ended. */
export type ThreadMessage =
  | { readonly type: 'line' | 'error'; readonly text: string }
  | { readonly type: 'limits'; readonly limits: Limits }
  | { readonly type: 'failure'; readonly failure: Failure }
  | { readonly type: 'end'; readonly code: number };

/** Lines travel together; one message for each of 30,000 takes longer than making them. */
const TEXT_AT_ONCE = 65_536;
const INTERNAL_ERROR = 1;

/** Runs a command line in a thread, and stops where a message arrives. */
export async function runInThread(port: MessagePort, argv: readonly string[]): Promise<void> {
  const controller = new AbortController();
  port.on('message', () => controller.abort());
  const post = (message: ThreadMessage): void => port.postMessage(message);
  let waiting: string[] = [];
  let length = 0;
  const flush = (): void => {
    if (waiting.length > 0) post({ type: 'line', text: waiting.join('\n') });
    waiting = [];
    length = 0;
  };
  const output: Output = {
    line: (text) => {
      waiting.push(text);
      length += text.length;
      if (length > TEXT_AT_ONCE) flush();
    },
    error: (text) => {
      flush();
      post({ type: 'error', text });
    },
    starts: (limits) => post({ type: 'limits', limits }),
  };
  post({ type: 'limits', limits: FIRST_LIMITS });
  const code = await runVerb(argv, output, controller.signal).catch((error: unknown) => {
    const failure = failureOf(error);
    flush();
    post({ type: 'failure', failure });
    return failure.kind === 'internal' ? INTERNAL_ERROR : REFUSED;
  });
  flush();
  post({ type: 'end', code });
  port.close();
}
