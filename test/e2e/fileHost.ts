import { plainError } from '../../src/jobs/threads/rpcErrors.ts';
import { unpackModel } from '../../src/protocol/unpack.ts';
import type { CallContext } from '../../src/rpc/messages.ts';
import { WORKER_ANSWERS } from '../../src/page/workerAnswers.ts';
import type { WorkerMethods } from '../../src/page/workerMethods.ts';
import { PAGE_ARGS, type PageMethod } from '../../src/protocol/messages.ts';
import type { Browser } from 'playwright-core';
import { openPage, type Answer, type OpenedPage, type OpenOptions } from './pageHarness.ts';

/** Methods that the worker answers as they are; the extension only adds the file's path. */
const JOB_METHODS: Readonly<Record<string, keyof WorkerMethods>> = {
  tensorStatistics: 'tensorStatistics',
  tensorBlock: 'tensorBlock',
  inputLayerFacts: 'inputLayerFacts',
  layerFilters: 'layerFilters',
};

export interface OpenFileOptions extends OpenOptions {
  /** Answers of the host that take the worker's time; undefined for others. */
  job?: (method: string) => Promise<Answer | undefined>;
}

/** Opens the page on a real file, with the worker's own jobs behind it. */
export async function openFilePage(browser: Browser, path: string, options: OpenFileOptions = {}): Promise<OpenedPage> {
  const context: CallContext = { signal: new AbortController().signal, onProgress: () => undefined };
  const model = unpackModel(await WORKER_ANSWERS.readModel({ path }, context));
  const answer = async (method: string, request: Record<string, unknown>): Promise<Answer> => {
    const given = (await options.job?.(method)) ?? options.answer?.(method, request);
    if (given) return given;
    try {
      const args = PAGE_ARGS[method as PageMethod](request.args) as Record<string, unknown> | undefined;
      if (args === undefined) return { ok: false, code: 'bad-request', message: 'bad request' };
      const name = JOB_METHODS[method];
      const job = name && (WORKER_ANSWERS[name] as (args: unknown, context: CallContext) => Promise<unknown>);
      return { ok: true, value: job ? await job({ path, ...args }, context) : null };
    } catch (error) {
      const { code, message } = plainError(error);
      return { ok: false, code, message };
    }
  };
  return openPage(browser, model, { ...options, answer: (method, request) => answer(method, request) });
}
