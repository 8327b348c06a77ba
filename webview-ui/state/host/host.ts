import type { PageAction } from '../../../src/protocol/actions.ts';
import { asHostMessage } from '../../../src/protocol/envelope.ts';
import type { PageCommand, PageMethod, PageMethods } from '../../../src/protocol/messages.ts';
import type { PageSettings } from '../../../src/protocol/settings.ts';
import { RpcCalls } from '../../../src/rpc/calls.ts';
import type { CallOptions, RpcRequest } from '../../../src/rpc/messages.ts';

declare function acquireVsCodeApi(): {
  postMessage(message: RpcRequest): void;
  getState(): unknown;
  setState(state: unknown): void;
};

/** What the host answered in place of a result: one sentence, and a stable code. */
export class HostError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'HostError';
    this.code = code;
  }
}

/** Whether the reader stopped it: nothing is to be said then. */
export function isCancel(error: unknown): boolean {
  return error instanceof HostError && error.code === 'cancelled';
}

const api = acquireVsCodeApi();
const calls = new RpcCalls<PageMethods>({
  send: (request) => api.postMessage(request),
  errorFrom: ({ code, message }) => new HostError(code, message),
});
const listeners = { changed: new Set<() => void>(), findings: new Set<() => void>(), wanted: new Set<() => void>() };
const shows = new Set<(node: string) => void>();
const settingsListeners = new Set<(settings: PageSettings) => void>();
const acts = new Set<(action: PageAction, target: string | null) => void>();

window.addEventListener('message', (event: MessageEvent<unknown>) => {
  const message = asHostMessage(event.data);
  if (!message) return;
  if (message.type === 'changed' || message.type === 'findings' || message.type === 'wanted') {
    for (const listener of [...listeners[message.type]]) listener();
    return;
  }
  if (message.type === 'show') {
    for (const listener of [...shows]) listener(message.node);
    return;
  }
  if (message.type === 'settings') {
    for (const listener of [...settingsListeners]) listener(message.settings);
    return;
  }
  if (message.type === 'act') {
    for (const listener of [...acts]) listener(message.action, message.target);
    return;
  }
  calls.receive(message);
});

/** Asks the host. Rejects with a HostError; a cancelled request's code is `cancelled`. */
export function request<M extends PageMethod>(
  method: M,
  args: PageMethods[M]['args'],
  options: CallOptions = {},
): Promise<PageMethods[M]['result']> {
  return calls.run(method, args, options);
}

/** Runs a command of VS Code, which itself says what went wrong. */
export function runCommand(name: PageCommand): void {
  request('command', { name }).catch(() => undefined);
}

/** What the page kept when its tab was last here; anything, so check it. */
export function keptState(): unknown {
  return api.getState();
}

/** Keeps a value, plain data, for when the tab comes back; it replaces what was kept before. */
export function keepState(state: unknown): void {
  api.setState(state);
}

/**
 * Calls `listener` when the host says that the file changed, that more is known of it, or that a command wants a view;
 * returns the unsubscribe function.
 */
export function onHost(news: keyof typeof listeners, listener: () => void): () => void {
  listeners[news].add(listener);
  return () => listeners[news].delete(listener);
}

/** Calls `listener` when a link asks for a node; returns the unsubscribe function. */
export function onShow(listener: (node: string) => void): () => void {
  shows.add(listener);
  return () => shows.delete(listener);
}

/** Calls `listener` when a command acts on a thing of the page; returns the unsubscribe function. */
export function onAct(listener: (action: PageAction, target: string | null) => void): () => void {
  acts.add(listener);
  return () => acts.delete(listener);
}

/** Calls `listener` when a setting was changed in VS Code; returns the unsubscribe function. */
export function onSettingsMessage(listener: (settings: PageSettings) => void): () => void {
  settingsListeners.add(listener);
  return () => settingsListeners.delete(listener);
}
