import * as vscode from 'vscode';
import { ChannelwiseError } from '../../bytes/errors.ts';
import { basename } from '../../files/paths.ts';
import { plainError } from '../../jobs/threads/rpcErrors.ts';
import type { VerifyReply, WorkerMethods } from '../../page/workerMethods.ts';
import type { PageProof } from '../../protocol/adaptation.ts';
import { PAGE_ARGS, type PageMethod, type PageMethods } from '../../protocol/messages.ts';
import type { PackedModel } from '../../protocol/packed.ts';
import { RpcAnswers } from '../../rpc/answers.ts';
import { convertOne } from '../commands/convert.ts';
import { undoneText } from '../conversions.ts';
import type { Extension } from '../extensionParts.ts';
import { placeOf, uriOf } from '../modelFiles.ts';
import { tell } from '../window/messages.ts';
import { evaluate, evaluationSetup, grayByLayer, lastEvaluation, saveEvaluation } from './evaluation.ts';
import { changeGraphSetting, graphSettings } from './graphSettings.ts';
import { copyLink } from './links.ts';
import type { ModelDocument, ModelPage } from './modelDocument.ts';
import { operatorPage } from './operatorPage.ts';
import { saveTensor } from './saveTensor.ts';

/** One open page, as its answers see it. */
export interface PageContext {
  readonly extension: Extension;
  readonly document: ModelDocument;
  /** Called with every model that was read for the page, and with null where there is none to be read. */
  readonly opened: (model: PackedModel | null) => void;
  /** Called with the data files that a proof on the page belongs to. */
  readonly proved: (dataFiles: readonly string[]) => void;
}

interface Call extends PageContext {
  readonly signal: AbortSignal;
  readonly onProgress: (fraction: number) => void;
}

/** Asks the worker about the page's own file. */
function ask<N extends keyof WorkerMethods>(
  { extension, document, signal, onProgress }: Call,
  name: N,
  args: Omit<WorkerMethods[N]['args'], 'path'>,
): Promise<WorkerMethods[N]['result']> {
  const withPath = { ...args, path: placeOf(document.uri) } as WorkerMethods[N]['args'];
  return extension.jobs.run(name, withPath, { signal, onProgress });
}

/** One function per method. Errors they throw become the reply. */
const ANSWERS: {
  readonly [M in PageMethod]: (call: Call, args: PageMethods[M]['args']) => Promise<PageMethods[M]['result']>;
} = {
  model: async (call, args) => {
    try {
      const model = await ask(call, 'readModel', args ?? {});
      call.opened(model);
      return model;
    } catch (error) {
      if (!call.signal.aborted) call.opened(null);
      throw error;
    }
  },
  convertToGrayscale: async ({ extension, document }) => {
    await convertOne(extension, document.uri);
    return null;
  },
  command: async (call, { name }) => {
    const { extension, document } = call;
    if (name === 'openOriginal') await extension.models.open(uriOf(await originalOf(call)));
    else if (name === 'compareOriginal') {
      document.comparedWith = await originalOf(call);
      document.show({ view: 'compare' });
    }
    // A flow lasts as long as a person takes; the page does not wait for it.
    else void vscode.commands.executeCommand(`channelwise.${name}`, document.uri);
    return null;
  },
  prove: async (call) => {
    const proof = await call.extension.proofs.prove(await originalOf(call), placeOf(call.document.uri), call);
    return shown(call, proof);
  },
  lastProof: async (call) => {
    const last = await call.extension.proofs.last(placeOf(call.document.uri));
    return last && shown(call, last);
  },
  tensorStatistics: (call, args) => ask(call, 'tensorStatistics', args),
  tensorBlock: (call, args) => ask(call, 'tensorBlock', args),
  copyLink: async ({ document }, { node }) => {
    await copyLink(document.uri, node);
    return null;
  },
  settings: () => Promise.resolve(graphSettings()),
  setSetting: async (_, change) => {
    await changeGraphSetting(change);
    return null;
  },
  openOperatorPage: async (_, { domain, opType }) => {
    const page = operatorPage(domain, opType);
    if (page === null)
      throw new ChannelwiseError('refused', 'no-page', 'This operator has no page in the documentation.');
    await vscode.env.openExternal(vscode.Uri.parse(page));
    return null;
  },
  copyText: async (_, { text }) => {
    await vscode.env.clipboard.writeText(text);
    return null;
  },
  inputLayerFacts: (call, args) => ask(call, 'inputLayerFacts', args),
  layerFilters: (call, args) => ask(call, 'layerFilters', args),
  saveTensor: (call, args) => saveTensor(call.extension.jobs, call.document.uri, args, call),
  wanted: ({ document }) => Promise.resolve(document.takeWishes()),
  comparison: async (call) => {
    const other = call.document.comparedWith;
    return other === null ? null : ask(call, 'compare', { other });
  },
  evaluationSetup: (call) => evaluationSetup(call.extension.jobs, call.document, call),
  lastEvaluation: ({ document }) => lastEvaluation(document),
  evaluate: (call, choice) => evaluate(call.extension.jobs, call.document, choice, call),
  grayByLayer: (call, choice) => grayByLayer(call.extension.jobs, call.document, choice, call),
  measureTime: (call, args) => ask(call, 'measureTime', args),
  canUndo: ({ extension, document }) => extension.conversions.canUndo(placeOf(document.uri)),
  undoConversion: async ({ extension, document }) => {
    const said = undoneText([await extension.conversions.undo(placeOf(document.uri))]);
    void tell('info', said);
    return said;
  },
  saveEvaluation: ({ document }) => saveEvaluation(document),
};

/** The file beside this one that it says it was made from. */
async function originalOf(call: Call): Promise<string> {
  const made = await ask(call, 'madeFrom', {});
  if (made?.original.path) return made.original.path;
  throw new ChannelwiseError(
    'refused',
    'no-original',
    `The original of ${basename(call.document.uri.path)} is not beside it any more; use Verify to say where it is.`,
  );
}

/** Without the report's lines, which the page makes from the numbers; its files are watched from now on. */
function shown(call: Call, { report: _, dataFiles, ...proof }: VerifyReply): PageProof {
  call.proved(dataFiles.map(({ path }) => path));
  return proof;
}

/** Answers a page's requests, each once, and cancels those the page gives up. */
export function pageAnswers(context: PageContext, page: ModelPage): RpcAnswers {
  return new RpcAnswers({
    post: page.post,
    answer: (method, args, { signal, onProgress }) => answer({ ...context, signal, onProgress }, method, args),
    plainError,
  });
}

async function answer(call: Call, method: string, given: unknown): Promise<unknown> {
  if (!isPageMethod(method)) throw unknownRequest(method);
  return answerMethod(call, method, given);
}

function isPageMethod(method: string): method is PageMethod {
  return Object.hasOwn(PAGE_ARGS, method);
}

function answerMethod<M extends PageMethod>(call: Call, method: M, given: unknown): Promise<PageMethods[M]['result']> {
  const args = PAGE_ARGS[method](given);
  if (args === undefined) throw unknownRequest(method);
  return ANSWERS[method](call, args);
}

function unknownRequest(method: string): ChannelwiseError {
  return new ChannelwiseError(
    'refused',
    'bad-request',
    `The page asked for ${method} in a way that this version does not know; reopen the editor.`,
  );
}
