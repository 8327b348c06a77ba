/**
 * What the other end of a line can be asked: arguments and results are plain data. An interface of methods, each
 * `{ args, result }`. Workers, files of the editor and the page are all asked so.
 */
export type MethodsOf<M> = { readonly [N in keyof M]: { readonly args: unknown; readonly result: unknown } };

/** Passed to each call that is answered. */
export interface CallContext {
  readonly signal: AbortSignal;
  /** Called with 0 to 1. */
  readonly onProgress: (fraction: number) => void;
  /** Called by what writes a file, when all bytes lie under a temporary name and are still being flushed. */
  readonly onWritten?: (temporaryPath: string) => void;
}

/** What a caller may add to a call. */
export type CallOptions = { readonly [K in keyof CallContext]?: CallContext[K] | undefined };

/** One function per method. Errors they throw travel to the caller. */
export type Answers<M extends MethodsOf<M>> = {
  readonly [N in keyof M]: (args: M[N]['args'], context: CallContext) => Promise<M[N]['result']>;
};

/** From the one who asks. Every call has an id of its own. */
export type RpcRequest =
  | { readonly type: 'call'; readonly id: number; readonly method: string; readonly args: unknown }
  | { readonly type: 'cancel'; readonly id: number };

/** From the one who answers. Every call ends in exactly one `done` or `failed`, also when it is cancelled. */
export type RpcReply =
  | { readonly type: 'progress'; readonly id: number; readonly fraction: number }
  | { readonly type: 'written'; readonly id: number; readonly temporaryPath: string }
  | { readonly type: 'done'; readonly id: number; readonly result: unknown }
  | { readonly type: 'failed'; readonly id: number; readonly error: PlainError };

/** A ChannelwiseError as plain data. */
export interface PlainError {
  readonly kind: string;
  readonly code: string;
  readonly message: string;
  readonly place: object;
}

/** Checks an unknown value from the one who asks. */
export function asRequest(value: unknown): RpcRequest | null {
  const message = asMessage(value);
  if (!message) return null;
  const { id, type, method, args = null } = message;
  if (type === 'cancel') return { type, id };
  if (type !== 'call' || typeof method !== 'string') return null;
  return { type, id, method, args };
}

/** Checks an unknown value from the one who answers. */
export function asReply(value: unknown): RpcReply | null {
  const message = asMessage(value);
  if (!message) return null;
  const { id, type, fraction, temporaryPath, result, error } = message;
  if (type === 'done') return { type, id, result };
  if (type === 'progress') return typeof fraction === 'number' ? { type, id, fraction } : null;
  if (type === 'written') return typeof temporaryPath === 'string' ? { type, id, temporaryPath } : null;
  if (type !== 'failed') return null;
  const plain = asPlainError(error);
  return plain && { type, id, error: plain };
}

function asMessage(value: unknown): ({ readonly id: number } & Record<string, unknown>) | null {
  if (typeof value !== 'object' || value === null) return null;
  const { id } = value as { id?: unknown };
  return typeof id === 'number' && Number.isSafeInteger(id) ? { ...value, id } : null;
}

function asPlainError(value: unknown): PlainError | null {
  if (typeof value !== 'object' || value === null) return null;
  const { kind, code, message, place } = value as Record<string, unknown>;
  if (typeof kind !== 'string' || typeof code !== 'string' || typeof message !== 'string') return null;
  return typeof place === 'object' && place !== null ? { kind, code, message, place } : null;
}
