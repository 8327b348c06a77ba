import { asReply, type RpcReply } from '../rpc/messages.ts';
import { asPageAction, type PageAction } from './actions.ts';
import { fieldsOf } from './checked.ts';
import { asSettings, type PageSettings } from './settings.ts';

/** What the host tells a page unasked. */
export type HostNews =
  | { type: 'changed' }
  /** What is known of the file beside what it holds changed: its last proof, or whether it can be taken back. */
  | { type: 'findings' }
  /** A link asks for a node, by its name or by a tensor it makes. */
  | { type: 'show'; node: string }
  /** A command acts on a thing of the page, or on what is selected there. */
  | { type: 'act'; action: PageAction; target: string | null }
  /** A setting was changed. */
  | { type: 'settings'; settings: PageSettings }
  /** A command wants a view shown; the page asks `wanted` which. */
  | { type: 'wanted' };

/** Host -> page. The page asks by the calls of src/rpc. */
export type HostMessage = RpcReply | HostNews;

/** Checks an unknown value that arrived from the host. */
export function asHostMessage(value: unknown): HostMessage | null {
  const fields = fieldsOf(value);
  const { type, node } = fields;
  if (type === 'changed' || type === 'wanted' || type === 'findings') return { type };
  if (type === 'show') return typeof node === 'string' ? { type, node } : null;
  if (type === 'settings') return { type, settings: asSettings(fields.settings) };
  if (type === 'act') return asAct(fields);
  return asReply(value);
}

function asAct({ action, target }: Readonly<Record<string, unknown>>): HostMessage | null {
  const known = asPageAction(action);
  if (!known || (target !== null && typeof target !== 'string')) return null;
  return { type: 'act', action: known, target };
}
