import { asPageAction, type PageAction } from './actions.ts';
import { asSettings, type PageSettings } from './settings.ts';
import { PAGE_ARGS, type PageMethod } from './messages.ts';

/** Page -> host. Every request is answered by one `reply` with its id, also when it is cancelled. */
export type PageMessage =
  { type: 'request'; id: number; method: PageMethod; args: unknown } | { type: 'cancel'; id: number };

/** Host -> page. `progress` is 0 to 1 and comes for long requests only. */
export type HostMessage =
  | { type: 'reply'; id: number; ok: true; result: unknown }
  | { type: 'reply'; id: number; ok: false; code: string; message: string }
  | { type: 'progress'; id: number; fraction: number }
  | { type: 'changed' }
  /** A link asks for a node, by its name or by a tensor it makes. */
  | { type: 'show'; node: string }
  /** A command acts on a thing of the page, or on what is selected there. */
  | { type: 'act'; action: PageAction; target: string | null }
  /** A setting was changed. */
  | { type: 'settings'; settings: PageSettings }
  /** A command wants a view shown; the page asks `wanted` which. */
  | { type: 'wanted' };

/** Checks an unknown value that arrived from the page. */
export function asPageMessage(value: unknown): PageMessage | null {
  if (typeof value !== 'object' || value === null) return null;
  const m = value as Record<string, unknown>;
  if (!Number.isSafeInteger(m.id)) return null;
  const id = m.id as number;
  if (m.type === 'cancel') return { type: 'cancel', id };
  if (m.type !== 'request' || typeof m.method !== 'string' || !Object.hasOwn(PAGE_ARGS, m.method)) return null;
  return { type: 'request', id, method: m.method as PageMethod, args: m.args ?? null };
}

/** Checks an unknown value that arrived from the host. */
export function asHostMessage(value: unknown): HostMessage | null {
  if (typeof value !== 'object' || value === null) return null;
  const m = value as Record<string, unknown>;
  if (m.type === 'changed' || m.type === 'wanted') return { type: m.type };
  if (m.type === 'show') return typeof m.node === 'string' ? { type: 'show', node: m.node } : null;
  if (m.type === 'settings') return { type: 'settings', settings: asSettings(m.settings) };
  if (m.type === 'act') return asAct(m);
  if (!Number.isSafeInteger(m.id)) return null;
  const id = m.id as number;
  if (m.type === 'progress')
    return typeof m.fraction === 'number' ? { type: 'progress', id, fraction: m.fraction } : null;
  if (m.type !== 'reply') return null;
  if (m.ok === true) return { type: 'reply', id, ok: true, result: m.result };
  if (m.ok === false && typeof m.code === 'string' && typeof m.message === 'string')
    return { type: 'reply', id, ok: false, code: m.code, message: m.message };
  return null;
}

function asAct({ action, target }: Record<string, unknown>): HostMessage | null {
  const known = asPageAction(action);
  if (!known || (target !== null && typeof target !== 'string')) return null;
  return { type: 'act', action: known, target };
}
