import type { PageMethod, PageMethods } from '../../src/protocol/messages.ts';
import { RpcCalls } from '../../src/rpc/calls.ts';
import { asReply } from '../../src/rpc/messages.ts';
import type { ModelDocument } from '../../src/vscode/editor/modelDocument.ts';
import { pageAnswers } from '../../src/vscode/editor/pageAnswers.ts';
import type { Extension } from '../../src/vscode/extensionParts.ts';

/** Asks the host as a page of the document does, and gives what would arrive there as messages. */
export function asPage(
  extension: Extension,
  document: ModelDocument,
): <M extends PageMethod>(method: M, args: PageMethods[M]['args']) => Promise<PageMethods[M]['result']> {
  const calls = new RpcCalls<PageMethods>({
    send: (request) => void answers.take(structuredClone(request)),
    errorFrom: ({ message }) => new Error(message),
  });
  const answers = pageAnswers(
    { extension, document, opened: () => undefined, proved: () => undefined },
    {
      post: (message) => {
        const reply = asReply(structuredClone(message));
        if (reply) calls.receive(reply);
      },
    },
  );
  return (method, args) => calls.run(method, args);
}
