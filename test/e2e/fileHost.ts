import { JOBS, plainError, type JobContext, type JobName } from '../../src/page/jobs.ts';
import { PAGE_ARGS, type PageMethod } from '../../src/protocol/messages.ts';
import { unpackModel } from '../../src/protocol/packed.ts';
import type { Browser } from 'playwright-core';
import { openPage, type Answer, type OpenedPage, type OpenOptions } from './pageHarness.ts';

/** Methods that the worker answers as they are; the extension only adds the file's path. */
const JOB_METHODS: Readonly<Record<string, JobName>> = {
  tensorStatistics: 'tensorStatistics',
  firstLayerFacts: 'firstLayerFacts',
  layerFilters: 'layerFilters',
};

/** Opens the page on a real file, with the worker's own jobs behind it. */
export async function openFilePage(browser: Browser, path: string, options: OpenOptions = {}): Promise<OpenedPage> {
  const context: JobContext = { signal: new AbortController().signal, onProgress: () => undefined };
  const model = unpackModel(await JOBS.readModel({ path }, context));
  const answer = async (method: string, request: Record<string, unknown>): Promise<Answer> => {
    const given = options.answer?.(method, request);
    if (given) return given;
    try {
      const args = PAGE_ARGS[method as PageMethod](request.args) as Record<string, unknown> | undefined;
      if (args === undefined) return { ok: false, code: 'bad-request', message: 'bad request' };
      if (method === 'tensorBlock')
        return {
          ok: true,
          value: { texts: await JOBS.tensorBlock({ path, ...(args as { tensor: string; ranges: [] }) }, context) },
        };
      const name = JOB_METHODS[method];
      const job = name && (JOBS[name] as (args: unknown, context: JobContext) => Promise<unknown>);
      return { ok: true, value: job ? await job({ path, ...args }, context) : null };
    } catch (error) {
      const { code, message } = plainError(error);
      return { ok: false, code, message };
    }
  };
  return openPage(browser, model, { ...options, answer: (method, request) => answer(method, request) });
}
