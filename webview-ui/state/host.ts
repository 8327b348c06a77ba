import { asHostMessage } from '../../src/protocol/messages.ts';
import type { PageModel, PageRequest } from '../../src/protocol/messages.ts';

declare function acquireVsCodeApi(): { postMessage(message: PageRequest): void; getState(): unknown; setState(state: unknown): void };

export class HostError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'HostError';
    this.code = code;
  }
}

type Waiting = { resolve(model: PageModel | null): void; reject(error: HostError): void };

const api = acquireVsCodeApi();
const waiting = new Map<number, Waiting>();
const listeners = new Set<() => void>();
let lastId = 0;

window.addEventListener('message', (event: MessageEvent<unknown>) => {
  const message = asHostMessage(event.data);
  if (!message) return;
  if (message.type === 'changed') {
    for (const listener of [...listeners]) listener();
    return;
  }
  const entry = waiting.get(message.id);
  if (!entry) return;
  waiting.delete(message.id);
  if (message.ok) entry.resolve(message.model);
  else entry.reject(new HostError(message.code, message.message));
});

export function request(method: PageRequest['method']): Promise<PageModel | null> {
  const id = ++lastId;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    api.postMessage({ type: 'request', id, method });
  });
}

/** What the page kept when its tab was last here; anything, so check it. */
export function keptState(): unknown {
  return api.getState();
}

export function keepState(state: unknown): void {
  api.setState(state);
}

/** Calls `listener` when the host says the file changed; returns the unsubscribe function. */
export function onChanged(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
