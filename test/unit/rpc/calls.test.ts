import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RpcAnswers } from '../../../src/rpc/answers.ts';
import { RpcCalls } from '../../../src/rpc/calls.ts';
import { asReply, asRequest, type CallContext, type RpcReply } from '../../../src/rpc/messages.ts';

interface Methods {
  double: { args: number; result: number };
  wait: { args: null; result: null };
  steps: { args: readonly number[]; result: null };
}

class Refused extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Both ends of a line, each hearing what the other sent. */
function line(): { calls: RpcCalls<Methods>; answers: RpcAnswers; replies: RpcReply[] } {
  const replies: RpcReply[] = [];
  const answer = async (method: string, args: unknown, { signal, onProgress }: CallContext): Promise<unknown> => {
    if (method === 'double') return Number(args) * 2;
    if (method === 'steps') {
      for (const fraction of args as number[]) onProgress(fraction);
      return null;
    }
    if (method !== 'wait') throw new Refused('bad-request', `There is no method ${method}.`);
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Refused('cancelled', 'Stop.'))));
    return null;
  };
  const answers = new RpcAnswers({
    answer,
    post: (reply) => {
      replies.push(reply);
      calls.receive(reply);
    },
    plainError: (error) => ({ kind: 'refused', code: (error as Refused).code, message: String(error), place: {} }),
  });
  const calls = new RpcCalls<Methods>({
    send: (request) => void answers.take(request),
    errorFrom: ({ code, message }) => new Refused(code, message),
  });
  return { calls, answers, replies };
}

test('hands each caller its own reply', async () => {
  const { calls } = line();
  assert.deepEqual(await Promise.all([1, 2, 3].map((n) => calls.run('double', n))), [2, 4, 6]);
});

test('fails an unknown method, and names it', async () => {
  const { calls } = line();
  await assert.rejects(calls.run('gone' as 'wait', null), /no method gone/);
});

test('cancels the call that is given up, and no other', async () => {
  const { calls } = line();
  const stop = new AbortController();
  const given = calls.run('wait', null, { signal: stop.signal });
  const kept = calls.run('double', 4);
  stop.abort();
  await assert.rejects(given, { code: 'cancelled' });
  assert.equal(await kept, 8);
  await assert.rejects(calls.run('double', 1, { signal: stop.signal }), { code: 'cancelled' });
});

test('cancels all when the answering side closes', async () => {
  const { calls, answers } = line();
  const given = calls.run('wait', null);
  answers.dispose();
  await assert.rejects(given, { code: 'cancelled' });
});

test('fails what waits when the other side is gone', async () => {
  const calls = new RpcCalls<Methods>({
    send: () => undefined,
    errorFrom: ({ code, message }) => new Refused(code, message),
  });
  const given = calls.run('double', 1);
  calls.failAll('The worker ended.');
  await assert.rejects(given, { code: 'worker-ended', message: 'The worker ended.' });
});

test('reports progress in steps that can be seen, and the end', async () => {
  const { calls } = line();
  const seen: number[] = [];
  const steps = [0.001, 0.4, 0.4001, 0.405, 0.9, 1];
  await calls.run('steps', steps, { onProgress: (fraction) => seen.push(fraction) });
  assert.deepEqual(seen, [0.4, 0.9, 1]);
});

test('gives what is a request or a reply, without what else it carries', () => {
  assert.deepEqual(asRequest({ type: 'call', id: 1, method: 'm', args: 2, more: 3 }), {
    type: 'call',
    id: 1,
    method: 'm',
    args: 2,
  });
  assert.deepEqual(asRequest({ type: 'cancel', id: 7 }), { type: 'cancel', id: 7 });
  const error = { kind: 'io', code: 'c', message: 'm', place: {} };
  for (const reply of [
    { type: 'done', id: 1, result: [1] },
    { type: 'progress', id: 1, fraction: 0.5 },
    { type: 'written', id: 1, temporaryPath: '/a' },
    { type: 'failed', id: 1, error },
  ])
    assert.deepEqual(asReply({ ...reply, more: true }), reply);
});

test('gives null for all else', () => {
  for (const bad of [null, 3, {}, [], { type: 'call', id: 1.5, method: 'm' }, { type: 'call', id: 1, method: 4 }])
    assert.equal(asRequest(bad), null, JSON.stringify(bad));
  for (const bad of [
    undefined,
    { type: 'done', id: '1' },
    { type: 'written', id: 1 },
    { type: 'progress', id: 1, fraction: 'half' },
    { type: 'failed', id: 1, error: 'text' },
    { type: 'failed', id: 1, error: { kind: 'io', code: 'c', message: 5, place: {} } },
    { type: 'failed', id: 1, error: { kind: 'io', code: 'c', message: 'm', place: null } },
  ])
    assert.equal(asReply(bad), null, JSON.stringify(bad));
});
