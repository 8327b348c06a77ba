import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { VerifyReply } from '../page/workerMethods.ts';
import { ChannelwiseError } from '../bytes/errors.ts';
import type { PageProof } from '../protocol/adaptation.ts';
import {
  PAGE_ARGS,
  type HostMessage,
  type PageMessage,
  type PageMethod,
  type PageMethods,
} from '../protocol/messages.ts';
import type { PackedModel } from '../protocol/packed.ts';
import { openModel } from './announce.ts';
import { convertOne, type Workers } from './convert.ts';
import { localPath, messageOf } from './files.ts';
import { copyLink } from './links.ts';
import { saveTensor } from './saveTensor.ts';

/** One open page, as its answers see it. */
export interface PageContext {
  readonly workers: Workers;
  readonly uri: vscode.Uri;
  /** Called with every model that was read for the page, and with null where there is none to be read. */
  readonly opened: (model: PackedModel | null) => void;
}

interface Call extends PageContext {
  readonly signal: AbortSignal;
  readonly onProgress: (fraction: number) => void;
}

/** One function per method. Errors they throw become the reply. */
const ANSWERS: {
  readonly [M in PageMethod]: (call: Call, args: PageMethods[M]['args']) => Promise<PageMethods[M]['result']>;
} = {
  model: async ({ workers, uri, signal, onProgress, opened }, args) => {
    const model = await workers.worker
      .run('readModel', { path: localPath(uri), ...args }, { signal, onProgress })
      .catch((error: unknown) => {
        if (!signal.aborted) opened(null);
        throw error;
      });
    opened(model);
    return model;
  },
  convertToGrayscale: async ({ workers, uri }) => {
    await convertOne(workers, uri);
    return null;
  },
  command: async (call, { name }) => {
    if (name === 'openOriginal') await openModel(vscode.Uri.file(await originalOf(call)));
    else if (name === 'compareOriginal') {
      call.workers.comparisons.set(call.uri, await originalOf(call));
      call.workers.views.show(call.uri, 'compare');
    }
    // A flow lasts as long as a person takes; the page does not wait for it.
    else void vscode.commands.executeCommand(`channelwise.${name}`, call.uri);
    return null;
  },
  prove: async (call) => plain(await call.workers.proofs.prove(await originalOf(call), localPath(call.uri), call)),
  lastProof: async ({ workers, uri }) => {
    const last = await workers.proofs.last(localPath(uri));
    return last && plain(last);
  },
  tensorStatistics: ({ workers, uri, ...options }, args) =>
    workers.worker.run('tensorStatistics', { path: localPath(uri), ...args }, options),
  tensorBlock: ({ workers, uri, ...options }, args) =>
    workers.worker.run('tensorBlock', { path: localPath(uri), ...args }, options),
  copyLink: async ({ uri }, { node }) => {
    await copyLink(uri, node);
    return null;
  },
  firstLayerFacts: ({ workers, uri, ...options }, args) =>
    workers.worker.run('firstLayerFacts', { path: localPath(uri), ...args }, options),
  layerFilters: ({ workers, uri, ...options }, args) =>
    workers.worker.run('layerFilters', { path: localPath(uri), ...args }, options),
  saveTensor: ({ workers, uri, ...options }, args) => saveTensor(workers.worker, uri, args, options),
  wanted: ({ workers, uri }) => Promise.resolve(workers.views.take(uri)),
  comparison: (call) => call.workers.comparisons.run(call.workers, call.uri, call),
  evaluationSetup: (call) => call.workers.evaluations.setup(call.workers, call.uri, call),
  evaluate: (call, choice) => call.workers.evaluations.run(call.workers, call.uri, choice, call),
  saveEvaluation: ({ workers, uri }) => workers.evaluations.save(uri),
};

/** The file beside this one that it says it was made from. */
async function originalOf({ workers, uri, signal }: Call): Promise<string> {
  const path = localPath(uri);
  const made = await workers.worker.run('madeFrom', { path }, { signal });
  if (made?.original.path) return made.original.path;
  throw new ChannelwiseError(
    'refused',
    'no-original',
    `The original of ${basename(path)} is not beside it any more; use Verify to say where it is.`,
  );
}

/** Without the report's lines, which the page makes from the numbers. */
function plain({ report: _, ...proof }: VerifyReply): PageProof {
  return proof;
}

/** Answers a page's requests, each once, and cancels those the page gives up. */
export class PageAnswers {
  private readonly running = new Map<number, AbortController>();
  private readonly context: PageContext;
  private readonly post: (message: HostMessage) => void;

  constructor(context: PageContext, post: (message: HostMessage) => void) {
    this.context = context;
    this.post = post;
  }

  async take(message: PageMessage): Promise<void> {
    const { id } = message;
    if (message.type === 'cancel') return this.running.get(id)?.abort();
    const controller = new AbortController();
    this.running.set(id, controller);
    try {
      const call: Call = {
        ...this.context,
        signal: controller.signal,
        onProgress: (fraction) => this.post({ type: 'progress', id, fraction }),
      };
      this.post({ type: 'reply', id, ok: true, result: await answer(call, message.method, message.args) });
    } catch (error) {
      this.post({
        type: 'reply',
        id,
        ok: false,
        code: error instanceof ChannelwiseError ? error.code : 'internal',
        message: messageOf(error),
      });
    } finally {
      this.running.delete(id);
    }
  }

  /** Cancels all that still runs. */
  dispose(): void {
    for (const controller of this.running.values()) controller.abort();
  }
}

function answer<M extends PageMethod>(call: Call, method: M, given: unknown): Promise<PageMethods[M]['result']> {
  const args = PAGE_ARGS[method](given);
  if (args === undefined)
    throw new ChannelwiseError(
      'refused',
      'bad-request',
      `The page asked for ${method} in a way that this version does not know; reopen the editor.`,
    );
  return ANSWERS[method](call, args);
}
